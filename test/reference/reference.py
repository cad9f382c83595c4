"""What the reference scripts share: where recorded numbers go, how they are rounded, and numbers that both sides can compute.

Run a script with Python 3.11, torch 2.13.0 (CPU), numpy and scikit-learn, in an environment of its own:

    python3 -m venv /tmp/reference && /tmp/reference/bin/pip install torch==2.13.0 numpy scikit-learn
    /tmp/reference/bin/python test/reference/unet.py

The tests of the library read the recorded files and need none of this.
"""

import json
import math
import pathlib

import torch

torch.set_num_threads(1)
RECORDED = pathlib.Path(__file__).parent / "recorded"


def wave(shape, frequency, phase, scale=1.0):
    """scale * sin(frequency * i + phase) for the row-major index i: test/reference/wave.ts computes the same in TypeScript."""
    size = math.prod(shape)
    values = [scale * math.sin(frequency * i + phase) for i in range(size)]
    return torch.tensor(values, dtype=torch.float64).reshape(shape)


def numbers(tensor, digits=8):
    """A tensor as a flat list, rounded to significant digits."""
    return [float(f"{v:.{digits}g}") for v in tensor.detach().flatten().tolist()]


def save(name, content):
    """Writes recorded/<name>.json, one line a key."""
    RECORDED.mkdir(exist_ok=True)
    lines = ",\n".join(f"  {json.dumps(key)}: {json.dumps(value)}" for key, value in content.items())
    (RECORDED / f"{name}.json").write_text("{\n" + lines + "\n}\n")
