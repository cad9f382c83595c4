"""A small UNet2DModel trained with diffusers on the digits -> notebooks/models/ddpm-digits, a pipeline folder for notebook 04.

Trained on 1,000 of the 1,797 images: those whose place in the file leaves a remainder below 5 when divided by 9. The notebook tests on
the others. Saved are the exponential moving averages of the weights. Takes four minutes on one core.

How to run: see reference.py; also needs diffusers==0.35.2.
"""

import gzip
import pathlib

import numpy as np
import torch
from diffusers import DDPMPipeline, DDPMScheduler, UNet2DModel
from diffusers.training_utils import EMAModel
from torch.nn import functional as F

ROOT = pathlib.Path(__file__).parents[2]
STEPS, BATCH, RATE, WARM_UP, DECAY = 6000, 64, 4e-3, 200, 0.999


def training_images():
    """[1000, 1, 8, 8] in [-1, 1], as 8-bit pixels."""
    with gzip.open(ROOT / "src/data/digits.csv.gz") as file:
        rows = np.loadtxt(file, delimiter=",")
    rows = rows[np.arange(len(rows)) % 9 < 5, :64]
    return torch.tensor(np.round(rows / 16 * 255) / 127.5 - 1, dtype=torch.float32).reshape(-1, 1, 8, 8)


def create():
    return UNet2DModel(
        sample_size=8,
        in_channels=1,
        out_channels=1,
        block_out_channels=(16, 16),
        down_block_types=("DownBlock2D", "DownBlock2D"),
        up_block_types=("UpBlock2D", "UpBlock2D"),
        layers_per_block=1,
        norm_num_groups=8,
        attention_head_dim=8,
    )


def train(unet, scheduler, images):
    """Predicts the noise at timesteps drawn evenly; the averaged weights are left in `unet`."""
    average = EMAModel(unet.parameters(), decay=DECAY)
    optimizer = torch.optim.Adam(unet.parameters(), RATE)
    for step in range(STEPS):
        for group in optimizer.param_groups:
            group["lr"] = RATE * min(1, (step + 1) / WARM_UP, 2 * (1 - step / STEPS))
        chosen = images[torch.randint(len(images), [BATCH])]
        noise = torch.randn_like(chosen)
        timesteps = torch.randint(scheduler.config.num_train_timesteps, [BATCH])
        loss = F.mse_loss(unet(scheduler.add_noise(chosen, noise, timesteps), timesteps).sample, noise)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        average.step(unet.parameters())
        if step % 1000 == 0:
            print(step, loss.item(), flush=True)
    average.copy_to(unet.parameters())


if __name__ == "__main__":
    torch.set_num_threads(1)
    torch.manual_seed(0)
    unet, scheduler = create(), DDPMScheduler(beta_schedule="squaredcos_cap_v2")
    train(unet, scheduler, training_images())
    DDPMPipeline(unet, scheduler).save_pretrained(ROOT / "notebooks/models/ddpm-digits")
