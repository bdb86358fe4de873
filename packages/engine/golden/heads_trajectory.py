#!/usr/bin/env python3
"""Ten training steps of networks with two heads in PyTorch: a class, and the input again, with the losses weighted 1 and 0.5.

usage: python3 packages/engine/golden/heads_trajectory.py

Writes heads-trajectory.safetensors beside this file, for each CASE of the list below:
  <case>.samples F32 [10, N, …]   <case>.labels I32 [10, N]
  <case>.initial.<name>, <case>.final.<name>   F32: the state_dict before and after
  <case>.losses F64 [10]: cross-entropy + 0.5 · squared error before each step
  <case>.losses.class, <case>.losses.decoded F64 [10]: both by themselves
SGD with momentum 0.9. Needs PyTorch (any version from 1.13); the tests only need the file.
"""
import pathlib
import numpy as np
import torch
import torch.nn as nn
import torch.nn.functional as F
from lenet5_trajectory import write_safetensors

HERE = pathlib.Path(__file__).parent
STEPS, BATCH, CLASSES, RATE, WEIGHT = 10, 16, 4, 0.05, 0.5


def images(m, x):
    code = torch.tanh(m['code'](F.relu(m['conv'](x)).flatten(1)))
    return m['class'](code), m['decoded'](code)


def nested(m, x):  # the second head reads the first one's logits
    logits = m['class'](torch.tanh(m['code'](x)))
    return logits, m['decoded'](F.relu(logits))


CASES = {
    'images': (images, (2, 6, 6), dict(
        conv=nn.Conv2d(2, 5, 3), code=nn.Linear(80, 12), decoded=nn.Linear(12, 72), **{'class': nn.Linear(12, CLASSES)})),
    'nested': (nested, (7,), dict(code=nn.Linear(7, 9), decoded=nn.Linear(CLASSES, 7), **{'class': nn.Linear(9, CLASSES)})),
}


def state(model):
    return {k: v.detach().numpy().copy() for k, v in model.state_dict().items()}


def main():
    torch.manual_seed(2017)
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
            logits, decoded = forward(model, x)
            parts = F.cross_entropy(logits, y), F.mse_loss(decoded, x.flatten(1))
            loss = parts[0] + WEIGHT * parts[1]
            losses.append([loss.item(), *(part.item() for part in parts)])
            loss.backward()
            optimizer.step()
        total, first, second = np.array(losses).T
        out |= {f'{name}.final.{k}': v for k, v in state(model).items()}
        out |= {f'{name}.samples': samples.numpy(), f'{name}.labels': labels.numpy().astype(np.int32), f'{name}.losses': total.copy(),
                f'{name}.losses.class': first.copy(), f'{name}.losses.decoded': second.copy()}
        print(name, losses)
    write_safetensors(HERE / 'heads-trajectory.safetensors', out)


if __name__ == '__main__':
    main()
