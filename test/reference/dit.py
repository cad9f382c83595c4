"""Output and activations of diffusers' DiTTransformer2DModel in float64 -> recorded/dit.json.

Its weights are those of `set_waves` (networks.py), given to the library's parameters in their order; its class embedding is 0,
since the library's DiT has no classes. diffusers gives every block a noise embedding of its own: here they are all the same.
Images: wave([B, H, W, C], 0.37, 0.1, 0.8), NHWC.

How to run: see reference.py; with `diffusers==0.35.2` beside it.
"""

import math

import torch
from diffusers import DiTTransformer2DModel

from reference import numbers, save, wave

height, channels, patch, heads, head_size, depth = 8, 2, 2, 3, 8, 2
width, c_noise = heads * head_size, [-1.3, 0.4, 2.1]

model = DiTTransformer2DModel(
    num_attention_heads=heads,
    attention_head_dim=head_size,
    in_channels=channels,
    out_channels=channels,
    num_layers=depth,
    sample_size=height,
    patch_size=patch,
    num_embeds_ada_norm=1,
    norm_eps=1e-6,
    norm_elementwise_affine=False,
).double()
model.eval()
modules = dict(model.named_modules())
embedders = [block.norm1.emb for block in model.transformer_blocks]

# The library's name and shape of each parameter, and the modules that hold it (a q, k and v beside each other are one).
linear = lambda name, sizes, *targets: [(f"{name}.weight", sizes, targets), (f"{name}.bias", sizes[-1:], targets)]
parameters = [
    *linear("map_layer0", [256, width], *[e.timestep_embedder.linear_1 for e in embedders]),
    *linear("map_layer1", [width, width], *[e.timestep_embedder.linear_2 for e in embedders]),
    *linear("patches", [patch, patch, channels, width], model.pos_embed.proj),
]
for i, block in enumerate(model.transformer_blocks):
    attention = block.attn1
    parameters += [
        *linear(f"block{i}.modulation", [width, 6 * width], block.norm1.linear),
        *linear(f"block{i}.qkv", [width, 3 * width], (attention.to_q, attention.to_k, attention.to_v)),
        *linear(f"block{i}.proj", [width, width], attention.to_out[0]),
        *linear(f"block{i}.mlp0", [width, 4 * width], block.ff.net[0].proj),
        *linear(f"block{i}.mlp1", [4 * width, width], block.ff.net[2]),
    ]
parameters += [
    *linear("output_modulation", [width, 2 * width], model.proj_out_1),
    *linear("output", [width, patch * patch * channels], model.proj_out_2),
]


def set_parameter(module, kind, values):
    if kind == "weight":
        values = values.permute(3, 2, 0, 1) if values.dim() == 4 else values.T
    parameter = getattr(module, kind)
    assert parameter.shape == values.shape, (parameter.shape, values.shape)
    parameter.data = values.contiguous()


for i, (name, shape, targets) in enumerate(parameters):
    scale = 1.5 / math.sqrt(math.prod(shape[:-1])) if len(shape) > 1 else 0.2
    values, kind = wave(shape, 1.1 + 0.017 * i, 0.5 * i, scale), name.split(".")[-1]
    for target in targets:
        if isinstance(target, tuple):
            for module, part in zip(target, values.chunk(len(target), dim=-1)):
                set_parameter(module, kind, part)
        else:
            set_parameter(target, kind, values)
for embedder in embedders:
    embedder.class_embedder.embedding_table.weight.data.zero_()

activations = {}
keep = lambda name: lambda module, inputs, output: activations.__setitem__(name, output)
model.pos_embed.register_forward_hook(keep("patches"))
for i, block in enumerate(model.transformer_blocks):
    block.register_forward_hook(keep(f"block{i}"))
images = wave([len(c_noise), height, height, channels], 0.37, 0.1, 0.8)
with torch.no_grad():
    output = model(
        images.permute(0, 3, 1, 2),
        timestep=torch.tensor(c_noise, dtype=torch.float64),
        class_labels=torch.zeros(len(c_noise), dtype=torch.long),
    ).sample.permute(0, 2, 3, 1)

unused = sum(p.numel() for e in embedders[1:] for p in e.timestep_embedder.parameters())
classes = sum(p.numel() for e in embedders for p in e.class_embedder.parameters())
save(
    "dit",
    {
        "config": {"imageShape": [height, height, channels], "patchSize": patch, "width": width, "depth": depth, "heads": heads},
        "cNoise": c_noise,
        "parameterCount": sum(p.numel() for p in model.parameters()) - unused - classes,
        "parameterNames": [name for name, _, _ in parameters],
        "output": numbers(output),
        "activations": {name: numbers(a) for name, a in activations.items()},
    },
)
