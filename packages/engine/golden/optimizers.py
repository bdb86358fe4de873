#!/usr/bin/env python3
"""Ten steps of every optimizer in PyTorch (float64), with decay, groups, clipping and bounds: what our updates are compared with.

usage: python3 packages/engine/golden/optimizers.py

Writes optimizers.golden.json beside this file: {initial, samples, targets, cases}, each case {name, training (the configuration), losses
(before each step), final}. The model is a 3-4-2 network with tanh; parameters are rows of numbers under our names. The loss is the mean
squared error. Needs PyTorch (any version from 1.13); the tests only need the file.
"""
import json, pathlib
import torch
import torch.nn as nn

HERE = pathlib.Path(__file__).parent
STEPS, ROWS = 10, 5
NAMES = {'0.weight': 'fc1.weight', '0.bias': 'fc1.bias', '2.weight': 'fc2.weight', '2.bias': 'fc2.bias'}


def network():
    return nn.Sequential(nn.Linear(3, 4), nn.Tanh(), nn.Linear(4, 2))


def decay_weights_only(model, decay):
    named = dict(model.named_parameters())
    weights = [p for n, p in named.items() if n.endswith('weight')]
    biases = [p for n, p in named.items() if n.endswith('bias')]
    return [{'params': weights, 'weight_decay': decay}, {'params': biases, 'weight_decay': 0}]


def two_rates(model):
    return [{'params': model[0].parameters(), 'lr': 0.02, 'weight_decay': 0.3}, {'params': model[2].parameters()}]


def clip(norm=None, value=None):
    def run(model):
        if norm is not None: torch.nn.utils.clip_grad_norm_(model.parameters(), norm)
        if value is not None: torch.nn.utils.clip_grad_value_(model.parameters(), value)
    return run


def max_norm(bound):
    def run(model):
        with torch.no_grad():
            for p in model.parameters():
                if p.dim() > 1:
                    p.mul_(torch.clamp(bound / p.norm(dim=1, keepdim=True), max=1))
    return run


def penalty(l1, l2):
    return lambda model: sum(l1 * p.abs().sum() + 0.5 * l2 * (p ** 2).sum() for n, p in model.named_parameters() if n.endswith('weight'))


