"""The peer of bench/tabular: scikit-learn's MLP on its own data sets. Writes each as CSV with the split of every row, and prints scores as JSON.

usage: peer.py FOLDER
"""
import csv
import json
import os
import sys
import warnings

import numpy as np
import sklearn
from sklearn import datasets
from sklearn.neural_network import MLPClassifier, MLPRegressor
from sklearn.preprocessing import StandardScaler

warnings.filterwarnings("ignore")
folder = sys.argv[1]
SEEDS = 5
EPOCHS = {"iris": 200, "wine": 100, "breast_cancer": 50, "diabetes": 200, "digits": 50}
RATE = {"diabetes": 0.01}

results = {}
for name, epochs in EPOCHS.items():
    data = getattr(datasets, f"load_{name}")()
    x, y = data.data, data.target
    # Every fifth row in a fixed shuffle is for the test.
    order = np.random.RandomState(0).permutation(len(y))
    test = np.zeros(len(y), bool)
    test[order[::5]] = True
    regression = name == "diabetes"
    with open(os.path.join(folder, f"{name}.csv"), "w", newline="") as file:
        writer = csv.writer(file)
        writer.writerow([f"x{i}" for i in range(x.shape[1])] + ["part", "y"])
        for row, target, is_test in zip(x, y, test):
            label = repr(float(target)) if regression else f"class {target}"
            writer.writerow([repr(float(v)) for v in row] + ["test" if is_test else "train", label])
    scaler = StandardScaler().fit(x[~test])
    scores = []
    for seed in range(SEEDS):
        model = (MLPRegressor if regression else MLPClassifier)(
            hidden_layer_sizes=(32,), activation="relu", solver="adam", alpha=0.0, batch_size=32,
            learning_rate_init=RATE.get(name, 0.001), max_iter=epochs, tol=0.0, n_iter_no_change=epochs, random_state=seed,
        )
        model.fit(scaler.transform(x[~test]), y[~test])
        scores.append(float(model.score(scaler.transform(x[test]), y[test])))
    results[name] = {"metric": "r2" if regression else "accuracy", "epochs": epochs, "learning_rate": RATE.get(name, 0.001), "scores": scores}
print(json.dumps({"version": sklearn.__version__, "results": results}))
