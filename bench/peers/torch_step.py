"""The same training step in PyTorch, for bench/engine: prints one line of JSON.

usage: python torch_step.py MODEL SECONDS THREADS

Forward, loss, backward and SGD with momentum 0.9 on data that is in memory already. Image models are timed in both
memory formats, and the faster one counts. `torch_mb` is the peak of the process's resident memory.
"""

import json
import resource
import statistics
import sys
import time

import torch
from torch import nn


def perceptron(sizes, activation):
    layers = []
    for inputs, outputs in zip(sizes, sizes[1:]):
        layers.extend([nn.Linear(inputs, outputs), activation()])
    return nn.Sequential(*layers[:-1])


def stage(inputs, outputs, kernel, padding):
    return [nn.Conv2d(inputs, outputs, kernel, padding=padding), nn.ReLU(), nn.MaxPool2d(2)]


def head(*sizes):
    return [nn.Flatten(), *perceptron(sizes, nn.ReLU)]


class Residual(nn.Module):
    """relu(body(x) + shortcut(x)), the shortcut being x itself or a 1x1 projection (He et al. 2016, option B)."""

    def __init__(self, inputs, outputs):
        super().__init__()
        stride = 1 if inputs == outputs else 2
        first, second = normalized(inputs, outputs, 3, stride), normalized(outputs, outputs, 3, 1)
        self.body = nn.Sequential(*first, nn.ReLU(), *second)
        self.shortcut = nn.Sequential() if stride == 1 else nn.Sequential(*normalized(inputs, outputs, 1, stride))

    def forward(self, x):
        return torch.relu(self.body(x) + self.shortcut(x))


def normalized(inputs, outputs, kernel, stride, bias=False):
    return [nn.Conv2d(inputs, outputs, kernel, stride, kernel // 2, bias=bias), nn.BatchNorm2d(outputs)]


def resnet20():
    widths = [16] * 4 + [32] * 3 + [64] * 3
    blocks = [Residual(inputs, outputs) for inputs, outputs in zip(widths, widths[1:])]
    return nn.Sequential(*normalized(3, 16, 3, 1), nn.ReLU(), *blocks, nn.AdaptiveAvgPool2d(1), *head(64, 10))


def vgg11_bn():
    stages, inputs, layers = [[64], [128], [256, 256], [512, 512], [512, 512]], 3, []
    for widths in stages:
        for outputs in widths:
            layers.extend([*normalized(inputs, outputs, 3, 1, bias=True), nn.ReLU()])
            inputs = outputs
        layers.append(nn.MaxPool2d(2))
    return nn.Sequential(*layers, *head(512, 10))


def conv_autoencoder():
    encoder = [nn.Conv2d(1, 16, 3, 2, 1), nn.ReLU(), nn.Conv2d(16, 32, 3, 2, 1), nn.ReLU(), nn.Flatten(), nn.Linear(1568, 32)]
    decoder = [nn.Linear(32, 1568), nn.ReLU(), nn.Unflatten(1, (32, 7, 7)), nn.ConvTranspose2d(32, 16, 4, 2, 1), nn.ReLU()]
    return nn.Sequential(*encoder, *decoder, nn.ConvTranspose2d(16, 1, 4, 2, 1), nn.Sigmoid())


# name: (network, shape of one sample, classes or None for targets like the samples, batch)
CASES = {
    "xor_mlp": (lambda: perceptron([2, 8, 2], nn.Tanh), [2], 2, 4),
    "iris_mlp": (lambda: perceptron([4, 16, 3], nn.ReLU), [4], 3, 32),
    "mnist_mlp": (lambda: perceptron([784, 512, 256, 10], nn.ReLU), [784], 10, 128),
    "lenet5": (
        lambda: nn.Sequential(*stage(1, 6, 5, 2), *stage(6, 16, 5, 0), *head(400, 120, 84, 10)),
        [1, 28, 28],
        10,
        128,
    ),
    "mnist_cnn": (
        lambda: nn.Sequential(*stage(1, 32, 3, 1), *stage(32, 64, 3, 1), *head(3136, 128, 10)),
        [1, 28, 28],
        10,
        128,
    ),
    "resnet20": (resnet20, [3, 32, 32], 10, 128),
    "vgg11_bn": (vgg11_bn, [3, 32, 32], 10, 64),
    "conv_autoencoder": (conv_autoencoder, [1, 28, 28], None, 128),
}


def time_steps(network, samples, targets, seconds):
    optimizer = torch.optim.SGD(network.parameters(), lr=0.01, momentum=0.9)
    loss_of = nn.MSELoss() if targets.is_floating_point() else nn.CrossEntropyLoss()

    def step():
        optimizer.zero_grad(set_to_none=True)
        loss_of(network(samples), targets).backward()
        optimizer.step()

    for _ in range(5):
        step()
    milliseconds = []
    end = time.perf_counter() + seconds
    while time.perf_counter() < end:
        start = time.perf_counter()
        step()
        milliseconds.append(1000 * (time.perf_counter() - start))
    return statistics.median(milliseconds)


def main(name, seconds, threads):
    torch.set_num_threads(threads)
    torch.manual_seed(1)
    create, shape, classes, batch = CASES[name]
    targets = torch.rand(batch, *shape) if classes is None else torch.randint(0, classes, (batch,))
    formats = [torch.contiguous_format] + ([torch.channels_last] if len(shape) == 3 else [])
    medians = []
    for memory_format in formats:
        samples = torch.randn(batch, *shape).contiguous(memory_format=memory_format)
        medians.append(time_steps(create().to(memory_format=memory_format), samples, targets, seconds / len(formats)))
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(json.dumps({"torch_ms": min(medians), "torch_mb": peak, "version": torch.__version__}))


main(sys.argv[1], float(sys.argv[2]), int(sys.argv[3]))
