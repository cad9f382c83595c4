"""Output and activations of the residual MLP in float64 -> recorded/residual-mlp.json.

Weights: `set_waves` in networks.py. Images: wave([B, H, W, C], 0.37, 0.1, 0.8), NHWC.

How to run: see reference.py.
"""

import torch
from torch import nn
from torch.nn import functional as F

from networks import set_waves
from reference import numbers, save, wave


class Block(nn.Module):
    def __init__(self, width, embedding):
        super().__init__()
        self.norm = nn.LayerNorm(width)
        self.linear0 = nn.Linear(width, width)
        self.affine = nn.Linear(embedding, width)
        self.linear1 = nn.Linear(width, width)

    def forward(self, h, e):
        return h + self.linear1(F.silu(self.linear0(F.silu(self.norm(h))) + self.affine(e)))


class ResidualMlp(nn.Module):
    def __init__(self, pixels, width, blocks, embedding=64):
        super().__init__()
        self.map_layer0 = nn.Linear(32, embedding)
        self.map_layer1 = nn.Linear(embedding, embedding)
        self.input = nn.Linear(pixels, width)
        self.blocks = [f"block{i}" for i in range(blocks)]
        for name in self.blocks:
            self.add_module(name, Block(width, embedding))
        self.output_norm = nn.LayerNorm(width)
        self.output = nn.Linear(width, pixels)

    def forward(self, x, c_noise):
        angles = c_noise[:, None] * 10000.0 ** -(torch.arange(16, dtype=torch.float64) / 16)
        e = torch.cat([angles.sin(), angles.cos()], 1)
        e = F.silu(self.map_layer1(F.silu(self.map_layer0(e))))
        h = self.input(x.flatten(1))
        activations = {}
        for name in self.blocks:
            h = activations[name] = getattr(self, name)(h, e)
        return self.output(F.silu(self.output_norm(h))), activations


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
