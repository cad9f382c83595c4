import { expect, test } from 'vitest';
import { denoiseImages } from '../../src/diffusion/denoise';
import { initializeParameters } from '../../src/diffusion/network';
import { tf } from '../../src/engine/tensorflow';
import { float32 } from '../../src/engine/values';
import { createVariables } from '../../src/engine/variables';
import { denoiser } from '../training/tiny';

const parameters = initializeParameters(denoiser.network, 1);
const images = float32(
  Float32Array.from({ length: 5 * 16 }, (_, i) => Math.sin(i)),
  [5, 4, 4, 1],
);

test.each([1, 2, 5, 200])('in batches of %i it is D(x, sigma) of every image as it is', async batchSize => {
  const variables = createVariables(parameters);
  const expected = tf.tidy(() => {
    const x = tf.tensor4d(images.values as Float32Array, [5, 4, 4, 1]);
    return denoiser.denoise(variables.tensors, x, tf.fill([5], 0.7)).denoised.dataSync();
  });
  const shares: number[] = [];
  const before = tf.memory().numTensors;
  const options = { denoiser, variables, images, sigma: 0.7, batchSize };
  const { shape, values } = await denoiseImages({ ...options, onBatch: share => shares.push(share) });
  expect(tf.memory().numTensors).toBe(before);
  expect(shape).toEqual([5, 4, 4, 1]);
  // float32; graph and eager mode may fuse differently.
  values.forEach((value, i) => expect(value).toBeCloseTo(expected[i], 5));
  expect(shares).toHaveLength(Math.ceil(5 / Math.min(5, batchSize)));
  expect(shares.at(-1)).toBe(1);
  variables.dispose();
});

test('images of another shape, a sigma that is no noise level and a batch size that is none are refused', async () => {
  const variables = createVariables(parameters);
  const common = { denoiser, variables, images, sigma: 0.7 };
  await expect(denoiseImages({ ...common, images: float32([1, 2], [2]) })).rejects.toThrow(
    /but these are float32 \[2\]/,
  );
  await expect(denoiseImages({ ...common, sigma: -1 })).rejects.toThrow(/not -1/);
  await expect(denoiseImages({ ...common, batchSize: 0 })).rejects.toThrow(
    /batch size is a positive integer, not 0/,
  );
  await expect(denoiseImages({ ...common, signal: AbortSignal.abort() })).rejects.toMatchObject({
    name: 'AbortError',
  });
  variables.dispose();
});
