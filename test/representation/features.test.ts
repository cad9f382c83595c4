import { afterEach, describe, expect, it } from 'vitest';
import { createDenoiser, type Denoiser } from '../../src/diffusion/denoiser';
import { initializeParameters, type Network, type Parameters } from '../../src/diffusion/network';
import { edmPreconditioning } from '../../src/diffusion/preconditioning';
import { tf } from '../../src/engine/tensorflow';
import { float32, float32Scalar, type TensorValue } from '../../src/engine/values';
import { createVariables, type Variables } from '../../src/engine/variables';
import { createUNet } from '../../src/models/unet';
import { featureExtractor, features } from '../../src/representation/features';
import { pool } from '../../src/representation/pooling';

const open: Variables[] = [];
afterEach(() => open.splice(0).forEach(variables => variables.dispose()));

/** A denoiser without preconditioning whose layer 'seen' is its input times the parameter `gain`, 'level' is sigma. */
function transparent(compile: boolean) {
  const variables = createVariables({ gain: float32Scalar(2) }, { compile });
  open.push(variables);
  const network = { imageShape: [4, 4, 1], layers: ['seen', 'level'], parameters: [] } as unknown as Network;
  const denoiser = {
    network,
    denoise: (parameters: Parameters, noisy: tf.Tensor4D, sigma: tf.Tensor1D) => ({
      denoised: noisy,
      activations: { seen: noisy.mul(parameters.gain), level: sigma.reshape([-1, 1]) },
    }),
  } as Partial<Denoiser> as Denoiser;
  return { denoiser, variables };
}

const images = (count: number): TensorValue =>
  float32(
    Float32Array.from({ length: count * 16 }, (_, i) => Math.sin(i)),
    [count, 4, 4, 1],
  );
/** (x_t - x) / sigma, from the doubled x_t. */
const noiseIn = (feature: TensorValue, x: TensorValue, sigma: number) =>
  Array.from(feature.values, (doubled, i) => (doubled / 2 - x.values[i]) / sigma);

describe.each([true, false])('features with compile: %s', compile => {
  it('are those of x at level sigma when the input is clean', async () => {
    const x = images(7);
    const seen = await features({
      ...transparent(compile),
      images: x,
      sigma: 0.5,
      layers: ['seen', 'level'],
      pooling: 'none',
      input: 'clean',
    });
    expect(seen.seen.shape).toEqual([7, 16]);
    expect(seen.seen.values).toEqual(x.values.map(value => 2 * value));
    expect(seen.level.values).toEqual(new Float32Array(7).fill(0.5));
  });

  it('are those of x + sigma * noise, standard normal noise, when the input is noisy', async () => {
    const x = images(1000);
    const { seen } = await features({
      ...transparent(compile),
      images: x,
      sigma: 0.25,
      layers: ['seen'],
      pooling: 'none',
    });
    const noise = noiseIn(seen, x, 0.25);
    const mean = noise.reduce((sum, e) => sum + e) / noise.length;
    const variance = noise.reduce((sum, e) => sum + e * e) / noise.length - mean * mean;
    // Five standard errors of 16,000 draws: 5 / sqrt(16000) and 5 sqrt(2 / 16000).
    expect(Math.abs(mean)).toBeLessThan(0.04);
    expect(Math.abs(variance - 1)).toBeLessThan(0.056);
  });

  it('do not depend on the batch size, nor the noise of an image on the number of images', async () => {
    const all = images(230);
    const request = {
      sigma: 0.5,
      layers: ['seen'],
      pooling: 'none',
      seed: 3,
      ...transparent(compile),
    } as const;
    const whole = (await features({ ...request, images: all, batchSize: 1000 })).seen;
    for (const batchSize of [1, 50, 120, 230]) {
      const { seen } = await features({ ...request, images: all, batchSize });
      expect(seen.values).toEqual(whole.values);
    }
    const fewer = float32(all.values.slice(0, 60 * 16), [60, 4, 4, 1]);
    const { seen } = await features({ ...request, images: fewer });
    expect(seen.values).toEqual(whole.values.slice(0, 60 * 16));
  });

  it('have the same noise at every level, and another one for each draw and seed', async () => {
    const x = images(10);
    const given = transparent(compile);
    const noise = async (seed: number, draw: number, sigma: number) => {
      const extract = featureExtractor({ ...given, layers: ['seen'], pooling: 'none', seed });
      return noiseIn((await extract({ images: x, sigma, draw })).seen, x, sigma);
    };
    const reference = await noise(1, 0, 1);
    // float32: x of size 1 with 6e-8 rounding, divided by sigma
    (await noise(1, 0, 0.125)).forEach((e, i) => expect(e).toBeCloseTo(reference[i], 5));
    const correlation = (other: number[]) =>
      other.reduce((sum, e, i) => sum + e * reference[i], 0) / other.length;
    for (const other of [await noise(1, 1, 1), await noise(1, 2, 1), await noise(2, 0, 1)]) {
      expect(Math.abs(correlation(other))).toBeLessThan(5 / Math.sqrt(160)); // five standard errors
    }
  });

  it('leak no tensors', async () => {
    const given = transparent(compile);
    const extract = featureExtractor({ ...given, layers: ['seen'] });
    await extract({ images: images(3), sigma: 1 });
    const before = tf.memory().numTensors;
    for (let draw = 0; draw < 3; draw++) await extract({ images: images(3), sigma: 1, draw });
    expect(tf.memory().numTensors).toBe(before);
  });

  it('stop between batches when they are told to', async () => {
    const stopped = features({
      ...transparent(compile),
      images: images(3),
      sigma: 1,
      layers: ['seen'],
      signal: AbortSignal.abort(new Error('enough')),
    });
    await expect(stopped).rejects.toThrow('enough');
  });
});

