"""Small files written by the reference implementation of safetensors (0.8), to be read, and the first one written byte for byte.

python -m pip install safetensors numpy torch && python test/reference/safetensors_file.py
"""

from pathlib import Path

import numpy as np
import torch
from safetensors.numpy import save_file
from safetensors.torch import save_file as save_torch_file

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

# Numbers of 16 bits beside what they are in float32, by PyTorch: every 97th pattern, and the ends of each kind.
ends = [0, 1, 0x3FF, 0x400, 0x7BFF, 0x7C00, 0x7F7F, 0x7F80, 0x8000, 0x8001, 0xFC00, 0xFF80]
patterns = torch.tensor([*range(0, 2**16, 97), *ends]).to(torch.uint16)
halves = {name: patterns.view(dtype).clone() for name, dtype in [("F16", torch.float16), ("BF16", torch.bfloat16)]}
wide = {f"{name} as F32": half.float() for name, half in halves.items()}
save_torch_file({**halves, **wide}, recorded / "halves.safetensors")
