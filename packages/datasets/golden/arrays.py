"""Writes arrays.golden.json: arrays as NumPy itself saves them, as base64, for the readers' tests.

Run: python3 packages/datasets/golden/arrays.py (NumPy 1.24)
"""

import base64
import io
import json
import pathlib

import numpy as np


def npy(array, **options):
    out = io.BytesIO()
    np.lib.format.write_array(out, array, **options)
    return base64.b64encode(out.getvalue()).decode()


def npz(save, **arrays):
    out = io.BytesIO()
    save(out, **arrays)
    return base64.b64encode(out.getvalue()).decode()


grid = np.arange(-5, 7).reshape(3, 4)
images = (np.arange(2 * 4 * 5 * 3) % 251).astype(np.uint8).reshape(2, 4, 5, 3)
files = {
    name: npy(grid.astype(kind))
    for name, kind in {
        "int8": "i1", "int16": "<i2", "int16_big": ">i2", "int32": "<i4", "int64": "<i8", "float16": "<f2", "float32": "<f4",
        "float32_big": ">f4", "float64": "<f8", "float64_big": ">f8",
    }.items()
}
files["uint8"] = npy(np.abs(grid).astype("u1"))
files["bool"] = npy(grid > 0)
files["fortran"] = npy(np.asfortranarray(grid.astype("<f4")))
files["fortran_3d"] = npy(np.asfortranarray(np.arange(24, dtype="<f8").reshape(2, 3, 4)))
files["version_2"] = npy(grid.astype("<f4"), version=(2, 0))
files["labels"] = npy(np.array([3, 1, 2], dtype="<i8"))
files["images_channels_last"] = npy(images)
files["object"] = npy(np.array([{"a": 1}, None], dtype=object), allow_pickle=True)
files["complex"] = npy(np.ones(3, dtype=complex))
files["text"] = npy(np.array(["a", "b"]))
files["records"] = npy(np.array([(1, 2.0)], dtype=[("a", "i4"), ("b", "f8")]))
files["scalar"] = npy(np.array(3.5))
files["empty"] = npy(np.zeros((0, 3)))
splits = {"x_train": grid.astype("f4"), "y_train": np.array([0, 1, 0]), "x_test": grid[:2].astype("f4"), "y_test": np.array([1, 1])}
files["npz"] = npz(np.savez, **splits)
files["npz_compressed"] = npz(np.savez_compressed, **splits)
files["npz_object"] = npz(np.savez, x=np.array([1, "a"], dtype=object))
files["npz_unequal"] = npz(np.savez, x=grid, y=np.array([1, 2]))
path = pathlib.Path(__file__).parent / "arrays.golden.json"
path.write_text(json.dumps({"numpy": np.__version__, "files": files}, indent=1) + "\n")
