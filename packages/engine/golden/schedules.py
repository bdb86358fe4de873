#!/usr/bin/env python3
"""Rates of torch.optim.lr_scheduler over 30 steps: what our schedules are compared with.

usage: python3 packages/engine/golden/schedules.py

Writes schedules.golden.json beside this file: a list of {name, schedule (ours), steps_per_epoch, rates}; those of a plateau have values (the
metric after each epoch) and one rate per epoch. The optimizer's rate is 0.1. Needs PyTorch (any version from 1.13).
"""
import json, pathlib, warnings
import torch
from torch.optim import lr_scheduler as S

HERE = pathlib.Path(__file__).parent
STEPS, RATE = 30, 0.1
warnings.filterwarnings('ignore')


def rates(make, per=1):
    optimizer = torch.optim.SGD([torch.nn.Parameter(torch.zeros(1))], RATE)
    scheduler, found = make(optimizer), []
    for step in range(STEPS):
        found.append(optimizer.param_groups[0]['lr'])
        optimizer.step()
        if (step + 1) % per == 0:
            scheduler.step()
    return found


def warmed(main, steps, start):
    return lambda o: S.SequentialLR(o, [S.LinearLR(o, start, total_iters=steps), main(o)], milestones=[steps])


def plateau(values, **options):
    optimizer = torch.optim.SGD([torch.nn.Parameter(torch.zeros(1))], RATE)
    scheduler, found = S.ReduceLROnPlateau(optimizer, **options), []
    for value in values:
        scheduler.step(value)
        found.append(optimizer.param_groups[0]['lr'])
    return found


def main():
    golden = [
        ('step', {'type': 'step', 'step_size': 7, 'per': 'step'}, 1, rates(lambda o: S.StepLR(o, 7))),
        ('step, epochs of 4', {'type': 'step', 'step_size': 2, 'gamma': 0.5}, 4, rates(lambda o: S.StepLR(o, 2, 0.5), 4)),
        ('multi-step', {'type': 'multi_step', 'milestones': [3, 10, 11], 'gamma': 0.3, 'per': 'step'}, 1, rates(lambda o: S.MultiStepLR(o, [3, 10, 11], 0.3))),
        ('exponential', {'type': 'exponential', 'gamma': 0.9, 'per': 'step'}, 1, rates(lambda o: S.ExponentialLR(o, 0.9))),
        ('exponential, epochs of 3', {'type': 'exponential', 'gamma': 0.8}, 3, rates(lambda o: S.ExponentialLR(o, 0.8), 3)),
        ('cosine', {'type': 'cosine', 'minimum': 0.001}, 1, rates(lambda o: S.CosineAnnealingLR(o, STEPS, 0.001))),
        ('cosine, epochs of 5', {'type': 'cosine', 'per': 'epoch'}, 5, rates(lambda o: S.CosineAnnealingLR(o, 6), 5)),
        ('one cycle', {'type': 'one_cycle'}, 1, rates(lambda o: S.OneCycleLR(o, RATE, total_steps=STEPS))),
        ('one cycle, options', {'type': 'one_cycle', 'warmup_fraction': 0.25, 'initial_divisor': 10, 'final_divisor': 100}, 1,
         rates(lambda o: S.OneCycleLR(o, RATE, total_steps=STEPS, pct_start=0.25, div_factor=10, final_div_factor=100))),
        ('warm-up', {'type': 'constant', 'warmup': {'steps': 6, 'start_factor': 0.1}}, 1, rates(lambda o: S.LinearLR(o, 0.1, total_iters=6))),
        ('warm-up, then steps', {'type': 'step', 'step_size': 5, 'gamma': 0.5, 'per': 'step', 'warmup': {'steps': 8, 'start_factor': 0.2}}, 1,
         rates(warmed(lambda o: S.StepLR(o, 5, 0.5), 8, 0.2))),
        ('warm-up, then exponential', {'type': 'exponential', 'gamma': 0.9, 'per': 'step', 'warmup': {'steps': 4, 'start_factor': 0.5}}, 1,
         rates(warmed(lambda o: S.ExponentialLR(o, 0.9), 4, 0.5))),
    ]
    cases = [{'name': n, 'schedule': s, 'steps_per_epoch': p, 'rates': r} for n, s, p, r in golden]
    torch.manual_seed(5)
    falling = (torch.rand(40) * 0.3 + torch.linspace(2, 0.5, 40).clamp(min=1.2)).tolist()
    for name, schedule, options in [
        ('plateau', {}, {}),
        ('plateau, patience and cooldown', {'patience': 2, 'cooldown': 3, 'factor': 0.5, 'minimum': 0.02}, {'patience': 2, 'cooldown': 3, 'factor': 0.5, 'min_lr': 0.02}),
        ('plateau of what should rise', {'metric': 'eval/accuracy', 'patience': 1, 'threshold': 0.05, 'threshold_mode': 'absolute', 'factor': 0.7},
         {'mode': 'max', 'patience': 1, 'threshold': 0.05, 'threshold_mode': 'abs', 'factor': 0.7}),
        ('plateau, relative threshold of what should rise', {'mode': 'max', 'patience': 0, 'threshold': 0.1, 'factor': 0.9}, {'mode': 'max', 'patience': 0, 'threshold': 0.1, 'factor': 0.9}),
    ]:
        cases.append({'name': name, 'schedule': {'type': 'reduce_on_plateau', **schedule}, 'values': falling, 'rates': plateau(falling, **options)})
    lines = ',\n'.join(json.dumps(case) for case in cases)
    (HERE / 'schedules.golden.json').write_text(f'[\n{lines}\n]\n')


if __name__ == '__main__':
    main()
