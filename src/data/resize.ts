/** Images brought to one size: scaled to cover it, cut at the middle. */
import { booleanAttribute, executeOp, stringAttribute, typeAttribute } from '../engine/backend';
import { tf } from '../engine/tensorflow';

/**
 * @param size as a user gave it
 * @throws RangeError unless the size is two positive whole numbers
 */
export function requireSize(size: unknown): void {
  const lengths: unknown[] = Array.isArray(size) ? size : [];
  if (lengths.length === 2 && lengths.every(length => Number.isInteger(length) && Number(length) > 0)) return;
  const given = Array.isArray(size) ? `[${lengths.join(', ')}]` : JSON.stringify(size);
  throw new RangeError(`The size is [height, width] in whole pixels, such as [32, 32], not ${given}.`);
}

/**
 * Scales images [B, H, W, C] until they just cover [height, width], keeps the middle, and filters with a triangle as wide as
 * the shrinking needs (no aliasing) or as one pixel where it grows (bilinear): Pillow's `BILINEAR`.
 */
export function resizeToCover(images: tf.Tensor4D, [height, width]: readonly [number, number]): tf.Tensor4D {
  return tf.tidy(() => {
    const [, fromHeight, fromWidth] = images.shape;
    const scale = Math.max(height / fromHeight, width / fromWidth);
    const offset = [(height - scale * fromHeight) / 2, (width - scale * fromWidth) / 2];
    const [resized] = executeOp(
      'ScaleAndTranslate',
      [
        typeAttribute('T', 'float32'),
        stringAttribute('kernel_type', 'triangle'),
        booleanAttribute('antialias', true),
      ],
      [
        images.toFloat(),
        tf.tensor1d([height, width], 'int32'),
        tf.tensor1d([scale, scale]),
        tf.tensor1d(offset),
      ],
      1,
    );
    return resized as tf.Tensor4D; // [B, height, width, C]
  });
}
