/** Exact nearest neighbours: found by matrix products in TensorFlow, then measured again in float64. */
import { compile, type CompiledFunction } from '../engine/compile';
import { tf } from '../engine/tensorflow';
import type { TensorValue } from '../engine/values';
import { float32 } from '../engine/values';
import { createVariables } from '../engine/variables';

/** The nearest references of each query, nearest first; at equal distance the one with the lower index. */
export interface Neighbours {
  readonly k: number;
  /** Indices of references, [M, k] row-major. */
  readonly indices: Int32Array;
  /** Euclidean distances, [M, k] row-major. */
  readonly distances: Float32Array;
}

/** Options of the search. */
export interface NeighboursOptions {
  /** Stops between chunks: the promise rejects with the signal's reason. */
  readonly signal?: AbortSignal;
}

/** Rows of numbers: a float32 tensor seen as a matrix [count, width], with the squared length of each row. */
interface Rows {
  readonly values: Float32Array;
  readonly squares: Float64Array;
  readonly count: number;
  readonly width: number;
}

/** A reference and its squared distance from a query: float32 where TensorFlow found it, float64 where it was measured again. */
interface Neighbour {
  readonly index: number;
  readonly square: number;
}

/** Float32 candidates beside the k asked for: enough that rounding rarely matters. */
const spare = 8;
/** Queries at a time, and float32 numbers of references at a time (16 MB); distances of a chunk take 32 MB at most. */
const queryRows = 1024;
const referenceRows = 8192;
const referenceNumbers = 2 ** 22;
/** Relative rounding error of one float32 operation. */
const unitRoundoff = 2 ** -24;

/**
 * The k nearest references of each query by Euclidean distance, exactly.
 *
 * Squared distances |a|^2 + |b|^2 - 2 a'b are taken in float32, where near copies drown in rounding; the candidates are
 * therefore measured again in float64, and a query whose candidates are not certain to hold the nearest (rounding bound of
 * the products) is compared with every reference. Memory beyond the inputs is bounded by about 200 MB.
 * @param queries float32 [M, ...]: M vectors, each dimension after the first counts
 * @param references float32 [N, ...] of the same width
 * @throws RangeError when there are no queries, fewer than k references, widths differ, or a value is not finite
 */
export async function nearestNeighbours(
  queries: TensorValue,
  references: TensorValue,
  k: number,
  { signal }: NeighboursOptions = {},
): Promise<Neighbours> {
  const a = rowsOf(queries, 'queries');
  const b = rowsOf(references, 'references');
  requireFit(a, b, k);
  const largest = b.squares.reduce((x, y) => Math.max(x, y));
  const kept = Math.min(b.count, k + spare);
  const indices = new Int32Array(a.count * k);
  const distances = new Float32Array(a.count * k);
  const ranges = rangesOf(a.count, queryRows);
  const variables = createVariables({ queries: asTensor(slice(a, ranges[0])) });
  try {
    const search = compile(inputs => closest(variables.tensors.queries, inputs, kept), { variables });
    for (const range of ranges) {
      await variables.write({ queries: asTensor(slice(a, range)) });
      const found = await candidatesOf(search, range, b, kept, signal);
      found.forEach((candidates, i) => {
        const query = range.start + i;
        nearestOf(a, query, b, k, candidates, largest).forEach(({ index, square }, j) => {
          indices[query * k + j] = index;
          distances[query * k + j] = Math.sqrt(square);
        });
      });
    }
  } finally {
    variables.dispose();
  }
  return { k, indices, distances };
}

/**
 * Recorded: `queries` [Q, D], `references` [R, D] and their squared lengths [R] -> the `kept` smallest of each query's squared
 * distances less the query's own squared length, ascending.
 */
function closest(
  queries: tf.Tensor,
  { references, squares }: Record<string, tf.Tensor>,
  kept: number,
): Record<string, tf.Tensor> {
  const products = tf.matMul(queries.mul(2), references, false, true); // [Q, R]
  const { values, indices } = tf.topk(products.sub(squares), Math.min(kept, references.shape[0]));
  return { squares: values.neg(), indices };
}

/**
 * Candidates of each query: the `kept` nearest references by float32, nearest first, with squared distances less the query's own
 * squared length.
 */
async function candidatesOf(
  search: CompiledFunction,
  queries: Range,
  references: Rows,
  kept: number,
  signal: AbortSignal | undefined,
): Promise<Neighbour[][]> {
  const rows = Math.max(1, Math.min(referenceRows, Math.floor(referenceNumbers / references.width)));
  const best = Array.from({ length: queries.end - queries.start }, (): Neighbour[] => []);
  let seen = 0;
  for (const range of rangesOf(references.count, rows)) {
    signal?.throwIfAborted();
    const chunk = slice(references, range);
    const found = await search({ references: asTensor(chunk), squares: float32(chunk.squares) });
    const width = Math.min(kept, chunk.count);
    best.forEach((candidates, i) => {
      const limit = candidates.length < kept ? Infinity : candidates[kept - 1].square;
      for (let j = i * width; j < (i + 1) * width && found.squares.values[j] < limit; j++) {
        const index = range.start + found.indices.values[j];
        if (index >= seen) candidates.push({ index, square: found.squares.values[j] });
      }
      candidates.sort((x, y) => x.square - y.square).splice(kept);
    });
    seen = range.end;
  }
  return best;
}

