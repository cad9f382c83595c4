import { describe, expect, it } from 'vitest';
import { imagesOf } from '../../src/data/dataset';
import { loadDigits } from '../../src/data/digits';
import {
  gram,
  product,
  rowProducts,
  singularVectors,
  squareRoot,
  symmetricEigen,
} from '../../src/numerics/algebra';
import { columnMeans, type Matrix } from '../../src/numerics/matrix';
import { relativeError } from '../reference/compare';
import recorded from '../reference/recorded/measures.json';

const digits = loadDigits();
const wave = (rows: number, columns: number): Matrix => ({
  shape: [rows, columns],
  values: Float64Array.from({ length: rows * columns }, (_, i) => Math.sin(0.11 * i ** 1.5)),
});
const identity = (size: number) =>
  Float64Array.from({ length: size ** 2 }, (_, i) => Number(i % (size + 1) === 0));

describe('squareRoot', () => {
  it("is SciPy's sqrtm of a covariance", async () => {
    const few = [...digits.labels.keys()].filter(i => digits.labels[i] < 5);
    const pixels: Matrix = {
      shape: [few.length, 64],
      values: Float64Array.from(imagesOf(digits, few).values),
    };
    const projection = wave(64, 24);
    const rows = await product(pixels, { ...projection, values: projection.values.map(x => x / 8) });
    const { shape, values } = await gram(rows, columnMeans(rows));
    const root = await squareRoot({ shape, values: values.map(value => value / (few.length - 1)) });
    expect(relativeError(root.values, recorded.frechet.root)).toBeLessThan(1e-7); // eight recorded digits
  });

  it('squared is the matrix, singular ones included', async () => {
    const rows = wave(5, 9);
    const singular = await gram(rows); // rank 5 of 9
    const root = await squareRoot(singular);
    expect(relativeError((await product(root, root)).values, singular.values)).toBeLessThan(1e-12);
  });
});

describe('symmetricEigen', () => {
  it('has orthonormal vectors with A v = lambda v, values ascending', async () => {
    const matrix = await gram(wave(20, 6));
    const { values, vectors } = await symmetricEigen(matrix);
    expect(relativeError((await gram(vectors)).values, identity(6))).toBeLessThan(1e-12);
    const scaled = vectors.values.map((value, i) => value * values[i % 6]);
    expect(relativeError((await product(matrix, vectors)).values, scaled)).toBeLessThan(1e-12);
    expect([...values].sort((a, b) => a - b)).toEqual([...values]);
  });
});

describe('singularVectors', () => {
  it.each([
    ['tall', 30, 6],
    ['wide', 6, 30],
  ])('of %s rows are orthonormal and hold the energy that their values say', async (_, count, width) => {
    const rows = wave(count, width);
    const { values, vectors } = await singularVectors(rows, 3);
    expect(vectors.shape).toEqual([3, width]);
    expect(relativeError((await rowProducts(vectors, vectors)).values, identity(3))).toBeLessThan(1e-10);
    const along = await rowProducts(vectors, rows); // [3, N]
    [0, 1, 2].forEach(j => {
      const own = along.values.subarray(j * count, (j + 1) * count);
      expect(Math.hypot(...own)).toBeCloseTo(values[j], 9);
    });
  });

  it('are fewer where the rows span fewer dimensions', async () => {
    const { vectors } = await singularVectors(
      { shape: [3, 2], values: Float64Array.of(1, 2, 2, 4, 3, 6) },
      2,
    );
    expect(vectors.shape).toEqual([1, 2]);
  });
});
