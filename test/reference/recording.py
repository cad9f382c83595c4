"""Where recorded numbers go and how they are rounded, for the scripts that need NumPy and scikit-learn but no PyTorch.

    python3 -m venv /tmp/reference && /tmp/reference/bin/pip install numpy==2.4.6 scikit-learn==1.9.1 pillow==13.0.0
    /tmp/reference/bin/python test/reference/digits.py

The tests of the library read the recorded files and need none of this.
"""

import json
import pathlib

import numpy as np

RECORDED = pathlib.Path(__file__).parent / "recorded"


def numbers(array, digits=8):
    """An array as a flat list, rounded to significant digits."""
    return [float(f"{v:.{digits}g}") for v in np.asarray(array, dtype=np.float64).flatten()]


def integers(array):
    """An integer array as a flat list."""
    return [int(v) for v in np.asarray(array).flatten()]


def save(name, content):
    """Writes recorded/<name>.json, one line a key."""
    RECORDED.mkdir(exist_ok=True)
    lines = ",\n".join(f"  {json.dumps(key)}: {json.dumps(value)}" for key, value in content.items())
    (RECORDED / f"{name}.json").write_text("{\n" + lines + "\n}\n")
