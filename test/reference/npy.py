"""Files that NumPy 2.4.6 writes -> recorded/npy.json.

  arrays   dtype (NumPy's name), shape, values (0, 1, 2, ... row-major; Booleans alternate) and the .npy file in base64
  refused  what numpy.save also writes and is no plain row-major array of numbers: name and file in base64
  npz      images uint8 [3, 2, 2, 1] = 0, 1, 2, ..., labels int64 [3] = 0, 1, 0, written by numpy.savez_compressed, in base64
  float32  the .npy of float32 [2, 3] = 0, 1, 2, ..., byte for byte what a writer should write, in base64

How to run: see recording.py.
"""

import base64
import io

import numpy as np

from recording import numbers, save


def text(write):
    file = io.BytesIO()
    write(file)
    return base64.b64encode(file.getvalue()).decode()


def npy(array):
    return text(lambda file: np.save(file, array, allow_pickle=True))


def counting(dtype, shape):
    values = np.arange(np.prod(shape, dtype=int)).reshape(shape)
    return values % 2 == 1 if dtype == "bool" else values.astype(dtype)


dtypes = ["float32", "float64", "int8", "int16", "int32", "int64", "uint8", "uint16", "uint32", "uint64", "bool"]
kinds = [(d, (2, 3)) for d in dtypes] + [(">f4", (4,)), (">i8", (3,)), ("float32", ()), ("int32", (0, 5)), ("uint8", (1, 2, 3, 4))]
save(
    "npy",
    {
        "arrays": [
            {"dtype": dtype, "shape": list(shape), "values": numbers(counting(dtype, shape)), "file": npy(counting(dtype, shape))}
            for dtype, shape in kinds
        ],
        "refused": [
            {"name": "objects", "file": npy(np.array([1, "a", None], dtype=object))},
            {"name": "text", "file": npy(np.array(["cat", "dog"]))},
            {"name": "complex", "file": npy(np.ones(2, dtype="complex64"))},
            {"name": "half", "file": npy(np.ones(2, dtype="float16"))},
            {"name": "records", "file": npy(np.zeros(2, dtype=[("a", "f4"), ("b", "i4")]))},
            {"name": "fortran", "file": npy(np.asfortranarray(counting("float32", (2, 3))))},
        ],
        "npz": text(
            lambda file: np.savez_compressed(
                file, images=counting("uint8", (3, 2, 2, 1)), labels=np.array([0, 1, 0], dtype="int64")
            )
        ),
        "float32": npy(counting("float32", (2, 3))),
    },
)
