"""Adam with linear warm-up, and the exponential moving average of the weights, over 20 steps -> recorded/adam-ema.json.

torch.optim.Adam (torch 2.13.0) in float64 on two parameter tensors, `matrix` [3, 4] and `vector` [5]. The gradients are prescribed,
not computed from the parameters, and span eleven orders of magnitude, so that epsilon's place in the update matters:
  p <- p - rate * mhat / (sqrt(vhat) + epsilon).

Keys of the recorded file, every list by step i = 0..19 and every tensor flat, row-major:
  learningRate, beta1, beta2, epsilon     of Adam; learningRate is the full rate after warm-up
  warmupSteps                             rate of step i = learningRate * min(1, (i + 1) / warmupSteps)
  rates                                   the rate that step i used
  batchSize, halfLifeImages               EMA: beta_i = min(0.5 ** (batchSize / halfLifeImages), (1 + i) / (10 + i))
  emaBetas                                beta_i; after step i: ema <- beta_i * ema + (1 - beta_i) * p, and ema starts equal to p
  shapes                                  by parameter
  initial                                 the parameters before step 0, by name
  gradients, parameters, ema              lists over steps of {matrix, vector}: the gradient used by step i, and the values after it

How to run: see reference.py.
"""

import torch

from reference import numbers, save, wave

STEPS, RATE, BETAS, EPSILON, WARMUP = 20, 4e-3, (0.9, 0.999), 1e-8, 8
BATCH, HALF_LIFE = 32, 48  # so short that both arms of the minimum are used
SHAPES = {"matrix": [3, 4], "vector": [5]}


def gradient(name, step):
    """Smooth in the step, different in each element; scales from 10 down to 1e-10."""
    shape = SHAPES[name]
    base = wave(shape, 1.7, 0.3 * step + len(name))
    scale = 10.0 ** -torch.arange(base.numel(), dtype=torch.float64).reshape(shape)
    return base * 10 * scale if name == "matrix" else base


parameters = {name: torch.nn.Parameter(wave(shape, 0.9, 0.2, 0.5)) for name, shape in SHAPES.items()}
ema = {name: p.detach().clone() for name, p in parameters.items()}
initial = {name: numbers(p) for name, p in parameters.items()}
optimizer = torch.optim.Adam(parameters.values(), lr=RATE, betas=BETAS, eps=EPSILON)

record = {"rates": [], "emaBetas": [], "gradients": [], "parameters": [], "ema": []}
for step in range(STEPS):
    rate = RATE * min(1, (step + 1) / WARMUP)
    for group in optimizer.param_groups:
        group["lr"] = rate
    for name, p in parameters.items():
        p.grad = torch.tensor(numbers(gradient(name, step)), dtype=torch.float64).reshape(p.shape)
    optimizer.step()
    beta = min(0.5 ** (BATCH / HALF_LIFE), (1 + step) / (10 + step))
    for name, p in parameters.items():
        ema[name].lerp_(p.detach(), 1 - beta)
    record["rates"].append(rate)
    record["emaBetas"].append(beta)
    record["gradients"].append({name: numbers(p.grad) for name, p in parameters.items()})
    record["parameters"].append({name: numbers(p) for name, p in parameters.items()})
    record["ema"].append({name: numbers(e) for name, e in ema.items()})

save(
    "adam-ema",
    {
        "learningRate": RATE,
        "beta1": BETAS[0],
        "beta2": BETAS[1],
        "epsilon": EPSILON,
        "warmupSteps": WARMUP,
        "batchSize": BATCH,
        "halfLifeImages": HALF_LIFE,
        "shapes": SHAPES,
        "initial": initial,
        **record,
    },
)
