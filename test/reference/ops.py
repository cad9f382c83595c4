"""Values and gradients of bias, SiLU, group normalization, upsampling and pooling, in float64 -> recorded/ops.json.

Each list holds the output and then the gradient of every input, flat in NHWC, for dy = wave(output shape in NHWC, 0.83, 0.2).

How to run: see reference.py.
"""

import torch
from torch.nn import functional as F

from reference import numbers, save, wave


def nchw(x):
    return x.permute(0, 3, 1, 2) if x.ndim == 4 else x


def nhwc(x):
    return x.permute(0, 2, 3, 1) if x.ndim == 4 else x


def results(f, *inputs):
    leaves = [x.clone().requires_grad_() for x in inputs]
    y = nhwc(f(*[nchw(x) for x in leaves]))
    y.backward(wave(list(y.shape), 0.83, 0.2))
    return [numbers(y), *[numbers(x.grad) for x in leaves]]


def normalized(channels, groups, epsilon, shift):
    inputs = wave([2, 4, 6, channels], 0.71, 0.1) + shift, wave([channels], 1.3, 0.2, 0.5) + 1, wave([channels], 0.9, 0.7)
    # The tests hold the inputs in float32; so does the shifted wave here.
    inputs = [x.float().double() for x in inputs]
    computed = results(lambda x, gamma, beta: F.group_norm(x, groups, gamma, beta, epsilon), *inputs)
    return {"channels": channels, "groups": groups, "epsilon": epsilon, "shift": shift, "results": computed}


small = wave([2, 4, 6, 3], 0.71, 0.1)
save(
    "ops",
    {
        "biasAdd": results(lambda x, b: x + b[:, None, None], wave([2, 3, 3, 4], 0.7, 0), wave([4], 1.1, 0.5)),
        "silu": results(F.silu, wave([200], 0.37, 0, 30)),
        "groupNorm": [
            normalized(8, 2, 1e-5, 0.0),
            normalized(12, 3, 1e-6, 0.0),
            normalized(4, 1, 1e-5, 0.0),
            normalized(8, 2, 1e-5, 10.0),
        ],
        "upsample": results(lambda x: F.interpolate(x, scale_factor=2, mode="nearest"), small),
        "pool": results(lambda x: F.avg_pool2d(x, 2), small),
    },
)
