/** Class subspaces of features: the leading singular vectors of each class (paper, Fig. 5 and Table 9). */
import { rowProducts, singularVectors } from '../numerics/algebra';
import { indicesByClass, type Matrix, selectRows } from '../numerics/matrix';

/**
 * An orthonormal basis V_k of each class's subspace: the leading right singular vectors of its features.
 * @param features normalized features [N, F]
 * @returns for each class [rank, F], rows orthonormal; fewer rows for a class that spans fewer dimensions
 * @throws RangeError when a class has no image, or the rank is not a positive integer below F
 */
export async function singularBases(
  features: Matrix,
  labels: ArrayLike<number>,
  classes: number,
  rank: number,
): Promise<Matrix[]> {
  const [, width] = features.shape;
  if (!Number.isInteger(rank) || rank < 1 || rank >= width) {
    throw new RangeError(
      `Of ${width} features, 1 to ${width - 1} singular vectors can stand for a class, not ${rank}.`,
    );
  }
  const bases: Matrix[] = [];
  for (const [k, indices] of indicesByClass(labels, classes).entries()) {
    if (indices.length === 0) {
      throw new RangeError(`Class ${k} has no image, so it has no subspace. Give images of every class.`);
    }
    bases.push((await singularVectors(selectRows(features, indices), rank)).vectors);
  }
  return bases;
}

/** |V_k' h| of each row h of features, [M, K] row-major. */
export async function projectionNorms(bases: readonly Matrix[], features: Matrix): Promise<Float64Array> {
  const classes = bases.length;
  const norms = new Float64Array(features.shape[0] * classes);
  for (const [k, basis] of bases.entries()) {
    const { shape, values } = await rowProducts(features, basis); // [M, rank]
    for (let i = 0; i < shape[0]; i++) {
      let square = 0;
      for (let j = 0; j < shape[1]; j++) square += values[i * shape[1] + j] ** 2;
      norms[i * classes + k] = Math.sqrt(square);
    }
  }
  return norms;
}
