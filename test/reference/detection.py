"""Exact intervals of shares and ROC curves by SciPy and scikit-learn -> recorded/detection.json.

  intervals               [successes, trials, level, lower, upper] of scipy.stats.binomtest(...).proportion_ci(method="exact")
  positives, negatives    values with ties, seed 0
  falseAlarms, detected   roc_curve of all of them, every threshold kept
  area                    roc_auc_score

How to run: see recording.py (SciPy comes with scikit-learn).
"""

import numpy as np
from recording import numbers, save
from scipy.stats import binomtest
from sklearn.metrics import roc_auc_score, roc_curve

CASES = [(0, 6, 0.95), (1, 6, 0.95), (2, 6, 0.95), (6, 6, 0.95), (5, 12, 0.9), (0, 1, 0.95), (40, 3000, 0.99)]


def interval(successes, trials, level):
    bounds = binomtest(successes, trials).proportion_ci(level, method="exact")
    return [successes, trials, level, *numbers([bounds.low, bounds.high], digits=12)]


random = np.random.default_rng(0)
positives = random.integers(2, 10, 15) / 4
negatives = random.integers(0, 8, 20) / 4
truth = np.repeat([1, 0], [15, 20])
values = np.concatenate([positives, negatives])
false_alarms, detected, _ = roc_curve(truth, values, drop_intermediate=False)

save(
    "detection",
    {
        "intervals": [interval(*case) for case in CASES],
        "positives": numbers(positives),
        "negatives": numbers(negatives),
        "falseAlarms": numbers(false_alarms, digits=12),
        "detected": numbers(detected, digits=12),
        "area": numbers([roc_auc_score(truth, values)], digits=12)[0],
    },
)
