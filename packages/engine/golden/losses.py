#!/usr/bin/env python3
"""Values and gradients of every loss in PyTorch (float64): what the reference kernels are compared with.

usage: python3 packages/engine/golden/losses.py

Writes losses.golden.json beside this file: a list of {name, loss (the configuration), output, targets, value, gradient}, the gradient by
the output. Class targets are whole numbers [N], all others have the output's shape. Needs PyTorch (any version from 1.13); the tests
only need the file.
"""
import json, pathlib
import torch
import torch.nn.functional as F

HERE = pathlib.Path(__file__).parent
N, C = 6, 4


def half_sum(o, y):
    return 0.5 * ((o - y) ** 2).sum() / o.shape[0]


def hinge_binary(margin):
    return lambda o, y: torch.clamp(margin - torch.where(y > 0, 1.0, -1.0) * o, min=0).mean()


def main():
    torch.manual_seed(7)
    torch.set_default_dtype(torch.float64)
    logits = 2 * torch.randn(N, C)
    labels = torch.tensor([0, 3, 1, 1, 2, 0])
    values = torch.randn(N, C)
    bits = (torch.rand(N, C) > 0.5).double()
    soft = torch.rand(N, C)
    shares = torch.softmax(torch.randn(N, C), 1)
    shares[2] = torch.tensor([0.5, 0.5, 0.0, 0.0])
    one, bit = torch.randn(N, 1), torch.tensor([[0.0], [1.0], [1.0], [0.0], [1.0], [0.0]])
    weights = torch.tensor([0.5, 2.0, 1.0, 0.25])
    ce = 'softmax_cross_entropy'
    cases = [
        ('cross-entropy', {'type': ce}, logits, labels, lambda o, y: F.cross_entropy(o, y)),
        ('label smoothing', {'type': ce, 'label_smoothing': 0.1}, logits, labels, lambda o, y: F.cross_entropy(o, y, label_smoothing=0.1)),
        ('class weights', {'type': ce, 'class_weights': weights.tolist()}, logits, labels, lambda o, y: F.cross_entropy(o, y, weight=weights)),
        ('smoothing and weights', {'type': ce, 'label_smoothing': 0.3, 'class_weights': weights.tolist()}, logits, labels,
         lambda o, y: F.cross_entropy(o, y, weight=weights, label_smoothing=0.3)),
        ('large logits', {'type': ce}, 500 * logits, labels, lambda o, y: F.cross_entropy(o, y)),
        ('several labels', {'type': 'binary_cross_entropy'}, logits, bits, lambda o, y: F.binary_cross_entropy_with_logits(o, y)),
        ('soft labels', {'type': 'binary_cross_entropy'}, logits, soft, lambda o, y: F.binary_cross_entropy_with_logits(o, y)),
        ('positive weight', {'type': 'binary_cross_entropy', 'positive_weight': 3}, logits, bits,
         lambda o, y: F.binary_cross_entropy_with_logits(o, y, pos_weight=torch.tensor(3.0))),
        ('two classes, one output', {'type': 'binary_cross_entropy'}, 300 * one, bit, lambda o, y: F.binary_cross_entropy_with_logits(o, y)),
        ('mean squared', {'type': 'squared_error'}, logits, values, lambda o, y: F.mse_loss(o, y)),
        ('half sum', {'type': 'squared_error', 'reduction': 'half_sum'}, logits, values, half_sum),
        ('absolute', {'type': 'absolute_error'}, logits, values, lambda o, y: F.l1_loss(o, y)),
        ('huber', {'type': 'huber'}, logits, values, lambda o, y: F.huber_loss(o, y)),
        ('huber, delta', {'type': 'huber', 'delta': 0.3}, logits, values, lambda o, y: F.huber_loss(o, y, delta=0.3)),
        ('multi-class hinge', {'type': 'hinge'}, logits, labels, lambda o, y: F.multi_margin_loss(o, y)),
        ('multi-class hinge, margin', {'type': 'hinge', 'margin': 2.5}, logits, labels, lambda o, y: F.multi_margin_loss(o, y, margin=2.5)),
        ('binary hinge', {'type': 'hinge', 'margin': 0.75}, one, bit, hinge_binary(0.75)),
        ('divergence', {'type': 'kl_divergence'}, logits, shares, lambda o, y: F.kl_div(F.log_softmax(o, 1), y, reduction='batchmean')),
    ]
    golden = []
    for name, loss, output, targets, of in cases:
        o = output.clone().requires_grad_()
        value = of(o, targets)
        value.backward()
        golden.append({'name': name, 'loss': loss, 'output': output.tolist(), 'targets': targets.tolist(), 'value': value.item(), 'gradient': o.grad.tolist()})
    text = ',\n'.join(json.dumps(case) for case in golden)
    (HERE / 'losses.golden.json').write_text(f'[\n{text}\n]\n')


if __name__ == '__main__':
    main()
