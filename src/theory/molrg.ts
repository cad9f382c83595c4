/**
 * MoLRG, the mixture of low-rank Gaussians with noise (Assumption 1 of the paper): with probability pi_k,
 *   x_0 = mu_k + U_k a + delta Ut_k e,   a ~ N(0, I), e ~ N(0, I),
 * where Ut_k is an orthonormal basis of the span of all the other classes' subspaces.
 *
 * Everything happens in one low-dimensional space, the span of all U_k and mu_k. `frame` is an orthonormal basis of it, and
 * the classes are kept in the frame's coordinates: noise outside the frame carries no information about x_0.
 *
 * Letters: n ambient dimension, r dimension of the frame, K classes, d_k rank of class k, N samples.
 */
import { Matrix } from 'ml-matrix';
import { concatenateColumns, isOrthonormal, orthonormalize, randomFrame, spanOf } from './linear';
import { resolveOptions, type MolrgOptions, type ResolvedOptions } from './molrg-options';
import { randomSource, type RandomSource } from './random';

/** A mixture of low-rank Gaussians. */
export interface Molrg extends ResolvedOptions {
  /** Orthonormal basis of the span of all subspaces and means, [n, r]. */
  readonly frame: Matrix;
  /** U_k in the frame's coordinates, [r, d_k] for each class. */
  readonly bases: readonly Matrix[];
  /** Ut_k in the frame's coordinates: orthonormal basis of the other classes' span, [r, D_k] for each class. */
  readonly others: readonly Matrix[];
  /** mu_k in the frame's coordinates, [r] for each class. */
  readonly centres: readonly Float64Array[];
}

/** Samples of a model, row-major. */
export interface MolrgSamples {
  readonly count: number;
  /** [N, n] */
  readonly samples: Float64Array;
  /** The class of each sample, [N] */
  readonly labels: Int32Array;
}

/**
 * Builds a mixture: bases with the given principal angles in a random orientation, and class means.
 * @throws RangeError for options outside their range; the message names the value and the remedy
 */
export function createMolrg(options: MolrgOptions): Molrg {
  const resolved = resolveOptions(options);
  const source = randomSource(resolved.seed);
  const subspaceDimension = resolved.ranks.reduce((sum, rank) => sum + rank, 0);
  const local = localBases(resolved);
  const subspaceFrame = randomFrame(resolved.ambient, subspaceDimension, source);
  const { frame, centres } = placeMeans(resolved, subspaceFrame, source);
  const bases = local.map(basis => padRows(basis, frame.columns));
  const others = bases.map((_, k) => otherSpan(bases, k));
  return { ...resolved, frame, bases, others, centres };
}

/**
 * A mixture with given subspaces, such as those that a network has learned.
 * @param bases orthonormal columns, [n, d_k] for each class
 * @param options.means a mean for each class, [n]; default: zero
 * @throws RangeError when a basis is not orthonormal to 1e-6, or an option is outside its range
 */
export function molrgFromBases(
  bases: readonly Matrix[],
  options: { delta: number; weights?: readonly number[]; means?: readonly ArrayLike<number>[] },
): Molrg {
  bases.forEach((basis, k) => {
    if (isOrthonormal(basis, 1e-6)) return;
    throw new RangeError(`bases[${k}]: its columns are not orthonormal to 1e-6; orthonormalize them first.`);
  });
  const ambient = bases[0].rows;
  const rank = bases.map(basis => basis.columns);
  const resolved = { ...resolveOptions({ ...options, ambient, rank }), angles: [] };
  const subspaceFrame = spanOf(bases);
  const { frame, centres } = placeMeans(resolved, subspaceFrame, randomSource(0));
  const local = bases.map(basis => frame.transpose().mmul(basis));
  const others = local.map((_, k) => otherSpan(local, k));
  return { ...resolved, frame, bases: local, others, centres };
}

/**
 * Coordinates of the bases before they are turned into the ambient space. Direction j of all the classes spans one block in which
 * the K unit vectors have the pairwise angle theta_j: columns of the Cholesky factor of (1 - c) I + c 11', c = cos theta_j.
 */
function localBases({ classes, ranks, angles }: ResolvedOptions): Matrix[] {
  const rows = ranks.reduce((sum, rank) => sum + rank, 0);
  const firstRow = ranks.map((_, k) => ranks.slice(0, k).reduce((sum, rank) => sum + rank, 0));
  const bases = ranks.map(rank => Matrix.zeros(rows, rank));
  for (let j = 0; j < Math.max(...ranks); j++) {
    const present = Array.from({ length: classes }, (_, k) => k).filter(k => j < ranks[k]);
    const factor = equiangular(present.length, Math.cos((angles[j] * Math.PI) / 180));
    present.forEach((k, row) => {
      for (let i = 0; i <= row; i++) bases[k].set(firstRow[present[i]] + j, j, factor[row][i]);
    });
  }
  return bases;
}

/** Lower Cholesky factor of the Gram matrix of unit vectors with pairwise cosine c. */
function equiangular(count: number, cosine: number): number[][] {
  const factor: number[][] = [];
  // The cosine of 90 degrees is 6e-17 in floating point; orthogonal classes are to be exactly so.
  const c = Math.abs(cosine) < 1e-15 ? 0 : cosine;
  for (let i = 0; i < count; i++) {
    const row: number[] = [];
    for (let j = 0; j < i; j++) {
      const known = row.reduce((sum, value, m) => sum + value * factor[j][m], 0);
      row.push((c - known) / factor[j][j]);
    }
    row.push(Math.sqrt(1 - row.reduce((sum, value) => sum + value * value, 0)));
    factor.push(row);
  }
  return factor;
}

