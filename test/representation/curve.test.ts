import { describe, expect, it } from 'vitest';
import { accuracies } from '../../src/curve/curve';
import { select, take } from '../../src/data/dataset';
import { loadDigits } from '../../src/data/digits';
import { preprocess } from '../../src/data/preprocess';
import { tf } from '../../src/engine/tensorflow';
import { representationCurve, representationCurves } from '../../src/representation/curve';
import type { CurveProgress } from '../../src/representation/levels';
import measures from '../reference/recorded/measures.json';
import recorded from '../reference/recorded/probe.json';
import { transparent } from './transparent';

const digits = loadDigits();
const train = take(digits, 1000);
const test = select(
  digits,
  Array.from({ length: 797 }, (_, i) => 1000 + i),
);
const options = () => ({ ...transparent(), train, test, layer: 'pixels', pooling: 'none' as const });

describe('representationCurve', () => {
  it("has scikit-learn's predictions right and wrong, at every level of a clean input", async () => {
    const curve = await representationCurve({ ...options(), sigmas: [0.1, 1], input: 'clean' });
    const right = recorded.digits.predictions.map((k, i) => Number(k === test.labels[i]));
    expect(curve).toEqual({
      layer: 'pixels',
      input: 'clean',
      sigmas: [0.1, 1],
      draws: 1,
      testCount: 797,
      correct: Uint8Array.from([...right, ...right]),
    });
  });

  it('falls with the noise, and holds every draw of every level', async () => {
    const progress: CurveProgress[] = [];
    const curve = await representationCurve({
      ...options(),
      sigmas: [0.1, 1, 4],
      testDraws: 2,
      onProgress: step => progress.push(step),
    });
    expect(curve.correct).toHaveLength(3 * 2 * 797);
    const [low, middle, high] = accuracies(curve);
    expect(low).toBeGreaterThan(88); // scikit-learn's clean pixels: 90-91 % in this order of the file
    expect(middle).toBeLessThan(low - 5);
    expect(high).toBeLessThan(middle - 15);
    expect(high).toBeGreaterThan(10); // chance
    expect(progress.map(step => step.accuracy.pixels)).toEqual(accuracies(curve));
    expect(progress.map(({ done, total, sigma }) => [done, total, sigma])).toEqual([
      [1, 3, 0.1],
      [2, 3, 1],
      [3, 3, 4],
    ]);
  });

  it('is the same for the same seed, and another one for another', async () => {
    const measure = (seed: number) =>
      representationCurve({ ...options(), sigmas: [1], testDraws: 1, seed, train: take(digits, 300) });
    const first = await measure(1);
    expect(await measure(1)).toEqual(first);
    expect((await measure(2)).correct).not.toEqual(first.correct);
  });

  it('is measured for several layers in one pass', async () => {
    const { layer, ...rest } = options();
    const both = await representationCurves({
      ...rest,
      layers: [layer, 'blurred'],
      sigmas: [0.5],
      testDraws: 1,
    });
    const one = await representationCurve({ ...rest, layer, sigmas: [0.5], testDraws: 1 });
    expect(both.pixels).toEqual(one);
    expect(accuracies(both.blurred)[0]).toBeLessThan(accuracies(one)[0]);
  });

  it('takes any classifier, on features scaled as it needs', async () => {
    const given = { ...options(), sigmas: [0.1], input: 'clean' as const };
    for (const [classifier, expected] of [
      [{ kind: 'projection' }, measures.projection],
      [{ kind: 'neighbours' }, measures.neighbours],
    ] as const) {
      const { correct } = await representationCurve({ ...given, classifier });
      expect([...correct]).toEqual(expected.map((k, i) => Number(k === test.labels[i])));
    }
  });

  it('leaks no tensors', async () => {
    const given = { ...options(), sigmas: [0.5], testDraws: 1, train: take(digits, 200) };
    await representationCurve(given);
    const before = tf.memory().numTensors;
    await representationCurve(given);
    expect(tf.memory().numTensors).toBe(before);
  });

  it('stops when it is told to', async () => {
    const controller = new AbortController();
    const stopped = representationCurve({
      ...options(),
      sigmas: [0.1, 1],
      train: take(digits, 200),
      signal: controller.signal,
      onProgress: () => controller.abort(new Error('enough')),
    });
    await expect(stopped).rejects.toThrow('enough');
  });

  const oneClass = select(
    digits,
    Array.from(digits.labels.keys()).filter(i => digits.labels[i] === 3),
  );
  it.each([
    ['no noise levels', { sigmas: [] }, /at least one noise level/],
    ['a negative noise level', { sigmas: [0.1, -1] }, /positive number .* not -1/],
    ['a noise level that is no number', { sigmas: [NaN] }, /positive number .* not NaN/],
    ['noise levels out of order', { sigmas: [1, 0.5] }, /must increase, but 0.5 follows 1/],
    ['an unknown layer', { layer: '8x8_up' }, /no layer '8x8_up'. Its layers are: pixels, blurred/],
    ['no draws', { testDraws: 0 }, /testDraws is a whole number of at least 1/],
    [
      'other classes in the test',
      { test: { ...test, classNames: ['a', 'b'] } },
      /must have the same classes/,
    ],
    [
      'test images of another shape',
      { test: preprocess(test, { resolution: 4 }) },
      /shape \[N, 8, 8, 1\], but these are \[797, 4, 4, 1\]/,
    ],
    ['training images of one class', { train: oneClass }, /are all of one class/],
  ])('refuses %s before any work', async (_, wrong, message) => {
    const { denoiser, ...rest } = options();
    const unused = { ...denoiser, denoise: () => expect.fail('work began') };
    await expect(representationCurve({ ...rest, denoiser: unused, sigmas: [1], ...wrong })).rejects.toThrow(
      message,
    );
  });
});
