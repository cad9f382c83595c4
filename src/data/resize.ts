/** Images brought to one size: scaled to cover it, cut at the middle. */
import { booleanAttribute, executeOp, stringAttribute, typeAttribute } from '../engine/backend';
import { tf } from '../engine/tensorflow';

/**
 * Scales an image [H, W, C] until it just covers [height, width], keeps the middle, and filters with a triangle as wide as
 * the shrinking needs (no aliasing) or as one pixel where it grows (bilinear): Pillow's `BILINEAR`.
 */
export function resizeToCover(image: tf.Tensor3D, [height, width]: readonly [number, number]): tf.Tensor3D {
  return tf.tidy(() => {
    const [fromHeight, fromWidth] = image.shape;
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
        image.toFloat().expandDims(0), // [1, H, W, C]
        tf.tensor1d([height, width], 'int32'),
        tf.tensor1d([scale, scale]),
        tf.tensor1d(offset),
      ],
      1,
    );
    return resized.squeeze<tf.Tensor3D>([0]); // [height, width, C]
  });
}
