"""EDM's DDPM++ network in PyTorch, written to be fast (fused attention), for the benchmarks alone: the same layers as design 'ddpm++'."""

import math

import torch
from torch import nn
from torch.nn import functional as F


class Block(nn.Module):
    def __init__(self, c_in, c_out, embedding, resample=None, attends=False):
        super().__init__()
        norm = lambda c: nn.GroupNorm(min(32, c // 4), c, eps=1e-6)
        self.resample = resample
        self.norm0, self.norm1 = norm(c_in), norm(c_out)
        self.conv0 = nn.Conv2d(c_in, c_out, 3, padding=1)
        self.conv1 = nn.Conv2d(c_out, c_out, 3, padding=1)
        self.affine = nn.Linear(embedding, c_out)
        self.skip = nn.Conv2d(c_in, c_out, 1) if c_in != c_out or resample else nn.Identity()
        self.attends = attends
        if attends:
            self.norm2 = norm(c_out)
            self.qkv = nn.Conv2d(c_out, 3 * c_out, 1)
            self.proj = nn.Conv2d(c_out, c_out, 1)

    def scale(self, x):
        if self.resample == "down":
            return F.avg_pool2d(x, 2)
        return F.interpolate(x, scale_factor=2, mode="nearest") if self.resample == "up" else x

    def forward(self, x, e):
        h = self.conv0(self.scale(F.silu(self.norm0(x)))) + self.affine(e)[:, :, None, None]
        x = (self.conv1(F.silu(self.norm1(h))) + self.skip(self.scale(x))) * math.sqrt(0.5)
        if not self.attends:
            return x
        q, k, v = self.qkv(self.norm2(x)).flatten(2).transpose(1, 2).chunk(3, 2)
        attended = F.scaled_dot_product_attention(q, k, v).transpose(1, 2).reshape(x.shape)
        return (self.proj(attended) + x) * math.sqrt(0.5)


class DdpmUNet(nn.Module):
    def __init__(self, config):
        super().__init__()
        size, _, colours = config["imageShape"]
        channels, blocks, attention = config["channels"], config["blocks"], config["attentionResolutions"]
        embedding = 4 * channels
        frequencies = 10000.0 ** -(torch.arange(channels // 2) / (channels // 2 - 1))
        self.register_buffer("frequencies", frequencies)
        self.map_layer0 = nn.Linear(channels, embedding)
        self.map_layer1 = nn.Linear(embedding, embedding)
        self.first = nn.Conv2d(colours, channels, 3, padding=1)
        self.encoder, self.decoder = nn.ModuleList(), nn.ModuleList()
        c, skips = channels, [channels]
        for level, multiplier in enumerate(config["multipliers"]):
            if level > 0:
                self.encoder.append(Block(c, c, embedding, "down"))
                skips.append(c)
            for _ in range(blocks):
                self.encoder.append(Block(c, channels * multiplier, embedding, attends=size >> level in attention))
                c = channels * multiplier
                skips.append(c)
        self.joins = []
        for level in reversed(range(len(config["multipliers"]))):
            if level == len(config["multipliers"]) - 1:
                self.decoder.extend([Block(c, c, embedding, attends=True), Block(c, c, embedding)])
                self.joins += [False, False]
            else:
                self.decoder.append(Block(c, c, embedding, "up"))
                self.joins.append(False)
            for i in range(blocks + 1):
                attends = i == blocks and size >> level in attention
                self.decoder.append(Block(c + skips.pop(), channels * config["multipliers"][level], embedding, attends=attends))
                self.joins.append(True)
                c = channels * config["multipliers"][level]
        self.norm = nn.GroupNorm(min(32, c // 4), c, eps=1e-6)
        self.last = nn.Conv2d(c, colours, 3, padding=1)

    def forward(self, x, c_noise):
        angles = c_noise[:, None] * self.frequencies
        e = F.silu(self.map_layer1(F.silu(self.map_layer0(torch.cat([angles.cos(), angles.sin()], 1)))))
        h = self.first(x)
        outputs = [h]
        for block in self.encoder:
            h = block(h, e)
            outputs.append(h)
        for block, joins in zip(self.decoder, self.joins):
            h = block(torch.cat([h, outputs.pop()], 1) if joins else h, e)
        return self.last(F.silu(self.norm(h))), {}
