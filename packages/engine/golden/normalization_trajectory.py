#!/usr/bin/env python3
"""Ten training steps of networks with batch and layer normalization in PyTorch, running statistics and evaluation included.

usage: python3 packages/engine/golden/normalization_trajectory.py

Writes normalization-trajectory.safetensors beside this file, for each CASE of the list below:
  <case>.samples F32 [10, N, …]   <case>.labels I32 [10, N]
  <case>.initial.<name>, <case>.final.<name>   F32: the state_dict before and after, running statistics with it
  <case>.losses F64 [10]: the loss before each step   <case>.evaluation F64 [1]: the loss of the first batch in eval() afterwards
The last batch of the case "images" has half as many real rows: rows 8 … 15 are NaN in the file. PyTorch sees the real ones twice, which
gives the same statistics, loss and gradients as the half batch alone (the script checks the loss).
SGD with momentum 0.9. Needs PyTorch (any version from 1.13); the tests only need the file.
"""
import copy, pathlib
import numpy as np
import torch
import torch.nn as nn
import torch.nn.functional as F
from lenet5_trajectory import write_safetensors

HERE = pathlib.Path(__file__).parent
STEPS, BATCH, CLASSES = 10, 16, 4


def named(**modules):
    return nn.ModuleDict(modules)


def images(m, x):
    x = F.max_pool2d(F.relu(m['bn1'](m['conv1'](x))), 2)
    x = F.relu(m['bn2'](m['conv2'](x))).flatten(1)
    return m['fc2'](F.relu(m['bn3'](m['fc1'](x))))


def features(m, x):
    return m['fc2'](torch.tanh(m['bn1'](m['fc1'](x))))


def rows(m, x):
    x = F.relu(m['ln1'](m['conv1'](x))).flatten(1)
    return m['fc2'](F.relu(m['ln2'](m['fc1'](x))))


def frozen(m, x):
    m['bn1'].eval()
    return m['fc2'](F.relu(m['bn1'](m['fc1'](x))))


CASES = {
    'images': (images, (2, 8, 8), 0.05, lambda: named(
        conv1=nn.Conv2d(2, 6, 3, padding=1, bias=False), bn1=nn.BatchNorm2d(6), conv2=nn.Conv2d(6, 5, 3), bn2=nn.BatchNorm2d(5, eps=1e-3, momentum=0.3),
        fc1=nn.Linear(20, 12), bn3=nn.BatchNorm1d(12), fc2=nn.Linear(12, CLASSES))),
    'features': (features, (7,), 0.1, lambda: named(fc1=nn.Linear(7, 9), bn1=nn.BatchNorm1d(9), fc2=nn.Linear(9, CLASSES))),
    'rows': (rows, (2, 6, 6), 0.05, lambda: named(
        conv1=nn.Conv2d(2, 5, 3), ln1=nn.LayerNorm((5, 4, 4)), fc1=nn.Linear(80, 12), ln2=nn.LayerNorm(12, eps=1e-3), fc2=nn.Linear(12, CLASSES))),
    'frozen': (frozen, (7,), 0.1, lambda: named(fc1=nn.Linear(7, 9), bn1=nn.BatchNorm1d(9), fc2=nn.Linear(9, CLASSES))),
}


def state(model):
    return {k: v.detach().numpy().copy() for k, v in model.state_dict().items() if not k.endswith('num_batches_tracked')}


def main():
    torch.manual_seed(2015)
    torch.set_num_threads(1)
    out = {}
    for name, (forward, shape, rate, make) in CASES.items():
        model = make()
        for module in model.values():  # scales and statistics that are not the default ones
            if isinstance(module, (nn.BatchNorm1d, nn.BatchNorm2d, nn.LayerNorm)):
                nn.init.uniform_(module.weight, 0.5, 1.5)
                nn.init.uniform_(module.bias, -0.5, 0.5)
            if isinstance(module, (nn.BatchNorm1d, nn.BatchNorm2d)):
                module.running_mean.uniform_(-0.5, 0.5)
                module.running_var.uniform_(0.5, 1.5)
        samples = torch.randn(STEPS, BATCH, *shape) * 2 + 0.5
        labels = torch.randint(0, CLASSES, (STEPS, BATCH))
        counts = [BATCH] * STEPS
        if name == 'images':
            counts[-1] = BATCH // 2
            samples[-1, BATCH // 2:] = float('nan')
        out |= {f'{name}.initial.{k}': v for k, v in state(model).items()}
        optimizer, losses = torch.optim.SGD(model.parameters(), rate, momentum=0.9), []
        model.train()
        for x, y, count in zip(samples, labels, counts):
            optimizer.zero_grad()
            if count < BATCH:
                alone = F.cross_entropy(forward(copy.deepcopy(model), x[:count]), y[:count]).item()
            loss = F.cross_entropy(forward(model, x[:count].repeat(BATCH // count, *[1] * len(shape)))[:count], y[:count])
            assert count == BATCH or abs(loss.item() - alone) < 1e-6
            losses.append(loss.item())
            loss.backward()
            optimizer.step()
        model.eval()
        with torch.no_grad():
            evaluation = F.cross_entropy(forward(model, samples[0]), labels[0]).item()
        out |= {f'{name}.final.{k}': v for k, v in state(model).items()}
        out |= {f'{name}.samples': samples.numpy(), f'{name}.labels': labels.numpy().astype(np.int32),
                f'{name}.losses': np.array(losses), f'{name}.evaluation': np.array([evaluation])}
        print(name, losses, evaluation)
    write_safetensors(HERE / 'normalization-trajectory.safetensors', out)


if __name__ == '__main__':
    main()
