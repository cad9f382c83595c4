"""The Frechet distance of two sets of digits by SciPy's matrix square root. Descriptors: pixels of 2x2 blocks averaged, 16 numbers.

How to run: see recording.py; also needs scipy.
"""

import gzip
import pathlib

import numpy as np
from scipy.linalg import sqrtm

from recording import save

ROOT = pathlib.Path(__file__).parents[2]
table = np.loadtxt(gzip.open(ROOT / "src/data/digits.csv.gz"), delimiter=",")
pixels = (table[:, :64] / 8 - 1).reshape(-1, 4, 2, 4, 2).mean(axis=(2, 4)).reshape(-1, 16)


def frechet(a, b):
    root = sqrtm(np.cov(a, rowvar=False) @ np.cov(b, rowvar=False))
    spread = np.trace(np.cov(a, rowvar=False)) + np.trace(np.cov(b, rowvar=False)) - 2 * np.trace(root).real
    return float(((a.mean(0) - b.mean(0)) ** 2).sum() + spread)


save("fid", {"first": [0, 300], "second": [900, 1400], "distance": frechet(pixels[:300], pixels[900:1400])})
