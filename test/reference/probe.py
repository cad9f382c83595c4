"""Multinomial logistic regression by scikit-learn 1.9.1 -> recorded/probe.json.

Ten overlapping classes of 16 features, each feature with its own scale and offset as a network's activations have; class 9 is rare.
The features are rounded first, and scikit-learn is given the rounded ones.

  features, labels            250 training images, [250, 16] row-major
  testFeatures, testLabels    150 test images
  fits                        one a penalty l2, on (features - offset) / scale, which is nearly standardized:
    l2, C                       C = 1 / (l2 N)
    weights [16, 10], bias      LogisticRegression(C, solver newton-cg, tol 1e-12), weights transposed to ours
    loss                        1/N sum -log softmax[label] + l2/2 |W|^2, by NumPy
    predictions                 of the test images
  probes                      the same after standardizing by mean and standard deviation (N - 1) + 1e-6 of the training images:
    l2, loss, weights, bias (of the standardized features), predictions
  digits                      on the pixels x / 8 - 1 of scikit-learn's digits, standardized, as they come: first 1,000 to train, 797 to test
    l2, predictions

How to run: see recording.py.
"""

import numpy as np
from sklearn.datasets import load_digits
from sklearn.linear_model import LogisticRegression

from recording import integers, numbers, save

CLASSES, WIDTH, TRAIN, TEST = 10, 16, 250, 150
rng = np.random.default_rng(5)
probabilities = np.array([1.0] * 9 + [0.3])
probabilities /= probabilities.sum()
centres = rng.normal(size=(CLASSES, WIDTH)) * 0.8
scale = np.array(numbers(10 ** rng.uniform(-2, 1, WIDTH), 6))
offset = np.array(numbers(rng.normal(size=WIDTH) * 3, 6))


def images(count):
    labels = rng.choice(CLASSES, size=count, p=probabilities)
    raw = centres[labels] + rng.normal(size=(count, WIDTH))
    return np.array(numbers(raw * scale + offset, 6)).reshape(count, WIDTH), labels


def fit(train, labels, test, l2):
    C = 1 / (l2 * len(train))
    model = LogisticRegression(C=C, solver="newton-cg", tol=1e-12, max_iter=100000).fit(train, labels)
    logits = train @ model.coef_.T + model.intercept_
    logits -= logits.max(1, keepdims=True)
    log_softmax = logits - np.log(np.exp(logits).sum(1, keepdims=True))
    loss = -log_softmax[np.arange(len(labels)), labels].mean() + l2 / 2 * (model.coef_**2).sum()
    bias = model.intercept_ - model.intercept_.mean()
    return {
        "l2": l2,
        "C": C,
        "loss": float(loss),
        "weights": numbers(model.coef_.T),
        "bias": numbers(bias),
        "predictions": integers(model.predict(test)),
    }


features, labels = images(TRAIN)
test_features, test_labels = images(TEST)


def probe(train, labels, test, l2):
    mean, deviation = train.mean(0), train.std(0, ddof=1) + 1e-6
    return fit((train - mean) / deviation, labels, (test - mean) / deviation, l2)


digits = load_digits()
pixels = digits.data / 8 - 1
on_digits = probe(pixels[:1000], digits.target[:1000], pixels[1000:], 1e-3)
save(
    "probe",
    {
        "features": numbers(features),
        "labels": integers(labels),
        "testFeatures": numbers(test_features),
        "testLabels": integers(test_labels),
        "offset": numbers(offset),
        "scale": numbers(scale),
        "fits": [fit((features - offset) / scale, labels, (test_features - offset) / scale, l2) for l2 in (1e-3, 1e-1)],
        "digits": {"l2": 1e-3, "predictions": on_digits["predictions"]},
        "probes": [probe(features, labels, test_features, l2) for l2 in (1e-3, 1e-1)],
    },
)