O = torch.optim
P = lambda model: model.parameters()
#  name, our optimizer and further fields of the configuration, parameters, PyTorch's optimizer, extra steps
CASES = [
    ('sgd', {'type': 'sgd', 'learning_rate': 0.1}, {}, P, lambda p: O.SGD(p, 0.1), {}),
    ('sgd, weight decay', {'type': 'sgd', 'learning_rate': 0.1, 'weight_decay': 0.2}, {}, P, lambda p: O.SGD(p, 0.1, weight_decay=0.2), {}),
    ('momentum', {'type': 'sgd', 'learning_rate': 0.1, 'momentum': 0.9}, {}, P, lambda p: O.SGD(p, 0.1, momentum=0.9), {}),
    ('nesterov, weight decay', {'type': 'sgd', 'learning_rate': 0.1, 'momentum': 0.9, 'nesterov': True, 'weight_decay': 0.1}, {}, P,
     lambda p: O.SGD(p, 0.1, momentum=0.9, nesterov=True, weight_decay=0.1), {}),
    ('adagrad', {'type': 'adagrad', 'learning_rate': 0.1}, {}, P, lambda p: O.Adagrad(p, 0.1), {}),
    ('adagrad, weight decay', {'type': 'adagrad', 'learning_rate': 0.1, 'weight_decay': 0.2}, {}, P, lambda p: O.Adagrad(p, 0.1, weight_decay=0.2), {}),
    ('rmsprop', {'type': 'rmsprop'}, {}, P, lambda p: O.RMSprop(p), {}),
    ('rmsprop, all options', {'type': 'rmsprop', 'learning_rate': 0.02, 'smoothing': 0.9, 'epsilon': 0.001, 'momentum': 0.8, 'centered': True, 'weight_decay': 0.1},
     {}, P, lambda p: O.RMSprop(p, 0.02, alpha=0.9, eps=0.001, momentum=0.8, centered=True, weight_decay=0.1), {}),
    ('adam', {'type': 'adam', 'learning_rate': 0.05}, {}, P, lambda p: O.Adam(p, 0.05), {}),
    ('adam, weight decay', {'type': 'adam', 'learning_rate': 0.05, 'beta1': 0.8, 'weight_decay': 0.2}, {}, P,
     lambda p: O.Adam(p, 0.05, betas=(0.8, 0.999), weight_decay=0.2), {}),
    ('adamw', {'type': 'adamw', 'learning_rate': 0.05}, {}, P, lambda p: O.AdamW(p, 0.05), {}),
    ('adamw, weight decay', {'type': 'adamw', 'learning_rate': 0.05, 'weight_decay': 0.4}, {}, P, lambda p: O.AdamW(p, 0.05, weight_decay=0.4), {}),
    ('decay on weights only', {'type': 'adamw', 'learning_rate': 0.05, 'weight_decay': 0.4, 'weight_decay_on': 'weights'}, {},
     lambda m: decay_weights_only(m, 0.4), lambda p: O.AdamW(p, 0.05), {}),
    ('groups', {'type': 'sgd', 'learning_rate': 0.1, 'momentum': 0.5,
                'parameter_groups': [{'parameters': ['fc1.*'], 'learning_rate_factor': 0.2, 'weight_decay': 0.3}]}, {},
     two_rates, lambda p: O.SGD(p, 0.1, momentum=0.5), {}),
    ('a frozen group', {'type': 'adam', 'learning_rate': 0.05, 'parameter_groups': [{'parameters': ['fc1.weight', 'nothing*'], 'frozen': True}]}, {},
     lambda m: [p for n, p in m.named_parameters() if n != '0.weight'], lambda p: O.Adam(p, 0.05), {}),
    ('clipping by norm', {'type': 'sgd', 'learning_rate': 0.5}, {'gradient_clipping': {'norm': 0.2}}, P, lambda p: O.SGD(p, 0.5), {'clip': clip(norm=0.2)}),
    ('clipping by norm over groups', {'type': 'sgd', 'learning_rate': 0.1, 'momentum': 0.5,
                                      'parameter_groups': [{'parameters': ['fc1.*'], 'learning_rate': 0.02, 'weight_decay': 0.3}]},
     {'gradient_clipping': {'norm': 0.5}}, two_rates, lambda p: O.SGD(p, 0.1, momentum=0.5), {'clip': clip(norm=0.5)}),
    ('clipping by value', {'type': 'sgd', 'learning_rate': 0.5}, {'gradient_clipping': {'value': 0.05}}, P, lambda p: O.SGD(p, 0.5), {'clip': clip(value=0.05)}),
    ('penalties', {'type': 'sgd', 'learning_rate': 0.1}, {'regularization': {'l1': 0.05, 'l2': 0.1}}, P, lambda p: O.SGD(p, 0.1), {'penalty': penalty(0.05, 0.1)}),
    ('penalties, clipped', {'type': 'adam', 'learning_rate': 0.05}, {'regularization': {'l1': 0.05}, 'gradient_clipping': {'norm': 0.2}}, P,
     lambda p: O.Adam(p, 0.05), {'penalty': penalty(0.05, 0), 'clip': clip(norm=0.2)}),
    ('bounded weights', {'type': 'sgd', 'learning_rate': 0.5}, {'regularization': {'max_norm': 0.6}}, P, lambda p: O.SGD(p, 0.5), {'bound': max_norm(0.6)}),
]


def train(initial, samples, targets, parameters, make, extra):
    model = network()
    model.load_state_dict(initial)
    optimizer, losses = make(parameters(model)), []
    for _ in range(STEPS):
        model.zero_grad()
        loss = ((model(samples) - targets) ** 2).mean()
        losses.append(loss.item())
        (loss + extra.get('penalty', lambda m: 0)(model)).backward()
        extra.get('clip', lambda m: None)(model)
        optimizer.step()
        extra.get('bound', lambda m: None)(model)
    return losses, state(model.state_dict())


def state(parameters):
    return {NAMES[name]: values.flatten().tolist() for name, values in parameters.items()}


def main():
    torch.manual_seed(11)
    torch.set_default_dtype(torch.float64)
    initial = {name: values.clone() for name, values in network().state_dict().items()}
    samples, targets = torch.randn(ROWS, 3), 2 * torch.randn(ROWS, 2)
    cases = []
    for name, optimizer, more, parameters, make, extra in CASES:
        losses, final = train(initial, samples, targets, parameters, make, extra)
        training = {'loss': {'type': 'squared_error'}, 'optimizer': optimizer, **more}
        cases.append({'name': name, 'training': training, 'losses': losses, 'final': final})
    golden = {'initial': state(initial), 'samples': samples.flatten().tolist(), 'targets': targets.flatten().tolist()}
    lines = ',\n'.join(json.dumps(case) for case in cases)
    head = json.dumps(golden)[:-1]
    (HERE / 'optimizers.golden.json').write_text(f'{head}, "cases": [\n{lines}\n]}}\n')


if __name__ == '__main__':
    main()
