/** Views of images: the same images, each moved by a pixel or mirrored. What a good feature does not mind. */
import type { Images } from '../data/dataset';
import { randomIntegers } from '../engine/random';
import { tf } from '../engine/tensorflow';
import { float32 } from '../engine/values';

/** How far views differ from the images. */
export interface Augmentation {
  /** Images move by at most so many pixels in both directions; the border is repeated. Default 1. */
  readonly shift?: number;
  /** Whether every second image, at random, is mirrored left to right. Default false. */
  readonly flip?: boolean;
}

/**
 * One view of images: how each is moved depends on (seed, view, index of the image) alone.
 * @throws RangeError when the shift is not a whole number from 0 and below the image's size
 */
export function viewOf(
  images: Images,
  view: number,
  { shift = 1, flip = false }: Augmentation = {},
  seed = 0,
): Images {
  const [count, height, width, channels] = images.shape;
  if (!Number.isInteger(shift) || shift < 0 || shift >= Math.min(height, width)) {
    throw new RangeError(
      `Images of ${height} x ${width} can move by 0 to ${Math.min(height, width) - 1} pixels, not ${shift}.`,
    );
  }
  const draw = (maximum: number, stream: number) =>
    tf.tidy(() => randomIntegers([count], maximum, seed, 3 * view + stream).dataSync<'int32'>());
  const [down, right, mirrored] = [draw(2 * shift + 1, 0), draw(2 * shift + 1, 1), draw(2, 2)];
  const moved = new Float32Array(images.values.length);
  for (let i = 0; i < count; i++) {
    for (let y = 0; y < height; y++) {
      for (let x = 0; x < width; x++) {
        const column = flip && mirrored[i] ? width - 1 - x : x;
        const fromY = clamp(y - down[i] + shift, height);
        const fromX = clamp(column - right[i] + shift, width);
        const from = ((i * height + fromY) * width + fromX) * channels;
        moved.set(images.values.subarray(from, from + channels), ((i * height + y) * width + x) * channels);
      }
    }
  }
  return float32(moved, images.shape) as Images;
}

function clamp(index: number, size: number): number {
  return Math.min(Math.max(index, 0), size - 1);
}
