"""50 steps of Adam on the digits U-Net, in float64 -> recorded/unet-training.json.

Weights: `set_waves` in networks.py. Step i = 0..49 sees 8 images wave([8, 8, 8, 1], 0.37, 0.1 + 0.9 i, 0.8), their noise
wave(same, 2.3, 0.7 + 1.3 i, 1.2), NHWC, and noise levels exp(-1.6 + wave([8], 1.9, 0.4 i, 1.4)); its learning rate is
4e-3 min(1, (i + 1) / 100). Of gradients (of step 0) and weights (after step 49) the norm is recorded, and every `stride`-th element
of the library's flat layout.

How to run: see reference.py.
"""

import torch

from networks import UNet, denoise, edm, library_layout, set_waves
from reference import numbers, save, wave
from unet import CONFIGS, sampled

STEPS, BATCH, RATE, WARM_UP = 50, 8, 4e-3, 100

config = dict(CONFIGS["digits"])
noise_scale = config.pop("noiseScale")
config.pop("sigma")
network = UNet(config).double()
set_waves(network)
optimizer = torch.optim.Adam(network.parameters(), RATE)
layouts = lambda pick: {n: sampled(library_layout(n, pick(p)), 32) for n, p in network.named_parameters()}
losses, gradients = [], None
for step in range(STEPS):
    shape = [BATCH, *config["imageShape"]]
    images = wave(shape, 0.37, 0.1 + 0.9 * step, 0.8).permute(0, 3, 1, 2)
    noise = wave(shape, 2.3, 0.7 + 1.3 * step, 1.2).permute(0, 3, 1, 2)
    sigma = torch.exp(-1.6 + wave([BATCH], 1.9, 0.4 * step, 1.4))
    denoised, _ = denoise(network, images + sigma.view(-1, 1, 1, 1) * noise, sigma, noise_scale=noise_scale)
    loss = (edm(sigma)["lossWeight"].view(-1, 1, 1, 1) * (denoised - images) ** 2).mean()
    optimizer.zero_grad()
    loss.backward()
    gradients = gradients or layouts(lambda p: p.grad)
    optimizer.param_groups[0]["lr"] = RATE * min(1, (step + 1) / WARM_UP)
    optimizer.step()
    losses.append(loss.item())

save(
    "unet-training",
    {
        "config": config,
        "noiseScale": noise_scale,
        "batch": BATCH,
        "learningRate": RATE,
        "warmUpSteps": WARM_UP,
        "losses": numbers(torch.tensor(losses, dtype=torch.float64)),
        "gradients": gradients,
        "weights": layouts(lambda p: p.data),
    },
)
