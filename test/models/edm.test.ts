import path from 'node:path';
import { beforeAll, describe, expect, test } from 'vitest';
import { createDenoiser } from '../../src/diffusion/denoiser';
import { denoisingLoss } from '../../src/diffusion/loss';
import { parameterCount } from '../../src/diffusion/network';
import { edmPreconditioning } from '../../src/diffusion/preconditioning';
import { vpPreconditioning } from '../../src/diffusion/vp';
import { compile } from '../../src/engine/compile';
import { tf } from '../../src/engine/tensorflow';
import { float32, type NamedValues } from '../../src/engine/values';
import { createVariables } from '../../src/engine/variables';
import { loadEdmWeights } from '../../src/models/edm-weights';
import { createUNet } from '../../src/models/unet';
import { loadSafetensors, saveSafetensors } from '../../src/store/safetensors';
import counts from '../reference/recorded/edm-counts.json';
import exported from '../reference/recorded/edm-export.json';
import growing from '../reference/recorded/edm-growing.json';
import paper from '../reference/recorded/edm-paper.json';
import { wave, waveParameters } from '../reference/wave';
import { withTemporaryFolder } from '../store/temporary';

type Sampled = { norm: number; stride: number; values: number[] };
type Recorded = typeof paper;

const exportFile = path.join(__dirname, '../reference/recorded/edm-export.safetensors');

function ddpmPlusPlus(imageShape: [number, number, number], sizes: Omit<Recorded['config'], 'size'>) {
  const { channels, multipliers, blocks, attention: attentionResolutions } = sizes;
  const design = 'ddpm++';
  return createUNet({
    imageShape,
    design,
    channels,
    multipliers,
    blocks,
    attentionResolutions,
    dropout: 0.13,
  });
}

function build({ config }: Recorded) {
  const network = ddpmPlusPlus([config.size, config.size, 3], config);
  return createDenoiser(network, config.precondition === 'vp' ? vpPreconditioning() : edmPreconditioning());
}

/** Denoised images, all activations, the loss and its gradients, from weights. */
async function evaluate(recorded: Recorded, weights: NamedValues, compiled: boolean) {
  const denoiser = build(recorded);
  const variables = createVariables(weights, { compile: compiled });
  const shape = [recorded.sigma.length, recorded.config.size, recorded.config.size, 3];
  const run = compile(
    inputs => {
      const images = inputs.images as tf.Tensor4D;
      const noise = inputs.noise as tf.Tensor4D;
      const sigma = inputs.sigma as tf.Tensor1D;
      const noisy: tf.Tensor4D = images.add(noise.mul(sigma.reshape([-1, 1, 1, 1])));
      const { layers } = denoiser.network;
      const { denoised, activations } = denoiser.denoise(variables.tensors, noisy, sigma, layers);
      const names = Object.keys(weights);
      const loss = (...parameters: tf.Tensor[]) => {
        const named = Object.fromEntries(parameters.map((parameter, i) => [names[i], parameter]));
        return denoisingLoss(denoiser, named, images, sigma, noise);
      };
      const { value, grads } = tf.valueAndGrads(loss)(names.map(name => variables.tensors[name]));
      const gradients = Object.fromEntries(grads.map((grad, i) => [`gradient ${names[i]}`, grad]));
      return { denoised, loss: value, ...activations, ...gradients };
    },
    { variables },
  );
  const results = await run({
    images: wave(shape, 0.37, 0.1, 0.8),
    noise: wave(shape, 2.3, 0.7, 1.2),
    sigma: float32(recorded.sigma),
  });
  variables.dispose();
  return results;
}

