"""diffusers' UNet2DModel and schedulers, run in float64 -> recorded/diffusers-NAME.json, recorded/diffusers-schedules.json.

- diffusers-NAME.json: configuration and number of parameters; with the weights of `set_hashed`, what the network and the scheduler
  compute of images hashed([2, H, W, C], 1000) with noise hashed(same, 1001), NHWC:
    output, activations    of the network for the images as they are at TIMESTEPS: every resnet, attention, down- and upsampler
    denoised               the scheduler's estimate of the clean images from images + sigma noise, at the sigma of each of LEVELS
  The norm is recorded, and every `stride`-th element of the library's flat layout.
- diffusers-schedules.json: sigma of some timesteps, and timesteps of some sigma between, of several schedulers.
- diffusers-digits.json: the same of the trained pipeline in notebooks/models/ddpm-digits.

How to run: see reference.py; also needs diffusers==0.35.2.
"""

import math

import diffusers
import numpy as np
import torch
from diffusers import DDPMPipeline, DDPMScheduler, UNet2DModel

from networks import library_layout, torch_layout
from reference import RECORDED, save
from unet import sampled

TRAINED = DDPMPipeline.from_pretrained(RECORDED.parents[2] / "notebooks/models/ddpm-digits")

# diffusers turns timesteps and betas to float32 by name. Its rounding would be what is compared.
torch.float32 = torch.float64
torch.Tensor.float = torch.Tensor.double

TIMESTEPS = [3, 620]
LEVELS = [20, 250, 500, 900]

CONFIGS = {
    # google/ddpm-cifar10-32, as its config.json says.
    "cifar10": {
        "unet": {
            "sample_size": 32,
            "attention_head_dim": None,
            "block_out_channels": [128, 256, 256, 256],
            "down_block_types": ["DownBlock2D", "AttnDownBlock2D", "DownBlock2D", "DownBlock2D"],
            "up_block_types": ["UpBlock2D", "UpBlock2D", "AttnUpBlock2D", "UpBlock2D"],
            "downsample_padding": 0,
            "flip_sin_to_cos": False,
            "freq_shift": 1,
            "layers_per_block": 2,
            "norm_eps": 1e-6,
        },
        "scheduler": {"beta_schedule": "linear", "prediction_type": "epsilon"},
    },
    # Several heads, images that are not square, v prediction, a middle block that is scaled and has groups of its own.
    "heads": {
        "unet": {
            "sample_size": [8, 16],
            "in_channels": 1,
            "out_channels": 1,
            "attention_head_dim": 4,
            "block_out_channels": [12, 24],
            "down_block_types": ["AttnDownBlock2D", "AttnDownBlock2D"],
            "up_block_types": ["AttnUpBlock2D", "UpBlock2D"],
            "layers_per_block": 2,
            "mid_block_scale_factor": 1.5,
            "norm_num_groups": 6,
            "attn_norm_num_groups": 3,
        },
        "scheduler": {"beta_schedule": "squaredcos_cap_v2", "prediction_type": "v_prediction"},
    },
    # No attention at all, three resolutions, a narrow embedding of the timestep; the network predicts the image.
    "plain": {
        "unet": {
            "sample_size": 8,
            "add_attention": False,
            "block_out_channels": [8, 16, 8],
            "down_block_types": ["DownBlock2D", "DownBlock2D", "DownBlock2D"],
            "up_block_types": ["UpBlock2D", "UpBlock2D", "UpBlock2D"],
            "layers_per_block": 1,
            "norm_eps": 1e-3,
            "norm_num_groups": 4,
            "time_embedding_dim": 20,
        },
        "scheduler": {"beta_schedule": "scaled_linear", "beta_start": 0.00085, "beta_end": 0.012, "prediction_type": "sample"},
    },
    # No middle block, one resolution, other frequencies.
    "flat": {
        "unet": {
            "sample_size": 6,
            "in_channels": 2,
            "out_channels": 2,
            "block_out_channels": [16],
            "down_block_types": ["AttnDownBlock2D"],
            "mid_block_type": None,
            "up_block_types": ["AttnUpBlock2D"],
            "layers_per_block": 1,
            "norm_num_groups": 8,
            "freq_shift": 1,
        },
        "scheduler": {"trained_betas": np.linspace(1e-3, 0.05, 1000).round(5).tolist(), "prediction_type": "epsilon"},
    },
}


def hashed(shape, seed):
    """Numbers even in [-1, 1): hashed.ts computes the same in TypeScript."""
    bits = np.arange(math.prod(shape), dtype=np.uint32) + np.uint32(seed * 0x9E3779B1 % 2**32)
    bits = (bits ^ (bits >> 16)) * np.uint32(0x85EBCA6B)
    bits = (bits ^ (bits >> 13)) * np.uint32(0xC2B2AE35)
    bits = bits ^ (bits >> 16)
    return torch.tensor(bits / 2**31 - 1, dtype=torch.float64).reshape(shape)


def set_hashed(network):
    """hashedParameters of hashed.ts."""
    for i, (name, parameter) in enumerate(network.named_parameters()):
        shape = list(library_layout(name, parameter).shape)
        scale = math.sqrt(3 / math.prod(shape[:-1])) if len(shape) > 1 else 0.2
        shift = 1 if "norm" in name and name.endswith("weight") else 0
        parameter.data = torch_layout(hashed(shape, i) * scale + shift).contiguous()


