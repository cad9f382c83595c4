/**
 * The linear algebra of the model: orthonormal bases, projectors and spectra by ml-matrix, and a sparse product for the inner
 * loops. In the frame's coordinates the matrices of the closed forms are nearly diagonal, so that skipping zeros makes the
 * cost of one sample proportional to the rank instead of its square.
 */
import { EigenvalueDecomposition, Matrix, QrDecomposition, SingularValueDecomposition } from 'ml-matrix';
import type { RandomSource } from './random';

/** A matrix by its nonzero entries, row after row. */
export interface SparseMatrix {
  readonly rows: number;
  /** Entries of row i lie at start[i] .. start[i + 1]. */
  readonly start: Int32Array;
  readonly column: Int32Array;
  readonly value: Float64Array;
}

/** Entries below this share of the largest one are rounding errors of zeros. */
const roundingLevel = 1e-14;

export function toSparse(matrix: Matrix): SparseMatrix {
  const smallest = roundingLevel * matrix.clone().abs().max();
  const start = new Int32Array(matrix.rows + 1);
  const column: number[] = [];
  const value: number[] = [];
  for (let i = 0; i < matrix.rows; i++) {
    for (let j = 0; j < matrix.columns; j++) {
      const entry = matrix.get(i, j);
      if (Math.abs(entry) <= smallest) continue;
      column.push(j);
      value.push(entry);
    }
    start[i + 1] = column.length;
  }
  return { rows: matrix.rows, start, column: Int32Array.from(column), value: Float64Array.from(value) };
}

/** output[0 .. rows) = matrix times x, where x starts at `offset` of its array. */
export function multiplySparse(
  matrix: SparseMatrix,
  x: Float64Array,
  offset: number,
  output: Float64Array,
): void {
  const { start, column, value } = matrix;
  for (let i = 0; i < matrix.rows; i++) {
    let sum = 0;
    for (let p = start[i]; p < start[i + 1]; p++) sum += value[p] * x[offset + column[p]];
    output[i] = sum;
  }
}

/** x' matrix x, where x starts at `offset` of its array. */
export function quadraticForm(matrix: SparseMatrix, x: Float64Array, offset: number): number {
  const { start, column, value } = matrix;
  let total = 0;
  for (let i = 0; i < matrix.rows; i++) {
    let sum = 0;
    for (let p = start[i]; p < start[i + 1]; p++) sum += value[p] * x[offset + column[p]];
    total += sum * x[offset + i];
  }
  return total;
}

/** An orthonormal basis of the columns' span, of as many columns: the QR factor whose R has a positive diagonal. */
export function orthonormalize(columns: Matrix): Matrix {
  const { orthogonalMatrix, upperTriangularMatrix } = new QrDecomposition(columns);
  for (let j = 0; j < columns.columns; j++) {
    if (upperTriangularMatrix.get(j, j) < 0) orthogonalMatrix.mulColumn(j, -1);
  }
  return orthogonalMatrix;
}

/** A random orthonormal frame, uniform on the Stiefel manifold. */
export function randomFrame(dimension: number, columns: number, source: RandomSource): Matrix {
  const values = source.fillNormal(new Float64Array(dimension * columns));
  return orthonormalize(Matrix.from1DArray(dimension, columns, values));
}

/** An orthonormal basis of the sum of several subspaces, each given by a basis: left singular vectors that matter. */
export function spanOf(bases: readonly Matrix[]): Matrix {
  const columns = concatenateColumns(bases);
  if (isOrthonormal(columns)) return columns;
  const { leftSingularVectors, diagonal } = new SingularValueDecomposition(columns, { autoTranspose: true });
  const kept = diagonal.filter(value => value > 1e-9 * diagonal[0]).length;
  return leftSingularVectors.subMatrix(0, columns.rows - 1, 0, kept - 1);
}

export function concatenateColumns(matrices: readonly Matrix[]): Matrix {
  const width = matrices.reduce((sum, matrix) => sum + matrix.columns, 0);
  const all = Matrix.zeros(matrices[0].rows, width);
  let column = 0;
  for (const matrix of matrices) {
    all.setSubMatrix(matrix, 0, column);
    column += matrix.columns;
  }
  return all;
}

export function isOrthonormal(columns: Matrix, tolerance = 1e-12): boolean {
  const gram = columns.transpose().mmul(columns).sub(Matrix.eye(columns.columns));
  return gram.abs().max() < tolerance;
}

/** The orthogonal projector B B' onto the span of an orthonormal basis. */
export function projector(basis: Matrix): Matrix {
  return basis.mmul(basis.transpose());
}

/** Eigenvalues and eigenvectors of a symmetric matrix. */
export interface Spectrum {
  readonly values: readonly number[];
  readonly vectors: Matrix;
}

export function symmetricSpectrum(matrix: Matrix): Spectrum {
  const { realEigenvalues, eigenvectorMatrix } = new EigenvalueDecomposition(matrix, {
    assumeSymmetric: true,
  });
  return { values: realEigenvalues, vectors: eigenvectorMatrix };
}

/** V diag(f(lambda)) V': a function of a symmetric matrix. */
export function spectralFunction({ values, vectors }: Spectrum, f: (eigenvalue: number) => number): Matrix {
  const scaled = vectors.clone();
  values.forEach((value, j) => scaled.mulColumn(j, f(value)));
  return scaled.mmul(vectors.transpose());
}

/**
 * Principal angles between two subspaces, in degrees, smallest first: their cosines are the singular values of A' B.
 * @param a orthonormal basis [n, p]
 * @param b orthonormal basis [n, q]
 * @returns min(p, q) angles in [0, 90]
 */
export function principalAngles(a: Matrix, b: Matrix): number[] {
  const cosines = new SingularValueDecomposition(a.transpose().mmul(b), { autoTranspose: true }).diagonal;
  return cosines
    .slice(0, Math.min(a.columns, b.columns))
    .map(c => (Math.acos(Math.min(1, c)) * 180) / Math.PI);
}

/** The leading right singular vectors of rows, uncentred: an orthonormal basis [n, count] of where most of their energy lies. */
export function principalDirections(rows: Matrix, count: number): Matrix {
  const { rightSingularVectors } = new SingularValueDecomposition(rows, { autoTranspose: true });
  return rightSingularVectors.subMatrix(0, rows.columns - 1, 0, count - 1);
}