describe('features of a U-Net', () => {
  it('are the pooled activations of its layers, computed eagerly', async () => {
    const network = createUNet({ imageShape: [8, 8, 1], channels: 8, multipliers: [1, 1], blocks: 1 });
    const denoiser = createDenoiser(network, edmPreconditioning());
    const variables = createVariables(initializeParameters(network, 1));
    open.push(variables);
    const x = float32(
      Float32Array.from({ length: 5 * 64 }, (_, i) => Math.sin(i)),
      [5, 8, 8, 1],
    );
    const layers = [network.layers[0], network.layers.at(-1)!];
    const measured = await features({ denoiser, variables, images: x, sigma: 0.3, layers, input: 'clean' });
    const eager = createVariables(initializeParameters(network, 1), { compile: false });
    open.push(eager);
    tf.tidy(() => {
      const sigma = tf.fill<tf.Rank.R1>([5], 0.3);
      const { activations } = denoiser.denoise(
        eager.tensors,
        tf.tensor4d(x.values as Float32Array, [5, 8, 8, 1]),
        sigma,
        layers,
      );
      for (const layer of layers) {
        const expected = activations[layer].mean([1, 2]);
        expect(measured[layer].shape).toEqual(expected.shape);
        const { values } = measured[layer];
        expected.dataSync().forEach((value, i) => expect(values[i]).toBeCloseTo(value, 5)); // float32 rounding
      }
    });
  });
});

describe('features refuse', () => {
  const valid = () => ({ ...transparent(false), images: images(2), sigma: 1, layers: ['seen'] });

  it.each([
    [
      'an unknown layer, naming those that exist',
      { layers: ['8x8_up'] },
      /no layer '8x8_up'. Its layers are: seen, level/,
    ],
    ['no layer', { layers: [] }, /at least one layer.*seen, level/],
    ['an unknown pooling', { pooling: 'max' as 'mean' }, /no pooling 'max'/],
    ['an unknown input', { input: 'noise' as 'noisy' }, /'noisy' or 'clean', not 'noise'/],
    ['a batch size of 0', { batchSize: 0 }, /batch size is a positive integer, not 0/],
    ['a seed that is no integer', { seed: 0.5 }, /seed of the noise is an integer, not 0.5/],
  ])('%s', (_, wrong, message) => {
    expect(() => featureExtractor({ ...valid(), ...wrong })).toThrow(message);
  });

  it.each([
    ['a negative sigma', { sigma: -1 }, /positive number .* not -1/],
    ['a sigma that is no number', { sigma: NaN }, /positive number .* not NaN/],
    ['sigma 0', { sigma: 0 }, /positive number .* not 0/],
    ['a negative draw', { draw: -1 }, /numbered 0 to 2047/],
    [
      'images of another size',
      { images: float32(new Float32Array(8), [2, 2, 2, 1]) },
      /\[N, 4, 4, 1\], but these are \[2, 2, 2, 1\]/,
    ],
  ])('%s', async (_, wrong, message) => {
    const extract = featureExtractor(valid());
    await expect(extract({ ...valid(), ...wrong })).rejects.toThrow(message);
  });
});

it('refuses features that would fill the memory, after the first batch', async () => {
  const count = 2 ** 23 + 1; // 16 features each: one image more than fits; memory of zeros is not used until it is written
  const large = float32(new Float32Array(count * 16), [count, 4, 4, 1]);
  const given = { ...transparent(true), layers: ['seen'], pooling: 'none' as const, images: large, sigma: 1 };
  await expect(features(given)).rejects.toThrow(/'seen' of 8388609 images would hold .* Pool the features/);
});

describe('pool', () => {
  // 1x3x4x1: rows 0..3, 4..7, 8..11
  const activation = () => tf.range(0, 12).reshape([1, 3, 4, 1]);

  it.each([
    ['mean', [5.5]],
    ['none', [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11]],
    // Rows 0-1 and 1-2, columns 0-1 and 2-3, as torch.nn.functional.adaptive_avg_pool2d(x, 2) has it.
    ['2x2', [2.5, 4.5, 6.5, 8.5]],
  ] as const)('%s', (pooling, expected) => {
    const pooled = tf.tidy(() => [...pool(activation(), pooling).dataSync()]);
    expect(pooled).toEqual(expected);
  });

  it('keeps an activation without pixels, and refuses to quarter it', () => {
    tf.tidy(() => {
      expect(pool(tf.ones([2, 3]), 'mean').shape).toEqual([2, 3]);
      expect(() => pool(tf.ones([2, 3]), '2x2')).toThrow(
        /needs an activation \[B, H, W, C\], but it is \[2, 3\]/,
      );
    });
  });
});
