"""Output and activations of the residual MLP in float64 -> recorded/residual-mlp.json.

Weights: `set_waves` in networks.py. Images: wave([B, H, W, C], 0.37, 0.1, 0.8), NHWC.

How to run: see reference.py.
"""

import torch

from networks import ResidualMlp, set_waves
from reference import numbers, save, wave


shape, width, blocks, c_noise = [4, 4, 2], 24, 3, [-1.3, 0.4, 2.1]
network = ResidualMlp(32, width, blocks).double()
set_waves(network)
output, activations = network(wave([len(c_noise), *shape], 0.37, 0.1, 0.8), torch.tensor(c_noise, dtype=torch.float64))
save(
    "residual-mlp",
    {
        "imageShape": shape,
        "width": width,
        "blocks": blocks,
        "cNoise": c_noise,
        "parameterCount": sum(p.numel() for p in network.parameters()),
        "parameterNames": [name for name, _ in network.named_parameters()],
        "output": numbers(output),
        "activations": {name: numbers(a) for name, a in activations.items()},
    },
)