/** The k nearest of query i among its candidates, by float64 distances; among all references if that is not certain. */
function nearestOf(
  queries: Rows,
  i: number,
  references: Rows,
  k: number,
  candidates: readonly Neighbour[],
  largest: number,
): Neighbour[] {
  // A float32 sum of D products is wrong by at most D roundoffs of the summed magnitudes; three such sums were added.
  const roundingError = 2 * (references.width + 8) * unitRoundoff * (queries.squares[i] + largest);
  // Float32 may overflow, and then finds fewer candidates.
  if (candidates.length >= k) {
    const within = candidates[k - 1].square + 2 * roundingError;
    const likely = candidates.filter(({ square }) => square <= within).map(({ index }) => index);
    const nearest = nearestAmong(queries, i, references, k, likely);
    const areAll = candidates.length === references.count;
    const othersBeyond = areAll ? Infinity : queries.squares[i] + candidates[candidates.length - 1].square;
    if (nearest[k - 1].square < othersBeyond - roundingError) return nearest;
  }
  return nearestAmong(queries, i, references, k, Array(references.count).keys());
}

function nearestAmong(queries: Rows, i: number, references: Rows, k: number, indices: Iterable<number>) {
  const nearest: Neighbour[] = [];
  for (const index of indices) {
    const limit = nearest.length < k ? Infinity : nearest[k - 1].square;
    const square = squaredDistance(queries, i, references, index, limit);
    if (square > limit) continue;
    nearest.push({ index, square });
    nearest.sort((x, y) => x.square - y.square || x.index - y.index).splice(k);
  }
  return nearest;
}

/** |a_i - b_j|^2 in float64; stops summing beyond the limit. */
function squaredDistance(a: Rows, i: number, b: Rows, j: number, limit: number): number {
  const { width } = a;
  let sum = 0;
  for (let d = 0; d < width && sum <= limit; d++) {
    const difference = a.values[i * width + d] - b.values[j * width + d];
    sum += difference * difference;
  }
  return sum;
}

/** Rows from `start` up to `end`. */
interface Range {
  readonly start: number;
  readonly end: number;
}

/** Ranges of one length, at most `most`, since each length is recorded anew: the last one reaches back into the one before. */
function rangesOf(count: number, most: number): Range[] {
  const pieces = Math.ceil(count / most);
  const length = Math.ceil(count / pieces);
  return Array.from({ length: pieces }, (_, i) => {
    const start = Math.min(i * length, count - length);
    return { start, end: start + length };
  });
}

function slice({ values, squares, width }: Rows, { start, end }: Range): Rows {
  return {
    values: values.subarray(start * width, end * width),
    squares: squares.subarray(start, end),
    count: end - start,
    width,
  };
}

function asTensor({ values, count, width }: Rows): TensorValue {
  return float32(values, [count, width]);
}

function rowsOf({ values, shape }: TensorValue, name: string): Rows {
  const [count] = shape;
  if (!(values instanceof Float32Array) || shape.length < 2 || values.length === 0) {
    throw new RangeError(
      `The ${name} must be float32 rows of numbers, [count, ...], and not empty; they are [${shape.join(', ')}].`,
    );
  }
  const width = values.length / count;
  const squares = Float64Array.from({ length: count }, (_, i) => squaredLength(values, i * width, width));
  const wrong = squares.findIndex(square => !Number.isFinite(square));
  if (wrong >= 0) {
    const value = values.subarray(wrong * width).find(each => !Number.isFinite(each));
    throw new RangeError(`Row ${wrong} of the ${name} holds ${value}, so it has no distance to anything.`);
  }
  return { values, squares, count, width };
}

/** The sum of squares of some numbers; not finite when one of them is not, since squares of float32 are finite in float64. */
function squaredLength(values: Float32Array, start: number, length: number): number {
  let sum = 0;
  for (let i = start; i < start + length; i++) sum += values[i] * values[i];
  return sum;
}

function requireFit(queries: Rows, references: Rows, k: number): void {
  if (queries.width !== references.width) {
    throw new RangeError(
      `Queries have ${queries.width} numbers each, references ${references.width}: they must be of one shape.`,
    );
  }
  if (!Number.isInteger(k) || k < 1 || k > references.count) {
    throw new RangeError(
      `There are ${references.count} references, so 1 to ${references.count} neighbours can be found, not ${k}.`,
    );
  }
}
