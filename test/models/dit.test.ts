import { describe, expect, test } from 'vitest';
import { initializeParameters, parameterCount } from '../../src/diffusion/network';
import { tf } from '../../src/engine/tensorflow';
import { createDit, type DitConfig, ditSizes } from '../../src/models/dit';
import recorded from '../reference/recorded/dit.json';
import { relativeError, toTensor } from '../reference/compare';
import { wave, waveParameters } from '../reference/wave';

const config = recorded.config as unknown as DitConfig;
const network = createDit(config);
const tensors = (values: ReturnType<typeof waveParameters>) =>
  Object.fromEntries(Object.entries(values).map(([name, value]) => [name, toTensor(value)]));

// Expected values: diffusers' DiTTransformer2DModel in float64 (test/reference/dit.py).
test('a DiT computes what it does in diffusers, with the same activation after every block', () => {
  expect(network.parameters.map(spec => spec.name)).toEqual(recorded.parameterNames);
  expect(parameterCount(network)).toBe(recorded.parameterCount);
  const shape = [recorded.cNoise.length, ...config.imageShape];
  const result = tf.tidy(() => {
    const x = toTensor(wave(shape, 0.37, 0.1, 0.8)) as tf.Tensor4D;
    const parameters = tensors(waveParameters(network));
    const { output, activations } = network.apply(
      parameters,
      x,
      tf.tensor1d(recorded.cNoise),
      network.layers,
    );
    expect(output.shape).toEqual(shape);
    expect(activations.block0.shape).toEqual([shape[0], 4, 4, config.width]);
    return {
      output: output.dataSync(),
      activations: Object.entries(activations).map(([name, a]) => [name, a.dataSync()] as const),
    };
  });
  // float32 rounding through some 20 layers, relative to the norm
  expect(relativeError(result.output, recorded.output)).toBeLessThan(1e-5);
  expect(result.activations.map(([name]) => name)).toEqual(network.layers);
  for (const [name, values] of result.activations) {
    const expected = (recorded.activations as Record<string, number[]>)[name];
    expect(relativeError(values, expected), name).toBeLessThan(1e-5);
  }
});

test('a DiT starts with an output of zero, its blocks as identities', () => {
  tf.tidy(() => {
    const parameters = tensors(initializeParameters(network, 1));
    const x = tf.randomNormal<tf.Rank.R4>([2, ...config.imageShape], 0, 1, 'float32', 1);
    const { output, activations } = network.apply(parameters, x, tf.tensor1d([0, 1]), network.layers);
    expect(output.abs().max().dataSync()[0]).toBe(0);
    expect(activations.block1.sub(activations.patches).abs().max().dataSync()[0]).toBe(0);
  });
});

describe('the sizes with names', () => {
  // Multiplied out by hand from the architecture: 12 blocks of 18 w^2 + 15 w numbers, and what is around them.
  test('DiT-S/2 on 32 x 32 x 4 latents has 32.4 million parameters', () => {
    const { width: w, depth } = ditSizes.S;
    const around = 256 * w + w + (w * w + w) + (16 * w + w) + (2 * w * w + 2 * w) + (16 * w + 16);
    const dit = createDit({ imageShape: [32, 32, 4], patchSize: 2, ...ditSizes.S });
    expect(parameterCount(dit)).toBe(depth * (18 * w * w + 15 * w) + around);
    expect(parameterCount(dit)).toBeGreaterThan(32e6);
    expect(parameterCount(dit)).toBeLessThan(33e6);
  });
});

test.each<[string, Partial<DitConfig>, string]>([
  [
    'patches that do not divide the image',
    { patchSize: 3 },
    'Patches of 3 pixels do not divide images of 8 x 8',
  ],
  ['heads that do not divide the width', { heads: 5 }, 'a multiple of 4 and of its 5 heads; 24 is not'],
  ['no blocks', { depth: 0 }, 'depth is a positive whole number, not 0'],
])('a DiT refuses %s', (_what, change, message) => {
  expect(() => createDit({ ...config, ...change })).toThrow(message);
});