/** Extends the subspaces' frame by the directions of the means, and gives the means in its coordinates. */
function placeMeans(options: ResolvedOptions, subspaceFrame: Matrix, source: RandomSource) {
  const { classes, ambient, means } = options;
  if (means === undefined) {
    const centres = Array.from({ length: classes }, () => new Float64Array(subspaceFrame.columns));
    return { frame: subspaceFrame, centres };
  }
  if (typeof means === 'number') {
    const random = Matrix.from1DArray(
      ambient,
      classes,
      source.fillNormal(new Float64Array(ambient * classes)),
    );
    const frame = orthonormalize(concatenateColumns([subspaceFrame, random]));
    const centres = Array.from({ length: classes }, (_, k) => {
      const centre = new Float64Array(frame.columns);
      centre[subspaceFrame.columns + k] = means;
      return centre;
    });
    return { frame, centres };
  }
  const columns = new Matrix(means.map(mean => [...mean])).transpose();
  const outside = columns.clone().sub(subspaceFrame.mmul(subspaceFrame.transpose().mmul(columns)));
  const frame =
    outside.norm() <= 1e-12 * columns.norm()
      ? subspaceFrame
      : concatenateColumns([subspaceFrame, spanOf([outside])]);
  const coordinates = frame.transpose().mmul(columns);
  return { frame, centres: means.map((_, k) => Float64Array.from(coordinates.getColumn(k))) };
}

function padRows(basis: Matrix, rows: number): Matrix {
  return Matrix.zeros(rows, basis.columns).setSubMatrix(basis, 0, 0);
}

function otherSpan(bases: readonly Matrix[], k: number): Matrix {
  const others = bases.filter((_, l) => l !== k);
  return others.length === 0 ? Matrix.zeros(bases[0].rows, 0) : spanOf(others);
}

/** U_k in the ambient space, [n, d_k] with orthonormal columns. */
export function ambientBasis(model: Molrg, k: number): Matrix {
  return model.frame.mmul(model.bases[k]);
}

/** cov(x_0 | class k) = U_k U_k' + delta^2 Ut_k Ut_k' in the frame's coordinates, [r, r]. */
export function classCovariance(model: Molrg, k: number): Matrix {
  const own = model.bases[k].mmul(model.bases[k].transpose());
  const other = model.others[k];
  if (other.columns === 0) return own;
  return own.add(other.mmul(other.transpose()).mul(model.delta ** 2));
}

/** Draws x_0 of class k into the frame's coordinates, [count, r]. */
export function sampleClass(model: Molrg, k: number, count: number, source: RandomSource): Float64Array {
  const own = model.bases[k];
  const other = model.others[k];
  const factor = concatenateColumns(
    other.columns === 0 ? [own] : [own, other.clone().mul(model.delta)],
  ).transpose();
  const latent = Matrix.from1DArray(
    count,
    factor.rows,
    source.fillNormal(new Float64Array(count * factor.rows)),
  );
  const points = latent.mmul(factor); // [count, r]
  return flatten(points.addRowVector(Array.from(model.centres[k])));
}

/**
 * Draws samples of the mixture.
 * @param count number of samples
 * @param options.seed default 1; the model's own seed orients the bases, this one draws the samples
 */
export function sampleMolrg(model: Molrg, count: number, { seed = 1 }: { seed?: number } = {}): MolrgSamples {
  if (!Number.isInteger(count) || count < 1) {
    throw new RangeError(`count ${count}: ask for a positive whole number of samples.`);
  }
  const source = randomSource(seed);
  const labels = Int32Array.from({ length: count }, () => drawClass(model.weights, source.uniform()));
  const dimension = model.frame.columns;
  const coordinates = Matrix.zeros(count, dimension);
  for (let k = 0; k < model.classes; k++) {
    const rows = indicesOf(labels, k);
    const points = sampleClass(model, k, rows.length, source);
    rows.forEach((row, i) => {
      for (let j = 0; j < dimension; j++) coordinates.set(row, j, points[i * dimension + j]);
    });
  }
  return { count, labels, samples: flatten(coordinates.mmul(model.frame.transpose())) };
}

function drawClass(weights: readonly number[], uniform: number): number {
  let cumulated = 0;
  for (let k = 0; k < weights.length - 1; k++) {
    cumulated += weights[k];
    if (uniform < cumulated) return k;
  }
  return weights.length - 1;
}

function indicesOf(labels: Int32Array, k: number): number[] {
  const rows: number[] = [];
  labels.forEach((label, row) => {
    if (label === k) rows.push(row);
  });
  return rows;
}

/** The values of a matrix, row-major. */
export function flatten(matrix: Matrix): Float64Array {
  return Float64Array.from(matrix.to1DArray());
}

/** Points of the ambient space, [N, n] row-major, in the frame's coordinates, [N, r]. */
export function toFrame(model: Molrg, points: Float64Array): Float64Array {
  const count = points.length / model.ambient;
  if (!Number.isInteger(count)) {
    throw new RangeError(
      `${points.length} values are not rows of ${model.ambient}: pass points as [N, ${model.ambient}], row-major.`,
    );
  }
  return flatten(Matrix.from1DArray(count, model.ambient, points).mmul(model.frame));
}

/** Points in the frame's coordinates, [N, r], in the ambient space, [N, n]. */
export function fromFrame(model: Molrg, coordinates: Float64Array): Float64Array {
  const { columns } = model.frame;
  const points = Matrix.from1DArray(coordinates.length / columns, columns, coordinates);
  return flatten(points.mmul(model.frame.transpose()));
}

/** Whether all the classes' subspaces are mutually orthogonal. */
export function isOrthogonal(model: Molrg): boolean {
  return isOrthonormal(concatenateColumns(model.bases));
}
