"""A small file written by the reference implementation of safetensors (0.8), to be read and written byte for byte.

python -m pip install safetensors numpy && python test/reference/safetensors_file.py
"""

from pathlib import Path

import numpy as np
from safetensors.numpy import save_file

recorded = Path(__file__).parent / "recorded"

tensors = {
    "weight": np.arange(6, dtype=np.float32).reshape(2, 3) / 7 - 0.4,
    "steps": np.array([-3, 0, 2**31 - 1], dtype=np.int32),
    "mask": np.array([[True], [False]]),
    "scalar": np.array(2.5, dtype=np.float32),
    "empty": np.zeros((0, 4), dtype=np.float32),
    "Ünicode name": np.array([1.5], dtype=np.float32),
}
save_file(tensors, recorded / "tensors.safetensors", metadata={"format": "test"})
save_file(
    {
        "wide": np.array([-(2**31), 7], dtype=np.int64),
        "bytes": np.array([0, 255], dtype=np.uint8),
    },
    recorded / "integers.safetensors",
)
