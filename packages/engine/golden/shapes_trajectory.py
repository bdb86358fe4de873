#!/usr/bin/env python3
"""Ten training steps of small networks in PyTorch, one for each family of layers that changes the shape of images.

usage: python3 packages/engine/golden/shapes_trajectory.py

Writes shapes-trajectory.safetensors beside this file, for each CASE of the list below:
  <case>.samples F32 [10, N, …]   <case>.labels I32 [10, N]
  <case>.initial.<name>, <case>.final.<name>   F32: the state_dict before and after
  <case>.losses F64 [10]: the loss before each step
SGD with momentum 0.9. Needs PyTorch (any version from 1.13); the tests only need the file.
"""
import pathlib
import numpy as np
import torch
import torch.nn as nn
import torch.nn.functional as F
from lenet5_trajectory import write_safetensors

HERE = pathlib.Path(__file__).parent
STEPS, BATCH, CLASSES = 10, 16, 4


def transposed(m, x):
    x = F.relu(m['conv1'](x))
    x = F.relu(m['deconv1'](x))
    x = F.relu(m['deconv2'](x))
    return m['fc1'](m['deconv3'](x).flatten(1))


def average(m, x):
    x = F.avg_pool2d(F.relu(m['conv1'](x)), 2)
    x = F.avg_pool2d(F.relu(m['conv2'](x)), 3, 2, 1, count_include_pad=False)
    x = F.avg_pool2d(x, 2, 1, 1)
    return m['fc1'](F.adaptive_avg_pool2d(x, 1).flatten(1))


def upsample(m, x):
    x = F.interpolate(F.relu(m['conv1'](x)), scale_factor=2, mode='nearest')
    x = F.interpolate(F.relu(m['conv2'](x)), scale_factor=(3, 2), mode='bilinear', align_corners=False)
    return m['fc1'](F.relu(m['conv3'](x)).flatten(1))


def depthwise(m, x):
    x = F.relu(m['conv2'](F.relu(m['conv1'](x))))
    x = F.relu(m['conv4'](F.relu(m['conv3'](x))))
    return m['fc1'](F.adaptive_max_pool2d(x, 1).flatten(1))


class Block(nn.Module):
    def __init__(self, i, o, stride):
        super().__init__()
        self.conv1, self.conv2 = nn.Conv2d(i, o, 3, stride, 1, bias=False), nn.Conv2d(o, o, 3, 1, 1, bias=False)
        self.downsample = nn.Sequential(nn.Conv2d(i, o, 1, stride, bias=False)) if stride > 1 else None

    def forward(self, x):
        y = self.conv2(F.relu(self.conv1(x)))
        return F.relu(y + (x if self.downsample is None else self.downsample(x)))


def residual(m, x):
    x = m['layer1'](F.relu(m['conv1'](x)))
    # Option A of He et al.: every second pixel, and zeros for the new channels.
    y = m['conv3'](F.relu(m['conv2'](x)))
    x = F.relu(y + F.pad(x[:, :, ::2, ::2], (0, 0, 0, 0, 2, 2)))
    return m['fc1'](F.adaptive_avg_pool2d(x, 1).flatten(1))


def concatenate(m, x):
    x = F.relu(m['stem'](x))
    x = torch.cat([F.relu(m['one'](x)), F.relu(m['three'](x)), F.max_pool2d(x, 3, 1, 1)], 1)
    return m['head'](torch.cat([F.adaptive_avg_pool2d(x, 1), F.adaptive_max_pool2d(x, 1)], 1).flatten(1))


CASES = {
    'transposed': (transposed, (2, 6, 6), dict(
        conv1=nn.Conv2d(2, 5, 3, 2, 1), deconv1=nn.ConvTranspose2d(5, 8, 4, 2, 1), deconv2=nn.ConvTranspose2d(8, 6, 3, 2, 1, (1, 0), groups=2, bias=False),
        deconv3=nn.ConvTranspose2d(6, 3, (3, 2), 1, 0, dilation=2), fc1=nn.Linear(3 * 16 * 13, CLASSES))),
    'average': (average, (2, 12, 10), dict(
        conv1=nn.Conv2d(2, 6, 3, padding=1), conv2=nn.Conv2d(6, 5, 3, padding=1), fc1=nn.Linear(5, CLASSES))),
    'upsample': (upsample, (2, 4, 3), dict(
        conv1=nn.Conv2d(2, 5, 3, padding=1), conv2=nn.Conv2d(5, 6, 3, padding=1), conv3=nn.Conv2d(6, 2, 3), fc1=nn.Linear(2 * 22 * 10, CLASSES))),
    'depthwise': (depthwise, (3, 9, 9), dict(
        conv1=nn.Conv2d(3, 6, 3, padding=1, groups=3), conv2=nn.Conv2d(6, 8, 1), conv3=nn.Conv2d(8, 8, 3, padding=2, dilation=2, groups=8, bias=False),
        conv4=nn.Conv2d(8, 10, 3, (2, 1), (1, 0), (1, 2), groups=2), fc1=nn.Linear(10, CLASSES))),
    'residual': (residual, (3, 8, 8), dict(
        conv1=nn.Conv2d(3, 4, 3, 1, 1, bias=False), layer1=nn.Sequential(Block(4, 8, 2), Block(8, 8, 1)), conv2=nn.Conv2d(8, 12, 3, 2, 1, bias=False),
        conv3=nn.Conv2d(12, 12, 3, 1, 1, bias=False), fc1=nn.Linear(12, CLASSES))),
    'concatenate': (concatenate, (3, 8, 8), dict(
        stem=nn.Conv2d(3, 8, 3, padding=1), one=nn.Conv2d(8, 4, 1), three=nn.Conv2d(8, 5, 3, padding=1), head=nn.Linear(34, CLASSES))),
}
RATE = 0.05


def state(model):
    return {k: v.detach().numpy().copy() for k, v in model.state_dict().items()}


def main():
    torch.manual_seed(2016)
    torch.set_num_threads(1)
    out = {}
    for name, (forward, shape, modules) in CASES.items():
        model = nn.ModuleDict(modules)
        for module in model.modules():  # the seed above, not that of the imports
            if hasattr(module, 'reset_parameters'):
                module.reset_parameters()
        samples = torch.randn(STEPS, BATCH, *shape)
        labels = torch.randint(0, CLASSES, (STEPS, BATCH))
        out |= {f'{name}.initial.{k}': v for k, v in state(model).items()}
        optimizer, losses = torch.optim.SGD(model.parameters(), RATE, momentum=0.9), []
        for x, y in zip(samples, labels):
            optimizer.zero_grad()
            loss = F.cross_entropy(forward(model, x), y)
            losses.append(loss.item())
            loss.backward()
            optimizer.step()
        out |= {f'{name}.final.{k}': v for k, v in state(model).items()}
        out |= {f'{name}.samples': samples.numpy(), f'{name}.labels': labels.numpy().astype(np.int32), f'{name}.losses': np.array(losses)}
        print(name, losses)
    write_safetensors(HERE / 'shapes-trajectory.safetensors', out)


if __name__ == '__main__':
    main()
