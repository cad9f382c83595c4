/** Measures of features against NumPy, SciPy and POT: see test/reference/measures.py. */
import { describe, expect, it } from 'vitest';
import { type Images, imagesOf, take } from '../../src/data/dataset';
import { loadDigits } from '../../src/data/digits';
import { tf } from '../../src/engine/tensorflow';
import { float32 } from '../../src/engine/values';
import { createVariables } from '../../src/engine/variables';
import type { FeatureMatrix } from '../../src/numerics/matrix';
import { featureSnr, featureSnrCurves } from '../../src/representation/feature-snr';
import { features } from '../../src/representation/features';
import { icr, icrCurves } from '../../src/representation/icr';
import {
  slicedWasserstein,
  wassersteinAlong,
  wassersteinCurves,
} from '../../src/representation/sliced-wasserstein';
import { stableRank, stableRanks } from '../../src/representation/stable-rank';
import { viewOf } from '../../src/representation/views';
import recorded from '../reference/recorded/measures.json';
import { transparent } from './transparent';

const digits = loadDigits();
const images = take(digits, 1000);
const pixels = (from: number, to: number): FeatureMatrix => ({
  shape: [to - from, 64],
  values: imagesOf(digits).values.slice(64 * from, 64 * to),
});
const model = () => ({ ...transparent(), pooling: 'none' as const });

describe('featureSnr', () => {
  it.each(['other classes', 'residual'] as const)("is NumPy's with %s as noise", async noise => {
    const { snr, perClass } = await featureSnr(pixels(0, 1000), images.labels, 10, { rank: 3, noise });
    const expected = recorded.snr[noise];
    // Singular vectors by X'X keep about half of the 16 digits.
    expect(Math.abs(snr / expected.snr - 1)).toBeLessThan(1e-7);
    perClass.forEach((value, k) => expect(value / expected.perClass[k]).toBeCloseTo(1, 6));
  });

  it('over the noise level is that of the features there, and falls when noise drowns the classes', async () => {
    const given = { ...model(), layers: ['pixels', 'blurred'], images, sigmas: [0.1, 2], rank: 3 };
    const { pixels: curve } = await featureSnrCurves(given);
    const { pixels: h } = await features({ ...given, images, sigma: 0.1 });
    expect(curve).toMatchObject({ layer: 'pixels', input: 'noisy', sigmas: [0.1, 2] });
    expect(curve.values[0]).toBe((await featureSnr(h, images.labels, 10, given)).snr);
    expect(curve.values[1]).toBeLessThan(curve.values[0]);
  });

  it('refuses a class without an image and labels that do not fit', async () => {
    await expect(featureSnr(pixels(0, 1000), images.labels, 11)).rejects.toThrow(/Class 10 has no image/);
    await expect(featureSnr(pixels(0, 999), images.labels, 10)).rejects.toThrow(
      /999 images, but 1000 labels/,
    );
  });
});

describe('icr', () => {
  const views = [0, 1, 2].map(v => {
    const { shape, values } = pixels(0, 300);
    return { shape, values: Float64Array.from(values, (x, i) => x + 0.3 * Math.sin(0.37 * i + v)) };
  });

  it.each(recorded.icr)(
    "is SciPy's by generalized eigenvalues with ridge $ridge",
    async ({ ridge, icr: expected }) => {
      expect((await icr(views, { ridge })) / expected).toBeCloseTo(1, 7);
    },
  );

  it('is near 0 where views agree and near 1 where they share nothing, whatever the scale', async () => {
    const [same] = views;
    const unrelated = [
      pixels(0, 300),
      pixels(300, 600),
      pixels(600, 900),
      pixels(900, 1200),
      pixels(1200, 1500),
    ];
    expect(await icr([same, same])).toBeLessThan(0.002); // the ridge alone
    const value = await icr(unrelated, { ridge: 0.1 });
    expect(value).toBeGreaterThan(0.7); // the mean of five independent rows keeps a fifth of their variance
    const times1000 = unrelated.map(({ shape, values }) => ({
      shape,
      values: Float64Array.from(values, x => 1000 * x),
    }));
    expect((await icr(times1000, { ridge: 0.1 })) / value).toBeCloseTo(1, 9);
  });

  it('over the noise level grows with the noise of the views', async () => {
    const { pixels: curve } = await icrCurves({
      ...model(),
      layers: ['pixels'],
      images: take(digits, 300),
      sigmas: [0.1, 0.5, 2],
    });
    expect(curve.values[1]).toBeGreaterThan(curve.values[0]);
    expect(curve.values[2]).toBeGreaterThan(curve.values[1]);
  });

  it('refuses one view, and views of different images', async () => {
    await expect(icr(views.slice(0, 1))).rejects.toThrow(/at least two views/);
    await expect(icr([views[0], pixels(0, 200)])).rejects.toThrow(/\[300, 64\].*\[200, 64\]/);
  });
});

describe('measures over the noise level', () => {
  it('refuse what they can not measure before any work', async () => {
    const { denoiser, ...rest } = model();
    const unused = { ...denoiser, denoise: () => expect.fail('work began') };
    const given = {
      ...rest,
      denoiser: unused,
      layers: ['pixels'],
      images,
      sigmas: [0.1, 1],
      referenceSigma: 1,
    };
    const late = { ...given, sigmas: [0.1, -1] };
    await expect(featureSnrCurves(late)).rejects.toThrow(/positive number .* not -1/);
    await expect(icrCurves(late)).rejects.toThrow(/positive number .* not -1/);
    await expect(icrCurves({ ...given, views: 1 })).rejects.toThrow(/at least two views.*not 1/);
    await expect(icrCurves({ ...given, ridge: 0 })).rejects.toThrow(/ridge is a positive number, not 0/);
    await expect(wassersteinCurves(late)).rejects.toThrow(/positive number .* not -1/);
    await expect(wassersteinCurves({ ...given, directions: 0 })).rejects.toThrow(/not 0/);
  });
});

