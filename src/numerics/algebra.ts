/** Linear algebra in float64 by TensorFlow, off the event loop: tfjs itself computes in float32 only. */
import { typeNumbers } from '../engine/backend';
import { createGraph, type Output } from '../engine/graph';
import { type Callable, createSession } from '../engine/session';
import type { FeatureMatrix, Matrix } from './matrix';

/** Eigenvalues, ascending, and the matrix [n, n] whose column j is the unit eigenvector of value j. */
export interface Eigensystem {
  readonly values: Float64Array;
  readonly vectors: Matrix;
}

/** Leading singular values, descending, and right singular vectors: row j belongs to value j. */
export interface SingularVectors {
  readonly values: Float64Array;
  /** [rank, F], rows orthonormal. */
  readonly vectors: Matrix;
}

/** Numbers of a matrix that are converted and multiplied at a time (32 MB). */
const blockNumbers = 2 ** 22;

/** The product a b. */
export async function product(a: Matrix, b: Matrix): Promise<Matrix> {
  const [values] = await operations().product([feed(a), feed(b)]);
  return { shape: [a.shape[0], b.shape[1]], values: values.values as Float64Array };
}

/** The product a b' of the rows of two matrices: [N, F] by [M, F] -> [N, M]. */
export async function rowProducts(a: Matrix, b: Matrix): Promise<Matrix> {
  const [values] = await operations().rowProducts([feed(a), feed(b)]);
  return { shape: [a.shape[0], b.shape[0]], values: values.values as Float64Array };
}

/** X'X of rows X [N, F], each less `offset` (default 0), summed over blocks of rows: [F, F]. */
export async function gram(rows: FeatureMatrix, offset?: Float64Array): Promise<Matrix> {
  const [count, width] = rows.shape;
  const sum = new Float64Array(width * width);
  const blockRows = Math.max(1, Math.floor(blockNumbers / width));
  for (let start = 0; start < count; start += blockRows) {
    const end = Math.min(count, start + blockRows);
    const values = new Float64Array((end - start) * width);
    for (let i = 0; i < values.length; i++)
      values[i] = rows.values[start * width + i] - (offset?.[i % width] ?? 0);
    const block = feed({ shape: [end - start, width], values });
    const [part] = await operations().gram([block, block]);
    (part.values as Float64Array).forEach((value, i) => (sum[i] += value));
  }
  return { shape: [width, width], values: sum };
}

/** Eigenvalues and eigenvectors of a symmetric matrix; its lower triangle is read. */
export async function symmetricEigen(matrix: Matrix): Promise<Eigensystem> {
  const [values, vectors] = await operations().eigen([feed(matrix)]);
  return {
    values: values.values as Float64Array,
    vectors: { shape: matrix.shape, values: vectors.values as Float64Array },
  };
}

/**
 * The leading right singular vectors of rows [N, F], uncentred: an orthonormal basis of where most of their energy lies.
 * Found by the eigenvectors of X'X or X X', whichever is smaller; values below 1e-7 of the largest drown in rounding.
 * @param rank vectors asked for; fewer are returned when the rows span fewer dimensions
 */
export async function singularVectors(rows: Matrix, rank: number): Promise<SingularVectors> {
  const [count, width] = rows.shape;
  const wide = width > count;
  const { values, vectors } = await symmetricEigen(wide ? await rowProducts(rows, rows) : await gram(rows));
  const size = values.length;
  const leading = Array.from({ length: Math.min(rank, size) }, (_, j) => size - 1 - j).filter(
    column => values[column] > 1e-14 * values[size - 1],
  );
  const singular = Float64Array.from(leading, column => Math.sqrt(values[column]));
  const basis = new Float64Array(leading.length * size);
  leading.forEach((column, j) => {
    for (let i = 0; i < size; i++) basis[j * size + i] = vectors.values[i * size + column];
  });
  const found: Matrix = { shape: [leading.length, size], values: basis };
  if (!wide) return { values: singular, vectors: found };
  // Left vectors u of X: the right ones are X'u / value.
  const right = await product(found, rows);
  return {
    values: singular,
    vectors: {
      shape: right.shape,
      values: right.values.map((value, i) => value / singular[Math.floor(i / width)]),
    },
  };
}

/** The symmetric square root of a symmetric matrix without negative eigenvalues; those below 0 by rounding count as 0. */
export async function squareRoot(matrix: Matrix): Promise<Matrix> {
  const { values, vectors } = await symmetricEigen(matrix);
  const size = values.length;
  const scaled = vectors.values.map((value, i) => value * Math.max(values[i % size], 0) ** 0.25);
  const half: Matrix = { shape: vectors.shape, values: scaled };
  return rowProducts(half, half); // V L^(1/2) V'
}

function feed({ shape, values }: Matrix) {
  return { dtype: float64, shape, values };
}

const { float64 } = typeNumbers;

interface Operations {
  readonly product: Callable;
  readonly rowProducts: Callable;
  readonly gram: Callable;
  readonly eigen: Callable;
}

/** The operations in a session that lives as long as the process; it holds no values. */
function operations(): Operations {
  prepared ??= prepare();
  return prepared;
}
let prepared: Operations | undefined;

function prepare(): Operations {
  const session = createSession();
  const graph = createGraph('algebra');
  const add = (op: string, inputs: Output[], attributes = {}): Output => ({
    name: `${graph.add(op, attributes, inputs)}:0`,
    dtype: float64,
  });
  const [a, b] = [0, 1].map(() => add('Placeholder', [], { dtype: { type: float64 } }));
  const multiplied = add('MatMul', [a, b]);
  const ofRows = add('MatMul', [a, b], { transpose_b: { b: true } });
  const ofColumns = add('MatMul', [a, b], { transpose_a: { b: true } });
  const eigen = add('SelfAdjointEigV2', [a]).name;
  session.extend(graph.serialize());
  const call = (fetch: Output) => session.prepare([a.name, b.name], [fetch.name], []);
  return {
    product: call(multiplied),
    rowProducts: call(ofRows),
    gram: call(ofColumns),
    eigen: session.prepare([a.name], [eigen, eigen.replace(/0$/, '1')], []),
  };
}
