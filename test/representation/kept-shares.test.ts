import { describe, expect, it } from 'vitest';
import { createDataset } from '../../src/data/dataset';
import { float32 } from '../../src/engine/values';
import { keptShares } from '../../src/representation/kept-shares';

/** Two classes in the planes of the first and last two of four pixels, disturbed a little in the other; mean 0, uncorrelated. */
const points = [
  [0.6, 0, 0, 0.05],
  [0.6, 0, 0, -0.05],
  [0, 0.8, 0.04, 0],
  [0, 0.8, -0.04, 0],
];
const rows = points.flatMap(([a, b, c, d]) => [
  { label: 0, pixels: [a, b, c, d] },
  { label: 1, pixels: [c, d, a, b] },
]);
const images = createDataset({
  name: 'planes',
  imageShape: [2, 2, 1],
  images: Float32Array.from(rows.flatMap(({ pixels }) => [...pixels, ...pixels.map(value => -value)])),
  labels: Int32Array.from(rows.flatMap(({ label }) => [label, label])),
  classNames: ['first', 'last'],
});
/** x as an optimal denoiser that is certain of the class `of` gives it back: zeta in its plane, xi in the other (Proposition 1). */
const estimate = (of: (label: number) => number, zeta: number, xi: number) =>
  float32(
    (images.images as Float32Array).map((value, i) => {
      const plane = Math.floor((i % 4) / 2);
      return value * (plane === of(images.labels[Math.floor(i / 4)]) ? zeta : xi);
    }),
    [images.count, 2, 2, 1],
  );

describe('keptShares', () => {
  it('are zeta and xi of Proposition 1 for an estimate that is certain of the class, whatever the images', async () => {
    const certain = (zeta: number, xi: number) => estimate(label => label, zeta, xi);
    const [low, high] = await keptShares([certain(0.9, 0.5), certain(0.4, 0.01)], images, {
      reference: images,
      rank: 2,
    });
    // Float32 pixels.
    expect(low.own).toBeCloseTo(0.9, 5);
    expect(low.rest).toBeCloseTo(0.5, 5);
    expect(high.own).toBeCloseTo(0.4, 5);
    expect(high.rest).toBeCloseTo(0.01, 5);
    expect([low.recognized, high.recognized]).toEqual([1, 1]);
  });

  it('recognize no class in the estimate of a denoiser that is certain of the wrong one', async () => {
    const wrong = estimate(label => 1 - label, 0.9, 0);
    const [{ own, rest, recognized }] = await keptShares([wrong], images, { reference: images, rank: 2 });
    expect(own).toBeCloseTo(0, 5);
    expect(rest).toBeCloseTo(0.9, 5);
    expect(recognized).toBe(0);
  });

  it('refuse estimates of other images', async () => {
    const other = float32(new Float32Array(4), [1, 2, 2, 1]);
    await expect(keptShares([other], images, { reference: images, rank: 2 })).rejects.toThrow(
      'an estimate of each image, [16, 2, 2, 1], but one is [1, 2, 2, 1]',
    );
  });
});
