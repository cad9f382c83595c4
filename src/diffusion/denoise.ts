/** A denoiser applied to given images. */
import { compile } from '../engine/compile';
import { tf } from '../engine/tensorflow';
import { float32, float32Scalar, type TensorValue } from '../engine/values';
import type { Variables } from '../engine/variables';
import { type Denoiser, requirePositiveInteger, requireSigma } from './denoiser';

/** What to denoise with which denoiser. */
export interface DenoiseOptions {
  readonly denoiser: Denoiser;
  /** Hold the denoiser's parameters. */
  readonly variables: Variables;
  /** Noisy images x_t as they are, float32 [N, H, W, C]: nothing is added to them. */
  readonly images: TensorValue;
  /** Their noise level. */
  readonly sigma: number;
  /** Images computed at once, at most. Default 200. */
  readonly batchSize?: number;
  /** Called after every batch with the share of the images that are done, 0 to 1. */
  readonly onBatch?: (share: number) => void;
  /** Stops between batches. */
  readonly signal?: AbortSignal;
}

/**
 * D(x, sigma), the estimates of the clean images behind noisy ones, float32 [N, H, W, C].
 * @throws RangeError on images of another shape or element type than the network's, a sigma that is not positive, or a batch
 *   size that is not a positive integer; the signal's reason when aborted
 */
export async function denoiseImages(options: DenoiseOptions): Promise<TensorValue> {
  const { denoiser, variables, images, sigma, batchSize = 200, onBatch, signal } = options;
  requireSigma(sigma);
  requirePositiveInteger(batchSize, 'The batch size');
  requireImages(images, denoiser);
  const [count, ...shape] = images.shape;
  const size = images.values.length / count;
  const rows = Math.min(count, batchSize);
  const run = compile(
    ({ x, level }) => {
      const levels = tf.ones<tf.Rank.R1>([rows]).mul<tf.Tensor1D>(level); // [B]
      return { y: denoiser.denoise(variables.tensors, x as tf.Tensor4D, levels).denoised };
    },
    { variables },
  );
  const result = new Float32Array(images.values.length);
  for (let start = 0; start < count; start += rows) {
    signal?.throwIfAborted();
    const batch = new Float32Array(rows * size); // the last one is filled up with zeros, so that one recording serves all
    batch.set(images.values.subarray(start * size, (start + rows) * size));
    const { y } = await run({ x: float32(batch, [rows, ...shape]), level: float32Scalar(sigma) });
    result.set(y.values.subarray(0, (Math.min(start + rows, count) - start) * size), start * size);
    onBatch?.(Math.min(start + rows, count) / count);
  }
  return float32(result, images.shape);
}

function requireImages({ dtype, shape }: TensorValue, { network }: Denoiser): void {
  const expected = network.imageShape.join(', ');
  if (dtype !== 'float32' || shape.length !== 4 || shape.slice(1).join(', ') !== expected || shape[0] < 1) {
    throw new RangeError(
      `The network takes float32 images of shape [N, ${expected}], but these are ${dtype} [${shape.join(', ')}].`,
    );
  }
}