def is_layer(name):
    """Whether a module is an element of a block's resnets, attentions, downsamplers or upsamplers, or the first convolution."""
    parts = name.split(".")
    return name == "conv_in" or (parts[-1].isdigit() and parts[-2] in ("resnets", "attentions", "downsamplers", "upsamplers"))


def evaluate(network, images):
    """The output at TIMESTEPS, and that of every layer in the order in which they are computed."""
    found = {}
    keep = lambda name: lambda _, inputs, output: found.update({name: output})
    hooks = [module.register_forward_hook(keep(name)) for name, module in network.named_modules() if is_layer(name)]
    output = network(images, torch.tensor(TIMESTEPS)).sample
    for hook in hooks:
        hook.remove()
    return output, found


def sigma_of(scheduler, timestep):
    remaining = scheduler.alphas_cumprod[timestep]
    return math.sqrt((1 - remaining) / remaining)


def denoise(network, scheduler, images, noise, timestep):
    """The scheduler's own estimate of x_0 from its own x_t = add_noise(x_0)."""
    noisy = scheduler.add_noise(images, noise, torch.tensor([timestep]))
    prediction = network(noisy, timestep).sample
    scheduler.set_timesteps(timesteps=[timestep, 0])
    return scheduler.step(prediction, timestep, noisy, generator=torch.Generator().manual_seed(0)).pred_original_sample


@torch.no_grad()
def record(name, network, scheduler, settings):
    config = network.config
    height, width = config.sample_size if isinstance(config.sample_size, (list, tuple)) else [config.sample_size] * 2
    shape = [len(TIMESTEPS), height, width, config.in_channels]
    images, noise = [hashed(shape, seed).permute(0, 3, 1, 2) for seed in (1000, 1001)]
    output, activations = evaluate(network, images)
    save(
        f"diffusers-{name}",
        {
            **settings,
            "parameterCount": sum(p.numel() for p in network.parameters()),
            "parameterNames": [n for n, _ in network.named_parameters()],
            "timesteps": TIMESTEPS,
            "output": sampled(output.permute(0, 2, 3, 1), 100),
            "activations": {n: sampled(a.permute(0, 2, 3, 1), 30) for n, a in activations.items()},
            "denoised": [
                {
                    "sigma": sigma_of(scheduler, level),
                    **sampled(denoise(network, scheduler, images, noise, level).permute(0, 2, 3, 1), 60),
                }
                for level in LEVELS
            ],
        },
    )


def record_config(name, config):
    unet = {"_class_name": "UNet2DModel", **config["unet"]}
    scheduler = {"_class_name": "DDPMScheduler", **config["scheduler"]}
    network = UNet2DModel(**config["unet"]).double().eval()
    set_hashed(network)
    record(name, network, DDPMScheduler(clip_sample=False, **config["scheduler"]), {"unet": unet, "scheduler": scheduler})


SCHEDULES = [
    {},
    {"beta_start": 0.001, "beta_end": 0.02, "num_train_timesteps": 400},
    {"beta_schedule": "scaled_linear", "beta_start": 0.00085, "beta_end": 0.012},
    {"beta_schedule": "squaredcos_cap_v2"},
    {"beta_schedule": "squaredcos_cap_v2", "num_train_timesteps": 64},
    {"trained_betas": [0.01, 0.02, 0.05, 0.3]},
]
SCHEDULERS = [
    "DDPMScheduler",
    "DDIMScheduler",
    "PNDMScheduler",
    "DPMSolverMultistepScheduler",
    "DPMSolverSinglestepScheduler",
    "DEISMultistepScheduler",
    "UniPCMultistepScheduler",
    "EulerDiscreteScheduler",
    "EulerAncestralDiscreteScheduler",
    "HeunDiscreteScheduler",
    "LMSDiscreteScheduler",
]


def schedules():
    """sigma of every `stride`-th timestep, and the scheduler_config.json that the scheduler writes: all of DDPM's, one of each other."""
    for name in SCHEDULERS:
        for options in SCHEDULES if name == "DDPMScheduler" else SCHEDULES[3:4]:
            scheduler = getattr(diffusers, name)(**options)
            sigmas = [sigma_of(scheduler, t) for t in range(len(scheduler.alphas_cumprod))]
            stride = math.ceil(len(sigmas) / 8)
            yield {"name": name, "config": scheduler.to_json_string(), "count": len(sigmas), "stride": stride, "sigmas": sigmas[::stride]}


def fractional():
    """Timesteps between whole ones: NumPy's interpolation in ln sigma, beyond the ends as well."""
    scheduler = DDPMScheduler()
    levels = np.log([sigma_of(scheduler, t) for t in range(1000)])
    sigmas = [0.002, 0.0100005, 0.02, 0.0777, 0.3, 1, 5.5, 40, 157, 300]
    return {"sigmas": sigmas, "timesteps": np.interp(np.log(sigmas), levels, np.arange(1000)).tolist()}


if __name__ == "__main__":
    for name, config in CONFIGS.items():
        record_config(name, config)
    save("diffusers-schedules", {"schedules": list(schedules()), "fractional": fractional()})
    scheduler = DDPMScheduler.from_config(TRAINED.scheduler.config, clip_sample=False)
    record("digits", TRAINED.unet.double().eval(), scheduler, {})
