/** How well a denoiser does on given images: on those that it was trained on, and on others. */
import { compile } from '../engine/compile';
import { deriveSeed, randomNormal } from '../engine/random';
import type { tf } from '../engine/tensorflow';
import { float32, int32Scalar, type TensorValue } from '../engine/values';
import type { Variables } from '../engine/variables';
import type { Denoiser } from './denoiser';
import { denoisingLoss } from './loss';
import type { NoiseDistribution } from './noise';

/** What is measured, and with how much noise. */
export interface MeanLossOptions {
  readonly denoiser: Denoiser;
  /** Hold the denoiser's parameters. */
  readonly variables: Variables;
  /** Distribution of the noise levels; that of training gives the training's loss. */
  readonly noise: NoiseDistribution;
  /** Clean images, float32 [N, H, W, C]. */
  readonly images: TensorValue;
  /** Noisy images to average over, in batches of 200: the i-th is made of image i modulo N. Default 2,000. */
  readonly draws?: number;
  /** Determines levels and noise, whatever the images: those of two sets of images are the same. Default 0. */
  readonly seed?: number;
  /** Stops between batches. */
  readonly signal?: AbortSignal;
}

const batchSize = 200;

/**
 * The mean of the training's weighted denoising error, see {@link denoisingLoss}, without dropout.
 * @throws RangeError when there are no images, or `draws` is not a positive multiple of 200
 */
export async function meanLoss(options: MeanLossOptions): Promise<number> {
  const { denoiser, variables, noise, images, draws = 2000, seed = 0, signal } = options;
  if (!(images.shape[0] > 0)) throw new RangeError('There are no images to take the loss of.');
  if (!(draws > 0 && draws % batchSize === 0))
    throw new RangeError(`"draws" is a positive multiple of ${batchSize}, not ${draws}.`);
  const run = compile(
    ({ clean, batch }) => {
      const sigma = noise.sample(batchSize, deriveSeed(seed, 'sigma'), batch as tf.Scalar); // [B]
      const drawn = randomNormal(clean.shape, deriveSeed(seed, 'noise'), batch as tf.Scalar) as tf.Tensor4D;
      return { loss: denoisingLoss(denoiser, variables.tensors, clean as tf.Tensor4D, sigma, drawn) };
    },
    { variables },
  );
  let sum = 0;
  for (let batch = 0; batch < draws / batchSize; batch++) {
    signal?.throwIfAborted();
    const { loss } = await run({ clean: cyclic(images, batch * batchSize), batch: int32Scalar(batch) });
    sum += loss.values[0];
  }
  return (sum * batchSize) / draws;
}

/** A batch of images from `start` on, the first following the last. */
function cyclic({ values, shape: [count, ...rest] }: TensorValue, start: number): TensorValue {
  const size = values.length / count;
  const batch = new Float32Array(batchSize * size);
  for (let i = 0; i < batchSize; i++) {
    const image = (start + i) % count;
    batch.set(values.subarray(image * size, (image + 1) * size), i * size);
  }
  return float32(batch, [batchSize, ...rest]);
}
