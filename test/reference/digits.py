"""The digits as scikit-learn itself loads them -> recorded/digits.json.

  countPerClass   images of each class
  labels          the label of each of the 1,797 images
  pixelSums       sum of the 64 pixels (0..16) of each image
  weightedSums    sum of pixel * (1 + its row-major position) of each image: sees a transposed or shifted image
  firstImage      the 64 pixels of image 0

How to run: see recording.py.
"""

import numpy as np
from sklearn.datasets import load_digits

from recording import integers, save

digits = load_digits()
pixels = digits.data.astype(np.int64)
save(
    "digits",
    {
        "countPerClass": integers(np.bincount(digits.target)),
        "labels": integers(digits.target),
        "pixelSums": integers(pixels.sum(1)),
        "weightedSums": integers(pixels @ np.arange(1, 65)),
        "firstImage": integers(digits.images[0]),
    },
)
