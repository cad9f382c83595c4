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

/** Rows of numbers: a float32 tensor seen as a matrix [count, width]. */
interface Rows {
  readonly values: Float32Array;
  readonly count: number;
  readonly width: number;
}

/** References that may be the nearest of a query, and below which squared distance (float32) all others are not. */
interface Candidates {
  readonly indices: readonly number[];
  readonly othersBeyond: number;
}

/** Float32 candidates beside the k asked for: enough that rounding rarely matters. */
const spare = 8;
/** Queries at a time, and float32 numbers of references at a time (64 MB); distances of a chunk take 32 MB at most. */
const queryRows = 1024;
const referenceRows = 8192;
const referenceNumbers = 2 ** 24;
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
  const kept = Math.min(b.count, k + spare);
  const largest = largestSquare(b);
  const indices = new Int32Array(a.count * k);
  const distances = new Float32Array(a.count * k);
  const variables = createVariables({});
  try {
    const search = compile(inputs => closest(inputs, kept), { variables });
    for (let start = 0; start < a.count; start += queryRows) {
      const chunk = slice(a, start, queryRows);
      const found = await candidatesOf(search, chunk, b, kept, signal);
      found.forEach((candidates, i) => {
        const nearest = measure(chunk, i, b, k, candidates, largest);
        nearest.forEach(({ index, square }, j) => {
          indices[(start + i) * k + j] = index;
          distances[(start + i) * k + j] = Math.sqrt(square);
        });
      });
    }
  } finally {
    variables.dispose();
  }
  return { k, indices, distances };
}

/** Recorded: `queries` [Q, D] and `references` [R, D] -> the `kept` smallest squared distances of each query, ascending. */
function closest(
  { queries, references }: Record<string, tf.Tensor>,
  kept: number,
): Record<string, tf.Tensor> {
  const products = tf.matMul(queries, references, false, true); // [Q, R]
  const norms = references.square().sum(1); // [R]
  // The query's own norm is the same for all its references: left out until the values are used.
  const { values, indices } = tf.topk(products.mul(2).sub(norms), Math.min(kept, references.shape[0]));
  return { squares: queries.square().sum(1, true).sub(values), indices };
}

async function candidatesOf(
  search: CompiledFunction,
  queries: Rows,
  references: Rows,
  kept: number,
  signal: AbortSignal | undefined,
): Promise<Candidates[]> {
  const rows = Math.max(1, Math.min(referenceRows, Math.floor(referenceNumbers / references.width)));
  const best = Array.from({ length: queries.count }, (): { index: number; square: number }[] => []);
  for (let start = 0; start < references.count; start += rows) {
    signal?.throwIfAborted();
    const chunk = slice(references, start, rows);
    const { squares, indices } = await search({ queries: asTensor(queries), references: asTensor(chunk) });
    const width = Math.min(kept, chunk.count);
    best.forEach((candidates, i) => {
      for (let j = i * width; j < (i + 1) * width; j++) {
        candidates.push({ index: start + indices.values[j], square: squares.values[j] });
      }
      candidates.sort((x, y) => x.square - y.square).splice(kept);
    });
  }
  return best.map(candidates => ({
    indices: candidates.map(({ index }) => index),
    othersBeyond: kept === references.count ? Infinity : candidates[kept - 1].square,
  }));
}

/** The k nearest of one query among its candidates, by float64 distances; among all references if that is not certain. */
function measure(
  queries: Rows,
  i: number,
  references: Rows,
  k: number,
  { indices, othersBeyond }: Candidates,
  largestReference: number,
) {
  const nearest = nearestAmong(queries, i, references, k, indices);
  // A float32 sum of D products is wrong by at most D roundoffs of the summed magnitudes; three such sums were added.
  const magnitude = squaredDistance(queries, i, undefined, 0) + largestReference;
  const roundingError = 2 * (references.width + 8) * unitRoundoff * magnitude;
  if (nearest[k - 1].square < othersBeyond - roundingError) return nearest;
  return nearestAmong(queries, i, references, k, Array(references.count).keys());
}

function nearestAmong(queries: Rows, i: number, references: Rows, k: number, indices: Iterable<number>) {
  const nearest: { index: number; square: number }[] = [];
  for (const index of indices) {
    const limit = nearest.length < k ? Infinity : nearest[k - 1].square;
    const square = squaredDistance(queries, i, references, index, limit);
    if (square > limit) continue;
    nearest.push({ index, square });
    nearest.sort((x, y) => x.square - y.square || x.index - y.index).splice(k);
  }
  return nearest;
}

/** |a_i - b_j|^2 in float64 (b undefined: |a_i|^2); stops summing beyond the limit. */
function squaredDistance(a: Rows, i: number, b: Rows | undefined, j: number, limit = Infinity): number {
  const { width } = a;
  let sum = 0;
  for (let d = 0; d < width && sum <= limit; d++) {
    const difference = a.values[i * width + d] - (b ? b.values[j * width + d] : 0);
    sum += difference * difference;
  }
  return sum;
}

function largestSquare(rows: Rows): number {
  let largest = 0;
  for (let i = 0; i < rows.count; i++) largest = Math.max(largest, squaredDistance(rows, i, undefined, 0));
  return largest;
}

function slice({ values, width, count }: Rows, start: number, length: number): Rows {
  const end = Math.min(count, start + length);
  return { values: values.subarray(start * width, end * width), count: end - start, width };
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
  const wrong = values.findIndex(value => !Number.isFinite(value));
  if (wrong >= 0) {
    throw new RangeError(
      `Row ${Math.floor(wrong / width)} of the ${name} holds ${values[wrong]}, so it has no distance to anything.`,
    );
  }
  return { values, count, width };
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
