#!/usr/bin/env python3
"""The first picture of MNIST's test set as Pillow writes it: pictures that another tool than ours has made.

usage: python3 tests/golden/pictures.py <t10k-images-idx3-ubyte>

Writes beside this file: digit.golden.png (grey), digit-rgb.golden.png (the same pixels in three channels), digit-large.golden.webp (every pixel
twice in both directions, lossless). Needs Pillow and NumPy (any version).
"""
import pathlib, sys
import numpy as np
from PIL import Image

HERE = pathlib.Path(__file__).parent
pixels = np.frombuffer(pathlib.Path(sys.argv[1]).read_bytes(), np.uint8, 784, 16).reshape(28, 28)
digit = Image.fromarray(pixels, 'L')
digit.save(HERE / 'digit.golden.png')
digit.convert('RGB').save(HERE / 'digit-rgb.golden.png')
digit.resize((56, 56), Image.NEAREST).convert('RGB').save(HERE / 'digit-large.golden.webp', lossless=True)
