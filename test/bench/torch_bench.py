"""The workloads of workloads.ts in PyTorch and scikit-learn: torch_bench.py WORKLOAD THREADS eager|compile prints one JSON line."""

import copy
import json
import pathlib
import resource
import sys
import time

import torch

sys.path.insert(0, str(pathlib.Path(__file__).parent.parent / "reference"))
from networks import ResidualMlp, UNet, denoise, edm  # noqa: E402
from torch_networks import DdpmUNet

DIGITS = dict(imageShape=[8, 8, 1], channels=16, multipliers=[1, 1], blocks=1, noiseChannels=16, maxGroups=8, epsilon=1e-5)


DDPM = dict(imageShape=[32, 32, 3], channels=32, multipliers=[2, 2, 2], blocks=2, attentionResolutions=[16])
MLP = dict(imageShape=[8, 8, 1], width=256, blocks=4)


def model(config):
    torch.manual_seed(0)
    if config is MLP:
        return ResidualMlp(64, config["width"], config["blocks"]).float()
    network = DdpmUNet(config) if config is DDPM else UNet(config)
    return network.float().to(memory_format=torch.channels_last)


def images(config, count):
    height, width, channels = config["imageShape"]
    return (torch.rand(count, channels, height, width) * 2 - 1).to(memory_format=torch.channels_last)


def training_step(config, batch, steps, compiled):
    network = model(config)
    average = copy.deepcopy(network)
    weights, averages = list(network.parameters()), list(average.parameters())
    optimizer = torch.optim.Adam(network.parameters(), 4e-3, fused=True)
    data = images(config, 1000)

    def loss_of(x, sigma, noise):
        weight = edm(sigma)["lossWeight"].view(-1, 1, 1, 1)
        denoised, _ = denoise(network, x + sigma.view(-1, 1, 1, 1) * noise, sigma, noise_scale=2)
        return (weight * (denoised - x) ** 2).mean()

    loss_of = torch.compile(loss_of) if compiled else loss_of

    def rounds():
        for _ in range(steps):
            x = data[torch.randint(len(data), (batch,))]
            sigma = torch.exp(torch.randn(batch) * 1.4 - 1.6)
            loss = loss_of(x, sigma, torch.randn_like(x))
            optimizer.zero_grad(set_to_none=True)
            loss.backward()
            optimizer.step()
            with torch.no_grad():
                torch._foreach_lerp_(averages, weights, 0.01)
            loss.item()
        return steps

    return rounds


def extraction(config, count, compiled):
    network = model(config).eval()
    data = images(config, count)
    run = torch.compile(denoise) if compiled else denoise

    @torch.no_grad()
    def rounds():
        for start in range(0, count, 200):
            x = data[start : start + 200]
            _, activations = run(network, x + 0.15 * torch.randn_like(x), torch.full((len(x),), 0.15), noise_scale=2)
            activations["8x8_up"].mean((2, 3)).numpy()
        return count

    return rounds


def sampling(config, count, compiled):
    network = model(config).eval()
    run = torch.compile(denoise) if compiled else denoise
    steps = torch.arange(18)
    sigmas = (80 ** (1 / 7) + steps / 17 * (0.002 ** (1 / 7) - 80 ** (1 / 7))) ** 7

    @torch.no_grad()
    def rounds():
        for start in range(0, count, 256):
            size = min(256, count - start)
            x = torch.randn_like(images(config, size)) * sigmas[0]
            at = lambda x, s: run(network, x, s.expand(size), noise_scale=2)[0]
            for i in range(18):
                sigma, next_sigma = sigmas[i], sigmas[i + 1] if i < 17 else torch.tensor(0.0)
                slope = (x - at(x, sigma)) / sigma
                moved = x + (next_sigma - sigma) * slope
                if next_sigma > 0:
                    slope = (slope + (moved - at(moved, next_sigma)) / next_sigma) / 2
                    moved = x + (next_sigma - sigma) * slope
                x = moved
            x.numpy()
        return count

    return rounds


def probe(count, width, classes):
    from sklearn.linear_model import LogisticRegression

    torch.manual_seed(1)
    features = torch.randn(count, width)
    labels = torch.arange(count) % classes
    for k in range(4):
        features[torch.arange(count), (labels * 3 + k) % width] += 0.7
    features, labels = features.double().numpy(), labels.numpy()

    def rounds():
        LogisticRegression(C=1 / (1e-3 * count), tol=1e-6, max_iter=1000).fit(features, labels)
        return 1

    return rounds


def neighbours(queries, references, width):
    a, b = torch.rand(queries, width), torch.rand(references, width)

    def rounds():
        torch.cdist(a, b).topk(2, largest=False)
        return queries

    return rounds


WORKLOADS = {
    "training step, digits U-Net, batch 32": lambda compiled: training_step(DIGITS, 32, 50, compiled),
    "training step, DDPM++ of 32 channels at 32x32, batch 16": lambda compiled: training_step(DDPM, 16, 6, compiled),
    "training step, DDPM++ of 32 channels at 32x32, batch 64": lambda compiled: training_step(DDPM, 64, 3, compiled),
    "training step, residual MLP, batch 32": lambda compiled: training_step(MLP, 32, 200, compiled),
    "feature extraction, digits U-Net": lambda compiled: extraction(DIGITS, 1000, compiled),
    "Heun sampling, digits U-Net, 18 steps": lambda compiled: sampling(DIGITS, 300, compiled),
    "probe, 2,000 x 64 features, 10 classes": lambda compiled: probe(2000, 64, 10),
    "probe, 20,000 x 512 features, 10 classes": lambda compiled: probe(20000, 512, 10),
    "nearest neighbours, 1,000 in 50,000 x 3,072": lambda compiled: neighbours(1000, 50000, 3072),
}

name, threads, mode = sys.argv[1:]
torch.set_num_threads(int(threads))
rounds = WORKLOADS[name](mode == "compile")
rounds()
start = time.perf_counter()
units = rounds()
seconds = time.perf_counter() - start
print(json.dumps({"seconds": seconds, "units": units, "peakMegabytes": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024}))
