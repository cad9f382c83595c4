"""Pixel classifiers by PyTorch 2.13.0 and intersections over unions by scikit-learn 1.9.1 -> recorded/segmentation.json.

  losses     of 2 perceptrons (6 features, 5 hidden units, 3 classes) before each of 20 steps of torch.optim.Adam(lr=5e-3) on their
             summed mean cross-entropies: features sin(0.7 i) [40, 6], classes (i // 4 + i) % 3, the first sees all pixels, the second the even ones twice
  weight2    [2, 5, 3] afterwards; all weights and biases start from 0.5 sin(0.3 i^1.5), each array from i = 0
  iou        jaccard_score of each class of found (i i + i // 3) % 5 against wanted (i // 2) % 4, i < 60; class 4 is never wanted

How to run: see recording.py, with pip install torch==2.13.0 as well.
"""

import numpy as np
import torch
from sklearn.metrics import jaccard_score

from recording import numbers, save


def wave(*shape):
    return torch.tensor(0.5 * np.sin(0.3 * np.arange(np.prod(shape)) ** 1.5).reshape(shape), dtype=torch.float32)


features = torch.tensor(np.sin(0.7 * np.arange(240)).reshape(40, 6), dtype=torch.float32)
classes = torch.tensor([(i // 4 + i) % 3 for i in range(40)])
rows = torch.tensor([list(range(40)), list(range(0, 40, 2)) * 2])

weights = [wave(2, 6, 5), wave(2, 1, 5), wave(2, 5, 3), wave(2, 1, 3)]
for weight in weights:
    weight.requires_grad_()
optimizer = torch.optim.Adam(weights, lr=5e-3)
losses = []
for _ in range(20):
    weight1, bias1, weight2, bias2 = weights
    logits = torch.relu(features[rows] @ weight1 + bias1) @ weight2 + bias2
    each = torch.stack([torch.nn.functional.cross_entropy(logits[m], classes[rows[m]]) for m in range(2)])
    losses.append(each.detach().numpy())
    optimizer.zero_grad()
    each.sum().backward()
    optimizer.step()

found = [(i * i + i // 3) % 5 for i in range(60)]
wanted = [(i // 2) % 4 for i in range(60)]

save(
    "segmentation",
    {
        "losses": numbers(np.stack(losses)),
        "weight2": numbers(weights[2].detach().numpy()),
        "iou": numbers(jaccard_score(wanted, found, labels=range(5), average=None)),
    },
)
