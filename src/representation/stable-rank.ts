/** The stable rank of weights: how many directions a layer uses ("Spectral Signatures of Memorization", FoGen workshop 2026). */
import type { TensorValue } from '../engine/values';
import type { Variables } from '../engine/variables';
import { gram, rowProducts, symmetricEigen } from '../numerics/algebra';
import { checkFeatures, type Matrix } from '../numerics/matrix';

/**
 * |W|_F^2 / |W|_2^2, from 1 (one direction) to the smaller side of W (all directions alike).
 * @param weight [..., out]: a convolution [height, width, in, out] is seen as the matrix [height width in, out]
 * @throws RangeError when the weight has less than two dimensions, is not finite, or is all zero
 */
export async function stableRank({ shape, values }: TensorValue): Promise<number> {
  if (shape.length < 2) {
    throw new RangeError(`A stable rank is a matrix's, not that of a weight of shape [${shape.join(', ')}].`);
  }
  const columns = shape[shape.length - 1];
  const matrix: Matrix = { shape: [values.length / columns, columns], values: Float64Array.from(values) };
  const [rows] = checkFeatures(matrix);
  const squares = await symmetricEigen(
    rows < columns ? await rowProducts(matrix, matrix) : await gram(matrix),
  );
  const largest = squares.values[squares.values.length - 1];
  if (!(largest > 0)) throw new RangeError('A weight of zeros has no stable rank: train the network first.');
  return matrix.values.reduce((sum, value) => sum + value * value, 0) / largest;
}

/**
 * The stable rank of several weights.
 * @param names parameters to measure. Default: all with at least two dimensions that are not zero
 * @throws RangeError as {@link stableRank} does; Error for an unknown name
 */
export async function stableRanks(
  variables: Variables,
  names?: readonly string[],
): Promise<Record<string, number>> {
  const read = await variables.read(names);
  const weights = Object.entries(read).filter(([, weight]) => names || hasRank(weight));
  const ranks: Record<string, number> = {};
  for (const [name, weight] of weights) ranks[name] = await stableRank(weight);
  return ranks;
}

function hasRank({ shape, values }: TensorValue): boolean {
  return shape.length >= 2 && values.some(value => value !== 0);
}
