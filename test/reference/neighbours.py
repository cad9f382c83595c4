"""Nearest neighbours and the generalization score by scikit-learn and NumPy -> recorded/neighbours.json.

References are the first 300 images of the digits, x / 8 - 1; some of the 70 queries are copies or nearly so.

  queries                 [70, 64]: 20 other digits, 20 references with noise of 0.3, 10 with noise of 1e-4, 10 exact copies, 10 of normal
                          noise (some pixels outside [-1, 1])
  indices, distances      [70, 3] of sklearn.neighbors.NearestNeighbors(3, algorithm="kd_tree"), which subtracts in float64
  score                   of the queries clamped to [-1, 1], against the references:
    ratios, nearest         d1 / d2 and the nearest reference, by NearestNeighbors(2)
    cosines                 largest sklearn cosine_similarity of (x - mean) to a reference, mean of all 1,797 digits
    novelByRatio            share of ratios >= 1/3
    novelByCosine           share of cosines <= 0.9
    medianCosine

How to run: see recording.py.
"""

import numpy as np
from sklearn.datasets import load_digits
from sklearn.metrics.pairwise import cosine_similarity
from sklearn.neighbors import NearestNeighbors

from recording import integers, numbers, save

rng = np.random.default_rng(11)
digits = load_digits().data / 8 - 1
references = digits[:300]
parts = [
    digits[400:420],
    references[rng.choice(300, 20, replace=False)] + 0.3 * rng.normal(size=(20, 64)),
    references[rng.choice(300, 10, replace=False)] + 1e-4 * rng.normal(size=(10, 64)),
    references[rng.choice(300, 10, replace=False)],
    rng.normal(size=(10, 64)),
]
# Rounded to what the tests read, then to float32 as they compute.
queries = np.array(numbers(np.concatenate(parts), 7)).reshape(-1, 64).astype(np.float32).astype(np.float64)

distances, indices = NearestNeighbors(n_neighbors=3, algorithm="kd_tree").fit(references).kneighbors(queries)
assert (np.diff(distances, axis=1) > 1e-9).all(), "ties would make the order arbitrary"

clamped = queries.clip(-1, 1)
d, nearest = NearestNeighbors(n_neighbors=2, algorithm="kd_tree").fit(references).kneighbors(clamped)
mean = digits.mean(0)
ratios = d[:, 0] / d[:, 1]
cosines = cosine_similarity(clamped - mean, references - mean).max(1)
save(
    "neighbours",
    {
        "queries": numbers(queries, 9),
        "indices": integers(indices),
        "distances": numbers(distances),
        "score": {
            "ratios": numbers(ratios),
            "nearest": integers(nearest[:, 0]),
            "cosines": numbers(cosines),
            "novelByRatio": float((ratios >= 1 / 3).mean()),
            "novelByCosine": float((cosines <= 0.9).mean()),
            "medianCosine": float(np.median(cosines)),
        },
    },
)
