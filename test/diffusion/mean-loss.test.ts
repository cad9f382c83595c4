import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { createDenoiser, type Denoiser } from '../../src/diffusion/denoiser';
import { meanLoss } from '../../src/diffusion/mean-loss';
import { fixedNoise, logNormalNoise } from '../../src/diffusion/noise';
import { edmPreconditioning } from '../../src/diffusion/preconditioning';
import { tf } from '../../src/engine/tensorflow';
import { float32 } from '../../src/engine/values';
import { createVariables, type Variables } from '../../src/engine/variables';

/** A network whose output is 0: D(x, sigma) = c_skip x, so that the loss has a closed form. */
const silent: Denoiser = createDenoiser(
  {
    imageShape: [2, 2, 1],
    parameters: [{ name: 'unused', shape: [1], initial: { kind: 'zeros' } }],
    layers: [],
    apply: (_, x) => ({ output: tf.zerosLike(x), activations: {} }),
  },
  edmPreconditioning({ sigmaData: 0.5 }),
);

const noise = fixedNoise([0.5]);
const imagesOf = (...values: number[]) =>
  float32(Float32Array.from(values.flatMap(value => [value, value, value, value])), [values.length, 2, 2, 1]);

describe('the mean loss', () => {
  let variables: Variables;
  beforeAll(() => void (variables = createVariables({ unused: float32(Float32Array.of(0)) })));
  afterAll(() => variables.dispose());

  test('is that of the closed form', async () => {
    // sigma = sigma_data: c_skip = 1/2, weight = (0.25 + 0.25) / (0.25 * 0.25) = 8, D - y = (sigma n - y) / 2:
    // the mean of 8 (sigma^2 + y^2) / 4 is 0.5 + 2 y^2.
    const loss = await meanLoss({ denoiser: silent, variables, noise, images: imagesOf(0.3), draws: 20_000 });
    // 80,000 independent squares of mean 0.5 and standard deviation 0.7, and the cross term: 0.015 is four standard errors.
    expect(Math.abs(loss - (0.5 + 2 * 0.09))).toBeLessThan(0.015);
  });

  test('of the same images in another number is the same: noise depends on the draw, not on the images', async () => {
    const about = { denoiser: silent, variables, noise: logNormalNoise({ mean: -1.6, deviation: 1.4 }) };
    const one = await meanLoss({ ...about, images: imagesOf(0.3) });
    expect(await meanLoss({ ...about, images: imagesOf(0.3, 0.3, 0.3) })).toBe(one);
    expect(await meanLoss({ ...about, images: imagesOf(0.3), seed: 1 })).not.toBe(one);
  });

  test('refuses no images, and draws that do not fill batches', async () => {
    const about = { denoiser: silent, variables, noise };
    await expect(meanLoss({ ...about, images: imagesOf() })).rejects.toThrow('no images');
    await expect(meanLoss({ ...about, images: imagesOf(1), draws: 30 })).rejects.toThrow('multiple of 200');
  });
});
