/** The k-nearest-neighbour classifier. */
import { float32 } from '../engine/values';
import type { Matrix } from '../numerics/matrix';
import { nearestNeighbours } from '../numerics/neighbours';
import type { ClassifierTraining } from './classifier';

/**
 * How many of the k nearest training images (Euclidean distance of normalized features) are of each class: [M, classes].
 * @throws RangeError when k is not a whole number from 1 to the number of training images
 */
export async function neighbourVotes(
  { features, labels, classes, signal }: ClassifierTraining,
  tested: Matrix,
  k: number,
): Promise<Float64Array> {
  const rows = ({ shape, values }: Matrix) => float32(values, shape);
  const { indices } = await nearestNeighbours(rows(tested), rows(features), k, { signal });
  const votes = new Float64Array(tested.shape[0] * classes);
  indices.forEach((index, i) => votes[Math.floor(i / k) * classes + labels[index]]++);
  return votes;
}
