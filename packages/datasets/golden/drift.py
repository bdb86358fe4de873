"""Measures of drift from SciPy and NumPy: run with python3-scipy, python3-numpy (SciPy 1.10.1, NumPy 1.24.2). Writes drift.golden.json.

Kolmogorov-Smirnov is scipy.stats.ks_2samp, the Jensen-Shannon distance scipy.spatial.distance.jensenshannon, the quantile of chi-squared
scipy.stats.chi2; the population stability index is written out over the inverted empirical deciles of the base (numpy.quantile).
"""

import json
from pathlib import Path

import numpy as np
from scipy.spatial.distance import jensenshannon
from scipy.stats import chi2, ks_2samp


def stability(base, version):
    edges = np.unique(np.quantile(base, np.arange(1, 10) / 10, method="inverted_cdf"))
    edges = edges[edges < base.max()]
    counts = [np.bincount(np.searchsorted(edges, x, side="left"), minlength=len(edges) + 1) for x in (base, version)]
    p, q = [np.maximum(c / c.sum(), 1e-4) for c in counts]
    return float(np.sum((q - p) * np.log(q / p))), len(edges) + 1


random = np.random.default_rng(5)
pairs = {
    "same": (random.normal(size=400), random.normal(size=300)),
    "shifted": (random.normal(size=400), random.normal(0.5, 1, size=350)),
    "wider": (random.normal(size=500), random.normal(0, 3, size=100)),
    "ties": (random.integers(0, 4, size=200), random.integers(0, 6, size=150)),
    "apart": (random.normal(size=50), random.normal(size=60) + 20),
}
numeric = []
for name, (base, version) in pairs.items():
    base, version = base.astype(np.float32), version.astype(np.float32)
    psi, bins = stability(base, version)
    numeric.append({
        "name": name, "base": [float(x) for x in base], "version": [float(x) for x in version],
        "ks": float(ks_2samp(base, version).statistic), "psi": psi, "bins": bins,
        "chance": float(chi2.ppf(0.95, bins - 1) * (1 / len(base) + 1 / len(version))),
    })
shares = []
for k in (2, 3, 10):
    p, q = random.dirichlet(np.ones(k)), random.dirichlet(np.ones(k))
    q[0] = 0
    q /= q.sum()
    shares.append({"base": list(p), "version": list(q), "js": float(jensenshannon(p, q, base=2))})
path = Path(__file__).with_name("drift.golden.json")
path.write_text(json.dumps({"numeric": numeric, "shares": shares}) + "\n")
