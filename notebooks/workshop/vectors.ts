/** Lists of numbers as vectors, for the exercises and their checks. */
import { sum } from './statistics';

/** A list of numbers for each image or vector of a batch [N, ...]. */
export function rowsOf(batch: {
  readonly values: ArrayLike<number>;
  readonly shape: readonly number[];
}): number[][] {
  const [count] = batch.shape;
  const values = Array.from(batch.values);
  const size = values.length / count;
  return Array.from({ length: count }, (_, i) => values.slice(i * size, (i + 1) * size));
}

/** The sum of the squares of the entries. */
export function squaredLength(vector: readonly number[]): number {
  return sum(vector.map(value => value ** 2));
}

/** The sum of the squared differences of the entries. */
export function squaredDistance(a: readonly number[], b: readonly number[]): number {
  return squaredLength(a.map((value, i) => value - b[i]));
}

/** The sum of the vectors, each times its weight. */
export function weightedSum(vectors: readonly (readonly number[])[], weights: readonly number[]): number[] {
  return vectors[0].map((_, p) => sum(vectors.map((vector, i) => weights[i] * vector[p])));
}

/** The coordinates of a vector in an orthonormal basis, whose columns are the basis vectors. */
export function coordinates(basis: readonly (readonly number[])[], vector: readonly number[]): number[] {
  return basis[0].map((_, j) => sum(basis.map((row, i) => row[j] * vector[i])));
}
