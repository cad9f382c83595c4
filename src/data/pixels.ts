/** Pixels of 8 bits: the numbers that they stand for, and images of them kept on the device that computes. */
import { packBytes, unpackBytes } from '../engine/bytes';
import { gatherRows } from '../engine/ops';
import { tf } from '../engine/tensorflow';
import { float32, type TensorValue } from '../engine/values';
import type { Dataset } from './dataset';

/**
 * The numbers that the 8-bit pixels 0 .. 255 stand for, p / (maximum / 2) - 1 in float32 arithmetic. The one place that says
 * so: memory and device look it up here, and therefore agree bit for bit.
 */
export function pixelTable(maximum = 255): Float32Array {
  return Float32Array.from({ length: 256 }, (_, p) => Math.fround(p / (maximum / 2)) - 1);
}

/** What the images of a data set look like when they are gathered. */
export type ImageFormat = Pick<Dataset, 'imageShape' | 'maximum'>;

/** All images as the value of a variable, for {@link gatherImages}; 8-bit pixels take a byte each. */
export function residentImages({ images, imageShape, count }: Dataset): TensorValue {
  return images instanceof Uint8Array ? packBytes(images, count) : float32(images, [count, ...imageShape]);
}

/**
 * Recorded: the images with the given indices [B].
 * @param resident images as {@link residentImages} lays them out: float32 [N, H, W, C], or packed bytes [N, words]
 * @returns float32 [B, H, W, C] in [-1, 1], the same numbers as `imagesOf`
 */
export function gatherImages(
  resident: tf.Tensor,
  indices: tf.Tensor1D,
  { imageShape, maximum }: ImageFormat,
): tf.Tensor4D {
  return tf.tidy(() => {
    const chosen = gatherRows(resident, indices);
    if (chosen.rank === 4) return chosen as tf.Tensor4D;
    const [height, width, channels] = imageShape;
    const bytes = unpackBytes(chosen as tf.Tensor2D, height * width * channels);
    const pixels = gatherRows(tf.tensor1d(pixelTable(maximum)), bytes.flatten());
    return pixels.reshape<tf.Tensor4D>([-1, height, width, channels]);
  });
}
