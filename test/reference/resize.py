"""Resizing by Pillow 13.0.0, in float32 -> recorded/resize.json.

  image        [11, 8], sin(0.9 i) * 100 of the row-major index i
  cases        size [height, width], and the image scaled to cover it and cut at the middle:
               Image.resize(size, BILINEAR, box) with the largest box of that aspect, in the middle

How to run: see recording.py.
"""

import numpy as np
from PIL import Image

from recording import numbers, save

HEIGHT, WIDTH = 11, 8
pixels = (100 * np.sin(0.9 * np.arange(HEIGHT * WIDTH))).reshape(HEIGHT, WIDTH).astype(np.float32)
image = Image.fromarray(pixels)


def cover(height, width):
    scale = max(height / HEIGHT, width / WIDTH)
    h, w = height / scale, width / scale
    box = ((WIDTH - w) / 2, (HEIGHT - h) / 2, (WIDTH + w) / 2, (HEIGHT + h) / 2)
    return np.asarray(image.resize((width, height), Image.Resampling.BILINEAR, box=box))


sizes = [(11, 8), (4, 4), (3, 5), (20, 16), (5, 8)]
save(
    "resize",
    {
        "imageShape": [HEIGHT, WIDTH, 1],
        "image": numbers(pixels),
        "cases": [{"size": list(size), "resized": numbers(cover(*size))} for size in sizes],
    },
)
