/** From a layer's activation to one row of features an image. */
import { tf } from '../engine/tensorflow';

/**
 * How an activation [B, H, W, C] becomes features: 'mean' averages over all pixels (C features), '2x2' over each quarter
 * of the image (4 C), 'none' keeps every number (H W C).
 */
export type Pooling = 'mean' | '2x2' | 'none';

/**
 * The features [B, F] of an activation [B, H, W, C]. An activation [B, C] has no pixels and is kept by 'mean' and 'none'.
 * @throws RangeError when the activation does not have the dimensions that the pooling needs
 */
export function pool(activation: tf.Tensor, pooling: Pooling): tf.Tensor2D {
  const { rank, shape } = activation;
  const flat = (x: tf.Tensor): tf.Tensor2D => x.reshape([shape[0], -1]);
  if (pooling === 'none' || (pooling === 'mean' && rank === 2)) return flat(activation);
  if (rank !== 4) {
    throw new RangeError(
      `Pooling '${pooling}' needs an activation [B, H, W, C], but it is [${shape.join(', ')}]. Use the pooling 'none'.`,
    );
  }
  if (pooling === 'mean') return activation.mean([1, 2]); // [B, C]
  const x = activation as tf.Tensor4D;
  const quarters = halves(x.shape[1]).flatMap(([top, height]) =>
    halves(x.shape[2]).map(([left, width]) => {
      const quarter = x.slice([0, top, left, 0], [-1, height, width, -1]);
      return quarter.mean<tf.Tensor2D>([1, 2]); // [B, C]
    }),
  );
  return tf.concat(quarters, 1); // [B, 4 C]
}

/** Start and length of the two halves of n pixels; of an odd n they share the middle, as in adaptive average pooling. */
function halves(n: number): [start: number, length: number][] {
  return [
    [0, Math.ceil(n / 2)],
    [Math.floor(n / 2), Math.ceil(n / 2)],
  ];
}

/** @throws RangeError when `pooling` is not one. */
export function requirePooling(pooling: Pooling): void {
  if (!['mean', '2x2', 'none'].includes(pooling)) {
    throw new RangeError(`There is no pooling '${pooling}'. Choose 'mean', '2x2' or 'none'.`);
  }
}
