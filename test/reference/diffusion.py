"""Preconditioning, noise schedule and Heun sampler in float64 -> recorded/diffusion.json.

Keys: `preconditioning` (EDM's, two settings, sigma from 0.002 to 80), `vp` (the variance-preserving one, and sigma at some times), `schedule` (18 steps, rho 7), `gaussian` (the Heun trajectory for the
exact denoiser of pixels ~ N(0.3, 0.4^2)), `unet` (five Heun steps of the `digits` U-Net of unet.py: start and every state).

How to run: see reference.py.
"""

import torch

from networks import UNet, denoise, edm, set_waves
from reference import numbers, save, wave
from unet import CONFIGS

MEAN, DEVIATION = 0.3, 0.4


def schedule(steps, sigma_min=0.002, sigma_max=80.0, rho=7):
    """Karras et al. 2022, eq. 5, and a final 0."""
    i = torch.arange(steps, dtype=torch.float64)
    top, bottom = sigma_max ** (1 / rho), sigma_min ** (1 / rho)
    return torch.cat([(top + i / (steps - 1) * (bottom - top)) ** rho, torch.zeros(1, dtype=torch.float64)])


def heun(denoiser, x, sigmas):
    """Algorithm 1 of Karras et al. 2022; the states after each step."""
    states = []
    for now, following in zip(sigmas[:-1], sigmas[1:]):
        d = (x - denoiser(x, now)) / now
        euler = x + (following - now) * d
        if following > 0:
            d_next = (euler - denoiser(euler, following)) / following
            x = x + (following - now) * (d + d_next) / 2
        else:
            x = euler
        states.append(x)
    return states


def exact(x, sigma):
    return (DEVIATION**2 * x + sigma**2 * MEAN) / (DEVIATION**2 + sigma**2)


sigma = torch.tensor([0.002, 0.01, 0.15, 0.5, 1.0, 7.0, 80.0], dtype=torch.float64)
settings = [{"sigmaData": 0.5, "noiseScale": 0.25}, {"sigmaData": 0.31, "noiseScale": 2.0}]
preconditioning = [
    {**s, "sigma": sigma.tolist(), **{k: numbers(v) for k, v in edm(sigma, s["sigmaData"], s["noiseScale"]).items()}}
    for s in settings
]



def vp_sigma(t):
    """Karras et al. 2022, table 1, VP: beta_d = 19.9, beta_min = 0.1."""
    return torch.expm1(19.9 / 2 * t**2 + 0.1 * t).sqrt()


def vp_time(sigma):
    """The inverse of vp_sigma, by bisection."""
    low, high = torch.zeros_like(sigma), torch.ones_like(sigma)
    for _ in range(60):
        middle = (low + high) / 2
        above = vp_sigma(middle) > sigma
        low, high = torch.where(above, low, middle), torch.where(above, middle, high)
    return low


times = torch.tensor([1e-5, 1e-3, 0.05, 0.25, 0.5, 0.75, 1.0], dtype=torch.float64)
vp = {
    "times": times.tolist(),
    "sigmas": numbers(vp_sigma(times)),
    "sigma": sigma.tolist(),
    "cSkip": [1.0] * len(sigma),
    "cOut": numbers(-sigma),
    "cIn": numbers(1 / (sigma**2 + 1).sqrt()),
    "cNoise": numbers(999 * vp_time(sigma)),
    "lossWeight": numbers(1 / sigma**2),
}

start = wave([2, 2, 2, 1], 0.9, 0.4, 80)
gaussian = heun(exact, start, schedule(18))

config = dict(CONFIGS["digits"])
network = UNet(config).double()
set_waves(network)
with torch.no_grad():
    one = lambda x, s: denoise(network, x, s.expand(len(x)), noise_scale=config["noiseScale"])[0]
    noise = wave([2, 8, 8, 1], 2.3, 0.7, 1.2)
    states = heun(one, noise.permute(0, 3, 1, 2) * 10, schedule(5, 0.01, 10.0))

save(
    "diffusion",
    {
        "preconditioning": preconditioning,
        "vp": vp,
        "schedule": numbers(schedule(18), 12),
        "gaussian": {"mean": MEAN, "deviation": DEVIATION, "start": numbers(start), "states": [numbers(s) for s in gaussian]},
        "unet": {"sigmas": schedule(5, 0.01, 10.0).tolist(), "states": [numbers(s.permute(0, 2, 3, 1)) for s in states]},
    },
)
