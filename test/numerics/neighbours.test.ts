import { describe, expect, it } from 'vitest';
import { imagesOf, take } from '../../src/data/dataset';
import { loadDigits } from '../../src/data/digits';
import { tf } from '../../src/engine/tensorflow';
import { float32 } from '../../src/engine/values';
import { nearestNeighbours } from '../../src/numerics/neighbours';
import recorded from '../reference/recorded/neighbours.json';

const references = imagesOf(take(loadDigits(), 300));
const queries = float32(recorded.queries, [70, 64]);

/** Numbers in [0, 1) without a pattern that a sum would notice. */
const scattered = (i: number) => (Math.abs(Math.sin(i * 12.9898 + 78.233)) * 43758.5453) % 1;
const matrix = (count: number, width: number, value: (i: number) => number) =>
  float32(
    Float32Array.from({ length: count * width }, (_, i) => value(i)),
    [count, width],
  );

describe('nearestNeighbours', () => {
  it("finds scikit-learn's neighbours, copies and near copies included", async () => {
    const { indices, distances } = await nearestNeighbours(queries, references, 3);
    expect([...indices]).toEqual(recorded.indices);
    // Float64 sums of the same float32 numbers, returned in float32 (6e-8) and recorded with 8 digits.
    recorded.distances.forEach((distance, i) =>
      expect(Math.abs(distances[i] - distance)).toBeLessThanOrEqual(2e-7 * distance),
    );
  });

  it('finds them across chunks of queries and references, as an exhaustive search does', async () => {
    // More than one chunk of each, at most 1,024 queries and 8,192 references, and odd, so that chunks overlap by one.
    const many = matrix(8501, 3, scattered);
    const asked = matrix(1101, 3, i => scattered(i + 1e6));
    const { indices, distances } = await nearestNeighbours(asked, many, 2);
    for (const q of [0, 1, 549, 550, 551, 1100]) {
      const all = Array.from({ length: 8501 }, (_, r) =>
        Math.hypot(...[0, 1, 2].map(d => asked.values[3 * q + d] - many.values[3 * r + d])),
      );
      const sorted = [...all.keys()].sort((x, y) => all[x] - all[y]);
      expect([...indices.slice(2 * q, 2 * q + 2)]).toEqual(sorted.slice(0, 2));
      expect(distances[2 * q]).toBeCloseTo(all[sorted[0]], 6); // float32 of numbers below 1
    }
  });

  it('is right where float32 products see no difference at all', async () => {
    // Squared norms of 4e6, so float32 products are off by about 1; spacing 2^-12, all numbers exact in float32.
    const base = matrix(40, 4, i => 1000 + Math.floor(i / 4) * 2 ** -12);
    const query = matrix(1, 4, () => 1000 + 21.25 * 2 ** -12);
    const { indices, distances } = await nearestNeighbours(query, base, 2);
    expect([...indices]).toEqual([21, 22]);
    expect([...distances]).toEqual([0.5 * 2 ** -12, 1.5 * 2 ** -12]); // sqrt(4) times the offset
  });

  it('is right where squares are too large for float32', async () => {
    const far = matrix(30, 2, i => 1e25 * (1 + Math.floor(i / 2)));
    const { indices } = await nearestNeighbours(
      matrix(1, 2, () => 6.9e25),
      far,
      2,
    );
    expect([...indices]).toEqual([6, 5]);
  });

  it('orders equal distances by index, however many there are', async () => {
    const same = matrix(50, 2, () => 0.25);
    const { indices, distances } = await nearestNeighbours(same, same, 3);
    for (let i = 0; i < 50; i++) expect([...indices.slice(3 * i, 3 * i + 3)]).toEqual([0, 1, 2]);
    expect(Math.max(...distances)).toBe(0);
  });

  it('sorts all references when it is asked for all', async () => {
    const line = matrix(5, 1, i => [4, 1, 3, 0, 2][i]);
    const { indices } = await nearestNeighbours(float32([-1], [1, 1]), line, 5);
    expect([...indices]).toEqual([3, 1, 4, 2, 0]);
  });

  it('leaks no tensors', async () => {
    await nearestNeighbours(queries, references, 1);
    const before = tf.memory().numTensors;
    await nearestNeighbours(queries, references, 1);
    expect(tf.memory().numTensors).toBe(before);
  });

  it.each([
    [
      'no queries',
      float32([], [0, 64]),
      references,
      1,
      /queries must be float32 rows .* not empty; they are \[0, 64\]/,
    ],
    ['another width', float32(new Float32Array(6), [2, 3]), references, 1, /Queries have 3 .* references 64/],
    ['more neighbours than references', queries, references, 301, /300 references, so 1 to 300 .* not 301/],
    ['no neighbours', queries, references, 0, /not 0/],
    [
      'a query that is no number',
      float32([1, NaN], [2, 1]),
      float32([1], [1, 1]),
      1,
      /Row 1 of the queries holds NaN/,
    ],
  ])('refuses %s', async (_, q, r, k, message) => {
    await expect(nearestNeighbours(q, r, k)).rejects.toThrow(message);
  });

  it('stops when it is told to', async () => {
    const signal = AbortSignal.abort(new Error('enough'));
    await expect(nearestNeighbours(queries, references, 1, { signal })).rejects.toThrow('enough');
  });
});
