"""Reference numbers for src/theory, by dense NumPy linear algebra in float64.

Run: python test/reference/theory.py  (writes recorded/theory.json; NumPy only)

Nothing here follows the library's way of computing: full n x n covariances, numpy.linalg.solve and slogdet, an explicit
orthonormal complement by SVD, and Theorem 1 straight from the paper.
"""

import json
import pathlib

import numpy as np

SIGMAS = [0.002, 0.023, 0.14, 0.585, 1.923]


def span(columns):
    u, s, _ = np.linalg.svd(columns, full_matrices=False)
    return u[:, s > 1e-9 * s[0]]


def softmax(g):
    e = np.exp(g - g.max(axis=1, keepdims=True))
    return e / e.sum(axis=1, keepdims=True)


class Mixture:
    def __init__(self, bases, delta, weights, means):
        self.bases, self.delta, self.weights, self.means = bases, delta, weights, means
        count = len(bases)
        self.others = [span(np.hstack([bases[j] for j in range(count) if j != k])) for k in range(count)]
        self.covariances = [
            u @ u.T + delta**2 * t @ t.T for u, t in zip(self.bases, self.others, strict=True)
        ]

    def exact(self, x, sigma):
        n = x.shape[1]
        logits, means = [], []
        for weight, covariance, mean in zip(self.weights, self.covariances, self.means, strict=True):
            total = covariance + sigma**2 * np.eye(n)
            z = np.linalg.solve(total, (x - mean).T).T
            logits.append(np.log(weight) - 0.5 * (np.linalg.slogdet(total)[1] + ((x - mean) * z).sum(1)))
            means.append(mean + z @ covariance)
        w = softmax(np.stack(logits, 1))
        return (w[:, :, None] * np.stack(means, 1)).sum(1), w

    def paper(self, x, sigma):
        s2, d2 = sigma**2, self.delta**2
        zeta, xi = 1 / (1 + s2), d2 / (d2 + s2)
        phi, psi = 1 / (2 * s2 * (1 + s2)), d2 / (2 * s2 * (d2 + s2))
        logits = np.stack(
            [
                np.log(p) + phi * ((x @ u) ** 2).sum(1) + psi * ((x @ t) ** 2).sum(1)
                for p, u, t in zip(self.weights, self.bases, self.others, strict=True)
            ],
            1,
        )
        w = softmax(logits)
        means = np.stack(
            [zeta * x @ u @ u.T + xi * x @ t @ t.T for u, t in zip(self.bases, self.others, strict=True)], 1
        )
        return (w[:, :, None] * means).sum(1), w

    def approximate_snr(self, sigma, clean):
        """Fixed weights softmax(E g) given each class; energies of the affine map that is left."""
        n = self.bases[0].shape[0]
        ratios = []
        for k, mean in enumerate(self.means):
            covariance = self.covariances[k] + (0 if clean else sigma**2) * np.eye(n)
            logits, gains = [], []
            for p, c, m in zip(self.weights, self.covariances, self.means, strict=True):
                total = c + sigma**2 * np.eye(n)
                inverse = np.linalg.inv(total)
                quadratic = np.trace(inverse @ covariance) + (mean - m) @ inverse @ (mean - m)
                logits.append(np.log(p) - 0.5 * (np.linalg.slogdet(total)[1] + quadratic))
                gains.append(c @ inverse)
            w = softmax(np.array([logits]))[0]
            gain = sum(a * g for a, g in zip(w, gains, strict=True))
            centre = sum(a * (m + g @ (mean - m)) for a, g, m in zip(w, gains, self.means, strict=True))
            moment = gain @ covariance @ gain.T + np.outer(centre, centre)
            projector = self.bases[k] @ self.bases[k].T
            signal = np.trace(projector @ moment)
            ratios.append(signal / (np.trace(moment) - signal))
        return ratios


def theorem1(classes, rank, delta, sigma):
    s2, d2 = sigma**2, delta**2
    q = rank * (1 - d2) ** 2 / (2 * (1 + s2) * (d2 + s2))
    own = 1 / (1 + (classes - 1) * np.exp(-q))
    other = 1 / ((classes - 1) + np.exp(q)) if q < 700 else 0.0
    h = lambda w: (1 - d2) * w + d2  # noqa: E731
    c = (1 + s2) / (d2 + s2)
    return {
        "snr": float(c / (classes - 1) * ((1 + s2 / d2 * h(own)) / (1 + s2 / d2 * h(other))) ** 2),
        "denoisingRate": float(s2 / d2),
        "confidenceRate": float(h(own)),
        "ownWeight": float(own),
        "otherWeight": float(other),
    }


def random_mixture(rng, n, ranks, delta, weights, mean_scale=0.0):
    bases = [np.linalg.qr(rng.standard_normal((n, r)))[0] for r in ranks]
    means = [mean_scale * rng.standard_normal(n) for _ in ranks]
    return Mixture(bases, delta, weights, means)


def orthogonal_mixture(rng, n, classes, rank, delta):
    q = np.linalg.qr(rng.standard_normal((n, classes * rank)))[0]
    bases = [q[:, k * rank : (k + 1) * rank] for k in range(classes)]
    return Mixture(bases, delta, [1 / classes] * classes, [np.zeros(n)] * classes)


def record(mixture, x):
    def rounded(a):
        return np.asarray(a).round(10).tolist()

    zero_means = all(not m.any() for m in mixture.means)
    levels = []
    for sigma in SIGMAS:
        mean, w = mixture.exact(x, sigma)
        level = {
            "sigma": sigma,
            "exact": {"mean": rounded(mean), "weights": rounded(w)},
            "approximateSnr": [
                {"clean": clean, "perClass": rounded(mixture.approximate_snr(sigma, clean))}
                for clean in (False, True)
            ],
        }
        if zero_means:
            mean, w = mixture.paper(x, sigma)
            level["paper"] = {"mean": rounded(mean), "weights": rounded(w)}
        levels.append(level)
    return {
        "delta": mixture.delta,
        "weights": mixture.weights,
        "bases": [b.tolist() for b in mixture.bases],
        "means": None if zero_means else [m.tolist() for m in mixture.means],
        "points": x.tolist(),
        "levels": levels,
    }


def main():
    rng = np.random.default_rng(20250207)
    cases = {
        "orthogonal": orthogonal_mixture(rng, 10, 3, 2, 0.2),
        "oblique, unequal": random_mixture(rng, 12, [4, 2], 0.3, [0.7, 0.3]),
        "three oblique": random_mixture(rng, 9, [2, 1, 2], 0.15, [0.5, 0.2, 0.3]),
        "means": random_mixture(rng, 9, [2, 3], 0.25, [0.4, 0.6], mean_scale=0.6),
    }
    recorded = {
        name: record(mixture, rng.standard_normal((5, mixture.bases[0].shape[0])))
        for name, mixture in cases.items()
    }
    grid = [
        {
            "classes": classes,
            "rank": rank,
            "delta": delta,
            "sigma": sigma,
            **theorem1(classes, rank, delta, sigma),
        }
        for classes in (2, 3, 5, 10)
        for rank in (2, 5, 8)
        for delta in (0.1, 0.3, 0.5)
        for sigma in SIGMAS
    ]
    path = pathlib.Path(__file__).parent / "recorded" / "theory.json"
    path.write_text(json.dumps({"mixtures": recorded, "theorem1": grid}))
    print(path, path.stat().st_size, "bytes")


if __name__ == "__main__":
    main()