/** The error of the recorded elements, scaled to all, and that of the norm; both relative to the norm. */
function expectAlike(
  computed: NamedValues,
  name: string,
  { norm, stride, values }: Sampled,
  tolerance: number,
) {
  const given = computed[name].values;
  const errors = values.map((value, i) => given[i * stride] - value);
  const error = Math.hypot(...errors) * Math.sqrt(given.length / values.length);
  expect(error / norm, name).toBeLessThan(tolerance);
  expect(Math.abs(Math.hypot(...given) / norm - 1), `norm of ${name}`).toBeLessThan(tolerance);
}

// Expected values: EDM's own code in float64 (test/reference/edm.py).
describe.each([
  ["the paper's arrangement", paper, true],
  ['growing channels and two resolutions of attention', growing as unknown as Recorded, true],
  ['growing channels, op by op', growing as unknown as Recorded, false],
  ['weights exported from EDM', exported as unknown as Recorded, true],
])("the DDPM++ U-Net against EDM's SongUNet: %s", (_, recorded, compiled) => {
  const { network } = build(recorded);
  let results: NamedValues;

  beforeAll(async () => {
    const weights =
      recorded === (exported as unknown)
        ? await loadEdmWeights(exportFile, network)
        : waveParameters(network);
    results = await evaluate(recorded, weights, compiled);
  });

  test('has its parameters, in name, order and number', () => {
    expect(network.parameters.map(spec => spec.name)).toEqual(recorded.parameterNames);
    expect(parameterCount(network)).toBe(recorded.parameterCount);
  });

  test('denoises alike, with the same activation after every block', () => {
    // float32 rounding through some 40 blocks, relative to the norm
    expectAlike(results, 'denoised', recorded.denoised, 1e-4);
    expect(Object.keys(recorded.activations)).toEqual(network.layers);
    for (const [layer, expected] of Object.entries(recorded.activations as Record<string, Sampled>)) {
      expectAlike(results, layer, expected, 1e-4);
    }
  });

  test('has the same loss and gradients', () => {
    expect(Math.abs(results.loss.values[0] / recorded.loss - 1)).toBeLessThan(1e-5);
    for (const [name, expected] of Object.entries(recorded.gradients as Record<string, Sampled>)) {
      // float32 forward and backward through some 40 blocks: EDM in float32 is up to 1e-2 from itself in float64
      expectAlike(results, `gradient ${name}`, expected, 2e-3);
    }
  });
});

test.each([32, 64, 128] as const)('UNet-%i has as many parameters as in EDM', channels => {
  const sizes = { ...paper.config, channels };
  expect(parameterCount(ddpmPlusPlus([32, 32, 3], sizes))).toBe(counts[`${channels}`]);
});

test('UNet-128 has 55.7 million parameters', () => {
  const network = ddpmPlusPlus([32, 32, 3], { ...paper.config, channels: 128 });
  expect(Math.round(parameterCount(network) / 1e5) / 10).toBe(55.7);
});

describe("weights of EDM that don't fit are refused", () => {
  const { network } = build(exported as unknown as Recorded);

  test.each([
    ['of other sizes', {}, /dec\.4x4_.* does not have/],
    ['with a layer too few', { 'model.map_layer0.bias': undefined }, /lacks map_layer0\.bias/],
    [
      'with class labels',
      { 'model.map_label.weight': float32([1]) },
      /class labels \(model\.map_label\.weight\)/,
    ],
    ['of NCSN++', { 'model.enc.4x4_down.conv0.resample_filter': float32([1]) }, /filter \[1, 1\].*NCSN\+\+/],
  ])('%s', async (name, changes: Record<string, unknown>, message) => {
    await withTemporaryFolder(async folder => {
      const file = path.join(folder, 'edm.safetensors');
      const changed = Object.entries({ ...(await loadSafetensors(exportFile)), ...changes });
      await saveSafetensors(file, Object.fromEntries(changed.filter(([, value]) => value)) as NamedValues);
      const other = name === 'of other sizes' ? build(growing as unknown as Recorded).network : network;
      await expect(loadEdmWeights(file, other)).rejects.toThrow(message);
    });
  });
});
