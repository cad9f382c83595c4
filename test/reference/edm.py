"""EDM's own networks, run: edm.py CHECKOUT records what "SongUNet" and its preconditionings compute.

CHECKOUT is a clone of https://github.com/NVlabs/edm (commit 008a4e5). Its code is under CC BY-NC-SA 4.0: it is run here, no part of it
is in this repository. Recorded are

- recorded/edm-NAME.json, in float64: denoised images and the activation of every block of a network filled by `set_waves` (networks.py), the
  loss and its gradients; recorded/edm-counts.json: the sizes of the full networks. Images: wave([B, H, W, C], 0.37, 0.1, 0.8); noise: wave(same, 2.3, 0.7, 1.2), NHWC. Of activations and
  gradients the norm is recorded, and every `stride`-th element of the library's flat layout.
- recorded/edm-export.safetensors: the state of a small network with random weights as EDM's code names and stores it, and
  recorded/edm-export.json: what it computes.

How to run: see reference.py; also needs safetensors, requests, scipy.
"""

import sys

import torch
from safetensors.torch import save_file

sys.path.insert(0, sys.argv[1])
from training.networks import EDMPrecond, VPPrecond  # noqa: E402

from networks import library_layout, set_waves  # noqa: E402
from reference import RECORDED, numbers, save, wave  # noqa: E402
from unet import sampled  # noqa: E402

# EDM's code turns everything to float32 by name. Its rounding, in noise levels of up to 999 most of all, would be what is compared.
torch.float32 = torch.float64

CONFIGS = {
    # The arrangement of the paper's networks, with few channels.
    "paper": {"size": 32, "channels": 8, "multipliers": [2, 2, 2], "blocks": 4, "attention": [16], "precondition": "vp"},
    # Growing channels, attention at two resolutions, EDM's preconditioning.
    "growing": {"size": 16, "channels": 12, "multipliers": [1, 2], "blocks": 2, "attention": [16, 8], "precondition": "edm"},
    # Small enough to keep its weights.
    "export": {"size": 8, "channels": 4, "multipliers": [1, 2], "blocks": 1, "attention": [8], "precondition": "edm"},
}
SIGMA = [0.05, 1.7]


def create(config):
    wrapper = {"edm": EDMPrecond, "vp": VPPrecond}[config["precondition"]]
    denoiser = wrapper(
        config["size"],
        3,
        model_type="SongUNet",
        model_channels=config["channels"],
        channel_mult=config["multipliers"],
        num_blocks=config["blocks"],
        attn_resolutions=config["attention"],
        dropout=0.13,
    )
    return denoiser.double().eval()


def evaluate(denoiser, config):
    """Denoised images, the output of every block by name, the loss."""
    network, found = denoiser.model, {}
    keep = lambda layer: lambda _, inputs, output: found.update({layer: output})
    hooks = [block.register_forward_hook(keep(f"enc.{name}")) for name, block in network.enc.items()]
    hooks += [block.register_forward_hook(keep(name)) for name, block in network.dec.items() if "aux" not in name]
    shape = [len(SIGMA), config["size"], config["size"], 3]
    images = wave(shape, 0.37, 0.1, 0.8).permute(0, 3, 1, 2)
    noise = wave(shape, 2.3, 0.7, 1.2).permute(0, 3, 1, 2)
    sigma = torch.tensor(SIGMA, dtype=torch.float64).view(-1, 1, 1, 1)
    denoised = denoiser(images + sigma * noise, sigma)
    weight = 1 / sigma**2 if config["precondition"] == "vp" else (sigma**2 + 0.25) / (sigma * 0.5) ** 2
    loss = (weight * (denoised - images) ** 2).mean()
    for hook in hooks:
        hook.remove()
    return denoised, found, loss


def record(name, config):
    torch.manual_seed(0)
    denoiser = create(config)
    if name == "export":
        with torch.no_grad():
            for parameter in denoiser.parameters():
                parameter.copy_((parameter + torch.randn(parameter.shape) * 0.1).float())
        save_file({k: v.float().contiguous() for k, v in denoiser.state_dict().items()}, RECORDED / "edm-export.safetensors")
    else:
        set_waves(denoiser.model)
    denoised, activations, loss = evaluate(denoiser, config)
    loss.backward()
    gradients = {n: sampled(library_layout(n, p.grad), 8) for n, p in denoiser.model.named_parameters()}
    save(
        f"edm-{name}",
        {
            "config": config,
            "sigma": SIGMA,
            "parameterCount": sum(p.numel() for p in denoiser.parameters()),
            "parameterNames": list(gradients),
            "denoised": sampled(denoised.permute(0, 2, 3, 1), 400),
            "activations": {n: sampled(a.permute(0, 2, 3, 1), 60) for n, a in activations.items()},
            "loss": loss.item(),
            "gradients": gradients,
        },
    )


def counts():
    """Parameters of the paper's networks, by channels."""
    count = lambda network: sum(p.numel() for p in network.parameters())
    return {str(channels): count(create({**CONFIGS["paper"], "channels": channels})) for channels in (32, 64, 128)}


if __name__ == "__main__":
    for name, config in CONFIGS.items():
        record(name, config)
    save("edm-counts", counts())
