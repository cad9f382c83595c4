import { describe, expect, it } from 'vitest';
import { createDataset } from '../../src/data/dataset';
import { float32 } from '../../src/engine/values';
import { classPlane } from '../../src/representation/class-plane';

/** Images of 4 pixels; the classes' means are the corners (.6, 0, 0), (0, .6, 0) and (0, 0, .6) of a triangle. */
const means = [0, 1, 2].map(k => [0, 1, 2, 3].map(p => (p === k ? 0.6 : 0)));
const reference = (images: number[][]) =>
  createDataset({
    name: 'corners',
    imageShape: [2, 2, 1],
    images: Float32Array.from(
      images.flatMap(mean => [...mean, ...mean].map((v, p) => v + (p < 4 ? 0.1 : -0.1))),
    ),
    labels: Int32Array.from(images.flatMap((_, k) => [k, k])),
    classNames: ['a', 'b', 'c'],
  });

describe('classPlane', () => {
  it('shows the mean images of three classes at their distances, the first on the x axis', () => {
    const { x, y } = classPlane(reference(means))(float32(means.flat(), [3, 2, 2, 1]));
    const distance = (i: number, j: number) => Math.hypot(x[i] - x[j], y[i] - y[j]);
    for (const [i, j] of [
      [0, 1],
      [1, 2],
      [0, 2],
    ])
      expect(distance(i, j)).toBeCloseTo(0.6 * Math.SQRT2, 6);
    expect(y[0]).toBeCloseTo(0, 6);
    expect(x[0] + x[1] + x[2]).toBeCloseTo(0, 6);
  });

  it('does not see what is common to all images, or outside of the plane', () => {
    const outside = means.map(([a, b, c]) => [a + 0.2, b + 0.2, c + 0.2, 0.7]);
    const project = classPlane(reference(means));
    const [seen, moved] = [means, outside].map(images => project(float32(images.flat(), [3, 2, 2, 1])));
    seen.x.forEach((value, i) => expect(moved.x[i]).toBeCloseTo(value, 6));
    seen.y.forEach((value, i) => expect(moved.y[i]).toBeCloseTo(value, 6));
  });

  it('refuses means on a line', () => {
    expect(() => classPlane(reference([means[0], means[0], means[0]]))).toThrow(/lie on a line/);
  });
});