describe('viewOf', () => {
  const ramp = float32(
    [0, 1, 2, 3, 4, 5, 6, 7, 8].map(x => x / 8),
    [1, 3, 3, 1],
  ) as Images;

  it('moves images by whole pixels and repeats the border', () => {
    const columns = (view: number) => [...viewOf(ramp, view, { shift: 1 }).values].map(x => 8 * x);
    const all = Array.from({ length: 40 }, (_, view) => columns(view).join());
    expect(new Set(all).size).toBe(9); // three moves down times three to the right
    expect(all).toContain('0,1,2,3,4,5,6,7,8');
    expect(all).toContain('0,0,1,0,0,1,3,3,4'); // down and right by one
  });

  it('mirrors half of the images when asked to, the same for the same seed and view', () => {
    const many = float32(
      Float32Array.from({ length: 900 }, (_, i) => ramp.values[i % 9]),
      [100, 3, 3, 1],
    ) as Images;
    const view = viewOf(many, 0, { shift: 0, flip: true }).values;
    const mirrored = Array.from({ length: 100 }, (_, i) => view[9 * i] > view[9 * i + 2]).filter(
      Boolean,
    ).length;
    expect(mirrored).toBeGreaterThan(30);
    expect(mirrored).toBeLessThan(70);
    expect(viewOf(many, 0, { shift: 0, flip: true }).values).toEqual(view);
  });

  it('refuses a shift as large as the image', () => {
    expect(() => viewOf(ramp, 0, { shift: 3 })).toThrow(/0 to 2 pixels, not 3/);
  });
});

describe('stableRank', () => {
  const wave = (shape: number[], of: (i: number) => number) =>
    float32(
      Float32Array.from({ length: shape.reduce((a, b) => a * b, 1) }, (_, i) => of(i)),
      shape,
    );
  const convolution = wave([3, 3, 8, 16], i => Math.sin(0.7 * i ** 1.5 + 1));
  const linear = wave([4, 40], i => Math.sin(0.3 * i ** 1.5));

  it("is NumPy's, of convolutions and of wide matrices", async () => {
    // The weights are float32 here.
    expect((await stableRank(convolution)) / recorded.stableRank[0]).toBeCloseTo(1, 6);
    expect((await stableRank(linear)) / recorded.stableRank[1]).toBeCloseTo(1, 6);
  });

  it("reads a model's weights: all matrices by default, those that are asked for otherwise", async () => {
    const variables = createVariables({
      linear,
      convolution,
      bias: float32([1, 2]),
      zeros: float32([0, 0], [1, 2]),
    });
    expect(Object.keys(await stableRanks(variables))).toEqual(['linear', 'convolution']);
    expect(await stableRanks(variables, ['linear'])).toEqual({ linear: await stableRank(linear) });
    await expect(stableRanks(variables, ['bias'])).rejects.toThrow(/not that of a weight of shape \[2\]/);
    await expect(stableRanks(variables, ['zeros'])).rejects.toThrow(/zeros has no stable rank/);
    variables.dispose();
  });
});

describe('slicedWasserstein', () => {
  const directions = (() => {
    const values = Float64Array.from({ length: 20 * 64 }, (_, i) => Math.cos(1.3 * i));
    const norms = Array.from({ length: 20 }, (_, p) => Math.hypot(...values.subarray(64 * p, 64 * (p + 1))));
    return { shape: [20, 64], values: values.map((value, i) => value / norms[Math.floor(i / 64)]) };
  })();
  const plus2 = (rows: FeatureMatrix) => ({ ...rows, values: Float32Array.from(rows.values, x => x + 2) });

  it.each([
    ['equal', pixels(0, 200), pixels(1597, 1797)],
    ['unequal', pixels(0, 200), pixels(200, 450)],
    ['shifted', pixels(1767, 1797), plus2(pixels(1767, 1797))],
  ] as const)("is POT's along given directions: %s", (name, a, b) => {
    // projections are float32
    expect(wassersteinAlong(a, b, directions) / recorded.wasserstein[name]).toBeCloseTo(1, 5);
  });

  it('of a shift by v tends to |v| / sqrt(F) over random directions, and leaks no tensors', () => {
    const before = tf.memory().numTensors;
    const rows = pixels(0, 100);
    const distance = slicedWasserstein(rows, plus2(rows), { directions: 2000 });
    expect(Math.abs(distance / 2 - 1)).toBeLessThan(0.1); // relative spread of the mean of squares: sqrt(2 / 2000) = 3 %
    expect(slicedWasserstein(rows, rows)).toBe(0);
    expect(tf.memory().numTensors).toBe(before);
  });

  it('over the noise level is 0 at the reference level', async () => {
    const given = {
      ...model(),
      layers: ['pixels'],
      images: take(digits, 100),
      sigmas: [0.1, 1],
      referenceSigma: 1,
    };
    const { pixels: curve } = await wassersteinCurves(given);
    expect(curve.values[1]).toBe(0);
    expect(curve.values[0]).toBeGreaterThan(0.1);
  });

  it('refuses features of another width', () => {
    const narrow = { shape: [2, 3], values: [1, 2, 3, 4, 5, 6] };
    expect(() => slicedWasserstein(pixels(0, 2), narrow)).toThrow(/64 and 3 features/);
    expect(() => slicedWasserstein(narrow, narrow, { directions: 0 })).toThrow(/not 0/);
  });
});
