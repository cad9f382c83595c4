"""The U-Net, the residual MLP and EDM's preconditioning in PyTorch, written for the reference numbers: plain modules, NCHW, no code of the library.

Parameter names are those of the library (and of EDM's SongUNet); layouts are PyTorch's. `set_waves` fills them with numbers that
the tests compute too, in the library's layouts: convolution [height, width, in, out], linear [in, out].
"""

import math

import torch
from torch import nn
from torch.nn import functional as F

from reference import wave


class Block(nn.Module):
    def __init__(self, config, c_in, c_out, resample=None):
        super().__init__()
        groups = lambda c: nn.GroupNorm(min(config["maxGroups"], c // 4), c, eps=config["epsilon"])
        self.resample = resample
        self.norm0 = groups(c_in)
        self.conv0 = nn.Conv2d(c_in, c_out, 3, padding=1)
        self.affine = nn.Linear(4 * config["channels"], c_out)
        self.norm1 = groups(c_out)
        self.conv1 = nn.Conv2d(c_out, c_out, 3, padding=1)
        self.skip = nn.Conv2d(c_in, c_out, 1) if c_in != c_out else nn.Identity()

    def scale(self, x):
        if self.resample == "down":
            return F.avg_pool2d(x, 2)
        if self.resample == "up":
            return F.interpolate(x, scale_factor=2, mode="nearest")
        return x

    def forward(self, x, e):
        h = self.conv0(self.scale(F.silu(self.norm0(x)))) + self.affine(e)[:, :, None, None]
        return (self.conv1(F.silu(self.norm1(h))) + self.skip(self.scale(x))) * math.sqrt(0.5)


class UNet(nn.Module):
    def __init__(self, config):
        super().__init__()
        height, width, colours = config["imageShape"]
        channels, multipliers = config["channels"], config["multipliers"]
        blocks = config["blocks"]
        name = lambda level, rest: f"{height >> level}x{width >> level}_{rest}"
        half = config["noiseChannels"] // 2
        self.register_buffer("frequencies", 10000.0 ** -(torch.arange(half, dtype=torch.float64) / half))
        self.map_layer0 = nn.Linear(2 * half, 4 * channels)
        self.map_layer1 = nn.Linear(4 * channels, 4 * channels)
        self.enc, self.dec = nn.ModuleDict(), nn.ModuleDict()
        self.enc[name(0, "conv")] = nn.Conv2d(colours, channels, 3, padding=1)
        c, skips = channels, [channels]
        for level, multiplier in enumerate(multipliers):
            if level > 0:
                self.enc[name(level, "down")] = Block(config, c, c, "down")
                skips.append(c)
            for i in range(blocks):
                self.enc[name(level, f"block{i}")] = Block(config, c, channels * multiplier)
                c = channels * multiplier
                skips.append(c)
        for level in reversed(range(len(multipliers))):
            if level == len(multipliers) - 1:
                self.dec[name(level, "in0")] = Block(config, c, c)
            else:
                self.dec[name(level, "up")] = Block(config, c, c, "up")
            for i in range(blocks + 1):
                self.dec[name(level, f"block{i}")] = Block(config, c + skips.pop(), channels * multipliers[level])
                c = channels * multipliers[level]
        self.dec[name(0, "aux_norm")] = nn.GroupNorm(min(config["maxGroups"], c // 4), c, eps=config["epsilon"])
        self.dec[name(0, "aux_conv")] = nn.Conv2d(c, colours, 3, padding=1)

    def forward(self, x, c_noise):
        """F(x, c_noise), and the outputs of the decoder's blocks by name."""
        angles = c_noise[:, None] * self.frequencies
        e = torch.cat([angles.sin(), angles.cos()], 1)
        e = F.silu(self.map_layer1(F.silu(self.map_layer0(e))))
        encoder = list(self.enc.values())
        h = encoder[0](x)
        outputs, activations = [h], {}
        for block in encoder[1:]:
            h = block(h, e)
            outputs.append(h)
        *blocks, norm, conv = self.dec.items()
        for name, block in blocks:
            if "_block" in name:
                h = torch.cat([h, outputs.pop()], 1)
            h = block(h, e)
            activations[name] = h
        return conv[1](F.silu(norm[1](h))), activations


class MlpBlock(nn.Module):
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
        self.register_buffer("frequencies", 10000.0 ** -(torch.arange(16, dtype=torch.float64) / 16))
        self.map_layer0 = nn.Linear(32, embedding)
        self.map_layer1 = nn.Linear(embedding, embedding)
        self.input = nn.Linear(pixels, width)
        self.blocks = [f"block{i}" for i in range(blocks)]
        for name in self.blocks:
            self.add_module(name, MlpBlock(width, embedding))
        self.output_norm = nn.LayerNorm(width)
        self.output = nn.Linear(width, pixels)

    def forward(self, x, c_noise):
        angles = c_noise[:, None] * self.frequencies
        e = torch.cat([angles.sin(), angles.cos()], 1)
        e = F.silu(self.map_layer1(F.silu(self.map_layer0(e))))
        h = self.input(x.flatten(1))
        activations = {}
        for name in self.blocks:
            h = activations[name] = getattr(self, name)(h, e)
        return self.output(F.silu(self.output_norm(h))).view_as(x), activations


def library_layout(name, tensor):
    """From PyTorch's layout to the library's."""
    if tensor.ndim == 4:
        return tensor.permute(2, 3, 1, 0)  # out, in, h, w -> h, w, in, out
    return tensor.T if tensor.ndim == 2 else tensor


def torch_layout(tensor):
    """From the library's layout to PyTorch's."""
    if tensor.ndim == 4:
        return tensor.permute(3, 2, 0, 1)
    return tensor.T if tensor.ndim == 2 else tensor


def set_waves(network):
    """The i-th parameter becomes wave(shape, 1.1 + 0.017 i, 0.5 i, scale): 1.5 / sqrt(inputs) for weights, 0.2 for vectors;
    the scales of normalizations (names with `norm`, ending in `weight`) are shifted by 1."""
    for i, (name, parameter) in enumerate(network.named_parameters()):
        shape = list(library_layout(name, parameter).shape)
        scale = 1.5 / math.sqrt(math.prod(shape[:-1])) if len(shape) > 1 else 0.2
        values = wave(shape, 1.1 + 0.017 * i, 0.5 * i, scale)
        if "norm" in name and name.endswith("weight"):
            values = values + 1
        parameter.data = torch_layout(values).contiguous()


def edm(sigma, sigma_data=0.5, noise_scale=0.25):
    """c_skip, c_out, c_in, c_noise and the loss weight (Karras et al. 2022, table 1)."""
    total = sigma**2 + sigma_data**2
    return {
        "cSkip": sigma_data**2 / total,
        "cOut": sigma * sigma_data / total.sqrt(),
        "cIn": 1 / total.sqrt(),
        "cNoise": sigma.log() * noise_scale,
        "lossWeight": total / (sigma * sigma_data) ** 2,
    }


def denoise(network, x, sigma, **options):
    """D(x, sigma) of NCHW images, one sigma an image."""
    c = {key: value.view(-1, 1, 1, 1) for key, value in edm(sigma, **options).items()}
    output, activations = network(c["cIn"] * x, c["cNoise"].flatten())
    return c["cSkip"] * x + c["cOut"] * output, activations
