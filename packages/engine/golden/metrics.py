#!/usr/bin/env python3
"""Metrics of random predictions by scikit-learn: what ours are compared with.

usage: python3 packages/engine/golden/metrics.py

Writes metrics.golden.json beside this file: a list of {name, target, size, targets, predictions, metrics (by our series), confusion,
classes ([support, precision, recall, f1] of each), and of a hierarchy coarse_of}. Needs scikit-learn (any version from 1.2).
"""
import json, pathlib, warnings
import numpy as np
from sklearn import metrics as M

HERE = pathlib.Path(__file__).parent
warnings.filterwarnings('ignore')
RNG = np.random.default_rng(3)


def scores(y, p, labels):
    precision, recall, f1, support = M.precision_recall_fscore_support(y, p, labels=labels, zero_division=0)
    return [[int(s), a, b, c] for s, a, b, c in zip(support, precision, recall, f1)]


def macro(y, p, labels):
    precision, recall, f1, _ = M.precision_recall_fscore_support(y, p, labels=labels, average='macro', zero_division=0)
    return {'precision_macro': precision, 'recall_macro': recall, 'f1_macro': f1}


def classes(name, rows, size, absent=(), coarse=None):
    y = RNG.choice([c for c in range(size) if c not in absent], rows)
    logits = RNG.normal(size=(rows, size)) + 1.2 * np.eye(size)[y]
    q = np.exp(logits) / np.exp(logits).sum(1, keepdims=True)
    q = q.astype(np.float32)
    labels = list(range(size))
    p = q.argmax(1)
    present = [c for c in labels if 0 < (y == c).sum() < rows]
    auc = M.roc_auc_score(y, q[:, 1]) if size == 2 else np.mean([M.roc_auc_score(y == c, q[:, c]) for c in present])
    results = {'accuracy': M.accuracy_score(y, p), **macro(y, p, labels), 'roc_auc': auc}
    if size > 3: results['top_3_accuracy'] = M.top_k_accuracy_score(y, q, k=3, labels=labels)
    if coarse: results['coarse_accuracy'] = M.accuracy_score(np.array(coarse)[y], np.array(coarse)[p])
    of = {'coarse_of': coarse} if coarse else {}
    return {'name': name, 'target': 'hierarchy' if coarse else 'class', **of, 'size': size, 'targets': y.tolist(), 'predictions': q.flatten().tolist(), 'metrics': results,
            'confusion': M.confusion_matrix(y, p, labels=labels).tolist(), 'classes': scores(y, p, labels)}


def one_output(name, rows):
    y = RNG.integers(0, 2, rows)
    q = np.round(1 / (1 + np.exp(-(RNG.normal(size=rows) + 1.5 * y - 0.7))), 2).astype(np.float32)
    p = (q > 0.5).astype(int)
    return {'name': name, 'target': 'class', 'size': 2, 'targets': y.tolist(), 'predictions': q.tolist(),
            'metrics': {'accuracy': M.accuracy_score(y, p), **macro(y, p, [0, 1]), 'roc_auc': M.roc_auc_score(y, q)},
            'confusion': M.confusion_matrix(y, p).tolist(), 'classes': scores(y, p, [0, 1])}


def labels(name, rows, size):
    y = (RNG.random((rows, size)) > 0.6).astype(int)
    q = np.round(np.clip(0.35 * y + 0.8 * RNG.random((rows, size)), 0, 1), 2).astype(np.float32)
    p = (q > 0.5).astype(int)
    return {'name': name, 'target': 'labels', 'size': size, 'targets': y.flatten().tolist(), 'predictions': q.flatten().tolist(),
            'metrics': {'accuracy': M.accuracy_score(y, p), **macro(y, p, None), **micro(y, p), 'roc_auc': M.roc_auc_score(y, q, average='macro'),
                        'mse': M.mean_squared_error(y, q)},
            'confusion': None, 'classes': scores(y, p, None)}


def micro(y, p):
    precision, recall, f1, _ = M.precision_recall_fscore_support(y, p, average='micro', zero_division=0)
    return {'precision_micro': precision, 'recall_micro': recall, 'f1_micro': f1, 'hamming_loss': M.hamming_loss(y, p)}


def values(name, rows, size, scale):
    y = (scale * RNG.normal(size=(rows, size)) + 1000 * np.arange(size)).astype(np.float32)
    q = (y + RNG.normal(size=(rows, size)) * scale / 3).astype(np.float32)
    a, b = y.astype(np.float64), q.astype(np.float64)
    return {'name': name, 'target': 'value', 'size': size, 'targets': y.flatten().tolist(), 'predictions': q.flatten().tolist(),
            'metrics': {'mse': M.mean_squared_error(a, b), 'mae': M.mean_absolute_error(a, b), 'rmse': M.mean_squared_error(a, b) ** 0.5, 'r2': M.r2_score(a, b)},
            'confusion': None, 'classes': None}


def main():
    cases = [classes('five classes', 60, 5), classes('a class without rows', 40, 4, absent=(2,)), classes('two classes, two outputs', 30, 2),
             one_output('two classes, one output, ties', 50), labels('three labels, ties', 40, 3), values('one value', 25, 1, 2.0), values('three values far from 0', 25, 3, 0.5),
             classes('six classes in three coarse ones', 60, 6, coarse=[2, 0, 1, 1, 0, 2]), labels('twenty labels', 30, 20)]
    lines = ',\n'.join(json.dumps(case) for case in cases)
    (HERE / 'metrics.golden.json').write_text(f'[\n{lines}\n]\n')


if __name__ == '__main__':
    main()
