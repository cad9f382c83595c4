"""Measures of features by NumPy 2.4.6, SciPy 1.17.1, scikit-learn 1.9.1 and POT 0.9.7 -> recorded/measures.json.

The features are the pixels x / 8 - 1 of scikit-learn's digits [1797, 64], as they come; `unit` rows are divided by their norm, then
lessened by the mean of the training rows. Everything in float64.

  projection     argmax_k |V_k' h| of the last 797, unit rows, V_k the first 5 right singular vectors of the first 1,000 by class
  neighbours     of the last 797, standardized by the first 1,000: KNeighborsClassifier(20); of even votes the smallest class
  validated      penalties l2, the share right on the first 200 of the order that permutation.py makes with seed 0 of a LogisticRegression fitted to the other 800, the best penalty,
                 and the predictions for the last 797 of one fitted to all 1,000 with it
  snr            of the first 1,000, unit rows, rank 3, from each class's SVD: perClass and snr, by what counts as noise
  icr            of the views h_v = x + 0.3 sin(0.37 i + v), i the row-major index, v = 0, 1, 2, of the first 300:
                 1 / (1 + mean lambda), scipy.linalg.eigh(S, R + tau I), tau = ridge * (tr S + tr R) / 64
  stableRank     |W|_F^2 / |W|_2^2 by numpy.linalg.norm, of the waves sin(0.7 i^1.5 + 1) [3, 3, 8, 16] and sin(0.3 i^1.5) [4, 40]
  wasserstein    ot.sliced_wasserstein_distance(p=2) along 20 unit vectors cos(1.3 i) [20, 64] (each divided by its norm): of the first 200
                 against the last 200 (equal), against the next 250 (unequal), and the last 30 against themselves plus 2 (shifted)
  frechet        of the digits 0 to 4 against 5 to 9, times the matrix sin(0.11 i^1.5) [64, 24] / 8:
                 |m1 - m2|^2 + tr(C1 + C2 - 2 sqrtm(C1 C2)), covariances with N - 1; and sqrtm(C1)

How to run: see recording.py, with pip install POT as well.
"""

import numpy as np
import ot
import scipy.linalg
from sklearn.datasets import load_digits
from sklearn.linear_model import LogisticRegression
from sklearn.neighbors import KNeighborsClassifier

from permutation import permutation
from recording import integers, numbers, save

digits = load_digits()
X, labels = digits.data / 8 - 1, digits.target
K = 10


def unit(rows, training):
    divided = [x / np.linalg.norm(x, axis=1, keepdims=True) for x in (rows, training)]
    return divided[0] - divided[1].mean(0)


def bases(rows, labels, rank):
    return [np.linalg.svd(rows[labels == k], full_matrices=False)[2][:rank] for k in range(K)]


def wave(shape, frequency, phase=0.0, power=1.0):
    return np.sin(frequency * np.arange(np.prod(shape)) ** power + phase).reshape(shape)


train, test = unit(X[:1000], X[:1000]), unit(X[1000:], X[:1000])
norms = np.stack([np.linalg.norm(test @ V.T, axis=1) for V in bases(train, labels[:1000], 5)], axis=1)
gaps = np.diff(np.sort(norms, axis=1)[:, -2:], axis=1)
assert gaps.min() > 1e-9, "ties would make the prediction arbitrary"

mean, deviation = X[:1000].mean(0), X[:1000].std(0, ddof=1) + 1e-6
S = (X - mean) / deviation
neighbours = KNeighborsClassifier(20, algorithm="brute").fit(S[:1000], labels[:1000]).predict(S[1000:])

PENALTIES = [1e-5, 1e-3, 1e-1, 10.0]
order = permutation(1000, 0)


def fitted(rows, classes, l2):
    return LogisticRegression(C=1 / (l2 * len(rows)), solver="newton-cg", tol=1e-10, max_iter=100000).fit(rows, classes)


held, kept = order[:200], order[200:]
shares = [float((fitted(S[kept], labels[kept], l2).predict(S[held]) == labels[held]).mean()) for l2 in PENALTIES]
best = PENALTIES[int(np.argmax(shares))]


def snr(noise):
    V = bases(train, labels[:1000], 3)
    per_class = []
    for k in range(K):
        h = train[labels[:1000] == k]
        own = ((h @ V[k].T) ** 2).sum()
        others = sum(((h @ V[j].T) ** 2).sum() for j in range(K) if j != k)
        per_class.append(own / (others if noise == "other classes" else (h**2).sum() - own))
    weights = np.bincount(labels[:1000]) / 1000
    return {"perClass": numbers(per_class), "snr": float(weights @ per_class)}


def icr(ridge):
    x = X[:300]
    views = np.stack([x + 0.3 * wave(x.shape, 0.37, v) for v in range(3)])
    s = views.mean(0)
    r = (views - s).reshape(-1, 64)
    signal, residual = np.cov(s.T, bias=True), r.T @ r / len(r)
    tau = ridge * (np.trace(signal) + np.trace(residual)) / 64
    eigenvalues = scipy.linalg.eigh(signal, residual + tau * np.eye(64), eigvals_only=True)
    return float(1 / (1 + eigenvalues.mean()))


def stable_rank(weight):
    matrix = weight.reshape(-1, weight.shape[-1])
    return float((np.linalg.norm(matrix) / np.linalg.norm(matrix, 2)) ** 2)


directions = np.cos(1.3 * np.arange(20 * 64)).reshape(20, 64)
directions /= np.linalg.norm(directions, axis=1, keepdims=True)


def wasserstein(a, b):
    return float(ot.sliced_wasserstein_distance(a, b, projections=directions.T, p=2))


projection = wave((64, 24), 0.11, power=1.5) / 8
A, B = X[labels < 5] @ projection, X[labels >= 5] @ projection
C1, C2 = np.cov(A.T), np.cov(B.T)
frechet = ((A.mean(0) - B.mean(0)) ** 2).sum() + np.trace(C1 + C2 - 2 * scipy.linalg.sqrtm(C1 @ C2).real)

save(
    "measures",
    {
        "projection": integers(norms.argmax(1)),
        "neighbours": integers(neighbours),
        "validated": {
            "l2": PENALTIES,
            "shares": shares,
            "best": best,
            "predictions": integers(fitted(S[:1000], labels[:1000], best).predict(S[1000:])),
        },
        "snr": {"other classes": snr("other classes"), "residual": snr("residual")},
        "icr": [{"ridge": ridge, "icr": icr(ridge)} for ridge in (1e-3, 0.5)],
        "stableRank": [stable_rank(wave((3, 3, 8, 16), 0.7, 1, power=1.5)), stable_rank(wave((4, 40), 0.3, power=1.5))],
        "wasserstein": {
            "equal": wasserstein(X[:200], X[-200:]),
            "unequal": wasserstein(X[:200], X[200:450]),
            "shifted": wasserstein(X[-30:], X[-30:] + 2),
        },
        "frechet": {"distance": float(frechet), "root": numbers(scipy.linalg.sqrtm(C1).real)},
    },
)
