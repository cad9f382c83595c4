"""Forward pass, activations, denoising loss and its gradients of two U-Nets, in float64 -> recorded/unet-<name>.json.

Weights: `set_waves` in networks.py. Images: wave([B, H, W, C], 0.37, 0.1, 0.8); noise: wave(same, 2.3, 0.7, 1.2), NHWC.
Of gradients and activations the norm is recorded, and some elements: every `stride`-th of the library's flat layout.

How to run: see reference.py.
"""

import math

import torch

from networks import UNet, denoise, edm, library_layout, set_waves
from reference import numbers, save, wave

CONFIGS = {
    # The digits network.
    "digits": {
        "imageShape": [8, 8, 1],
        "channels": 16,
        "multipliers": [1, 1],
        "blocks": 1,
        "noiseChannels": 16,
        "maxGroups": 8,
        "epsilon": 1e-5,
        "sigma": [0.05, 0.7],
        "noiseScale": 2,
    },
    # Colours, images that are not square, growing channels, two blocks, three resolutions.
    "wide": {
        "imageShape": [8, 12, 3],
        "channels": 8,
        "multipliers": [1, 2, 3],
        "blocks": 2,
        "noiseChannels": 12,
        "maxGroups": 32,
        "epsilon": 1e-6,
        "sigma": [0.3, 1.9],
        "noiseScale": 0.25,
    },
}


def sampled(tensor, most):
    """Norm, and at most so many elements."""
    stride = math.ceil(tensor.numel() / most)
    return {"norm": float(f"{tensor.norm():.8g}"), "stride": stride, "values": numbers(tensor.flatten()[::stride], 7)}


def record(name, config):
    config = dict(config)
    sigma = torch.tensor(config.pop("sigma"), dtype=torch.float64)
    noise_scale = config.pop("noiseScale")
    network = UNet(config).double()
    set_waves(network)
    shape = [len(sigma), *config["imageShape"]]
    images = wave(shape, 0.37, 0.1, 0.8).permute(0, 3, 1, 2)
    noise = wave(shape, 2.3, 0.7, 1.2).permute(0, 3, 1, 2)
    noisy = images + sigma.view(-1, 1, 1, 1) * noise
    denoised, activations = denoise(network, noisy, sigma, noise_scale=noise_scale)
    weight = edm(sigma)["lossWeight"].view(-1, 1, 1, 1)
    loss = (weight * (denoised - images) ** 2).mean()
    loss.backward()
    gradients = {n: sampled(library_layout(n, p.grad), 32) for n, p in network.named_parameters()}
    save(
        f"unet-{name}",
        {
            "config": config,
            "sigma": sigma.tolist(),
            "noiseScale": noise_scale,
            "parameterCount": sum(p.numel() for p in network.parameters()),
            "parameterNames": list(gradients),
            "denoised": numbers(denoised.permute(0, 2, 3, 1)),
            "activations": {n: sampled(a.permute(0, 2, 3, 1), 300) for n, a in activations.items()},
            "loss": loss.item(),
            "gradients": gradients,
        },
    )


if __name__ == "__main__":
    for name, config in CONFIGS.items():
        record(name, config)
