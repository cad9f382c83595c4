import { describe, expect, it } from 'vitest';
import { imagesOf, take } from '../../src/data/dataset';
import { loadDigits } from '../../src/data/digits';
import { tf } from '../../src/engine/tensorflow';
import { features } from '../../src/representation/features';
import { posteriorEstimates } from '../../src/representation/posterior';
import { transparent } from './transparent';

const images = take(loadDigits(), 60);

describe('posteriorEstimates', () => {
  it('are D(x_t) and D(x_0) of the very x_t that features are taken of', async () => {
    const model = transparent(); // D(x) = x / 2
    const [low, high] = await posteriorEstimates({ ...model, images, sigmas: [0.1, 1], seed: 3, draw: 2 });
    const seen = { ...model, layers: ['pixels'], pooling: 'none' as const, seed: 3 };
    const { pixels } = await features({ ...seen, images, sigma: 1, draw: 2 });
    const clean = imagesOf(images).values;
    expect(high.noisy.shape).toEqual([60, 8, 8, 1]);
    expect(high.noisy.values).toEqual(pixels.values);
    expect(high.fromNoisy.values).toEqual(pixels.values.map(x => x / 2));
    expect(low.fromClean.values).toEqual(clean.map(x => x / 2));
    // One noise for all levels, scaled.
    const noise = (level: typeof low) => level.noisy.values.map((x, i) => (x - clean[i]) / level.sigma);
    noise(low).forEach((n, i) => expect(n).toBeCloseTo(noise(high)[i], 4));
  });

  it('leaks no tensors, and refuses bad noise levels before any work', async () => {
    const model = transparent();
    await posteriorEstimates({ ...model, images, sigmas: [1] });
    const before = tf.memory().numTensors;
    await posteriorEstimates({ ...model, images, sigmas: [1, 2] });
    expect(tf.memory().numTensors).toBe(before);
    const denoiser = { ...model.denoiser, denoise: () => expect.fail('work began') };
    const refused = (sigmas: number[]) =>
      expect(posteriorEstimates({ ...model, denoiser, images, sigmas })).rejects;
    await refused([]).toThrow(/at least one noise level/);
    await refused([1, NaN]).toThrow(/positive number .* not NaN/);
  });
});
