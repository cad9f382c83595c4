/** What the workshop's checks say to learners: by meaning, naming the mistake. */
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { calculation, createCheck, quantity } from '../../notebooks/workshop/check';
import { noiseChecks } from '../../notebooks/workshop/checks/01-noise';
import { hillChecks } from '../../notebooks/workshop/checks/02-hill';
import { theoryChecks } from '../../notebooks/workshop/checks/04-theory';
import { questionChecks } from '../../notebooks/workshop/checks/05-your-question';
import { createMolrg } from '../../src';

let said: string[];
beforeEach(() => {
  said = [];
  vi.spyOn(console, 'log').mockImplementation((text: string) => void said.push(text));
});
afterEach(() => void vi.restoreAllMocks());

const check = createCheck({
  1: quantity({
    expected: 12.5,
    mistakes: [{ value: 0.125, because: 'is a share: percent are asked for.' }],
    remark: 'Well.',
  }),
  2: quantity({ expected: [1, 0, -2], remark: 'Well.' }),
  3: calculation<[number]>({ cases: [[2], [3]], expected: x => x ** 2, remark: 'Well.' }),
});

describe('a check', () => {
  it.each<[string, number, unknown, string]>([
    ['a right number', 1, 12.5, 'right. Well.'],
    ['a rounded one', 1, 12.4, 'right. Well.'],
    ['nothing', 1, undefined, 'no answer yet.'],
    ['a mistake that is known', 1, 0.125, 'not yet. This is a share: percent are asked for.'],
    ['a number that is near', 1, 13, 'not yet. 13 is too high.'],
    ['one that is not', 1, 5, 'not yet. 5 is too low, by far.'],
    ['the wrong sign', 1, -12.5, 'not yet. The sign of -12.5 is wrong.'],
    ['NaN', 1, NaN, 'not yet. It holds NaN'],
    ['text', 1, '12.5', 'not yet. A number is asked for, not the text "12.5".'],
    ['a list for a number', 1, [12.5], 'not yet. One number is asked for, and this is a list of 1'],
    ['a promise', 1, Promise.resolve(12.5), 'not yet. This is a promise: put "await" before it.'],
    ['a function that was not called', 1, () => 12.5, 'not yet. This is a function: call it.'],
    ['a typed array', 2, Float32Array.of(1, 0, -2), 'right. Well.'],
    ['a list that is too short', 2, [1, 0], 'not yet. A list of 3 numbers is asked for, and this one has 2.'],
    ['a list with a wrong entry', 2, [1, 0, -1.9], 'not yet. Entry 2 (-1.9) is too high.'],
    ['a function', 3, (x: number) => x * x, 'right. Well.'],
    [
      'a function that throws',
      3,
      () => {
        throw new SyntaxError('Unexpected');
      },
      'not yet. For (2) it throws: SyntaxError',
    ],
    ['a function without a return', 3, () => {}, 'not yet. For (2): Nothing came back'],
    ['a function that is right by chance', 3, (x: number) => 2 * x, 'not yet. For (3): 6 is too low.'],
    ['a number for a function', 3, 4, 'not yet. A function is asked for, not the number 4.'],
    ['an exercise that is not there', 4, 1, 'there is none of this number; there are 1, 2, 3.'],
  ])('says of %s what to do', (_, exercise, answer, expected) => {
    check(exercise, answer);
    expect(said).toEqual([expect.stringContaining(`Exercise ${exercise}: ${expected}`)]);
  });
});

describe('the checks of workshop 1', () => {
  const train = Float32Array.from({ length: 64 * 30 }, (_, i) => Math.sin(i * i));
  /** Weights as the formula has them, which are all zero at little noise. */
  const underflowing = (x: ArrayLike<number>, sigma: number, images: ArrayLike<number>) => {
    const rows = Array.from({ length: images.length / x.length }, (_, i) =>
      Array.from({ length: x.length }, (_, p) => images[i * x.length + p]),
    );
    const weights = rows.map(row =>
      Math.exp(-row.reduce((sum, value, p) => sum + (value - x[p]) ** 2, 0) / (2 * sigma ** 2)),
    );
    const total = weights.reduce((sum, weight) => sum + weight, 0);
    return Array.from(
      { length: x.length },
      (_, p) => rows.reduce((sum, row, i) => sum + weights[i] * row[p], 0) / total,
    );
  };

  it.each<[string, number, unknown, string]>([
    [
      'variance for deviation',
      1,
      (image: number[], sigma: number, noise: number[]) => image.map((v, i) => v + sigma ** 2 * noise[i]),
      'sigma is the standard deviation',
    ],
    ['sigma not squared', 2, (x: number, sigma: number) => Math.tanh(x / sigma), 'sigma squared'],
    ['the likelier value', 2, (x: number) => Math.sign(x), 'not the mean'],
    ['weights that underflow', 3, underflowing, 'divided by zero'],
  ])('name %s', (_, exercise, answer, expected) => {
    noiseChecks(train)(exercise, answer);
    expect(said[0]).toContain('not yet');
    expect(said[0]).toContain(expected);
  });
});

describe('the checks of workshop 2', () => {
  /** Two draws of 40 images at three levels; images differ in how hard they are. */
  const curve = {
    layer: 'any',
    input: 'noisy' as const,
    sigmas: [0.1, 0.2, 0.4],
    draws: 2,
    testCount: 40,
    correct: Uint8Array.from({ length: 240 }, (_, i) =>
      Number((i % 40) * [0.9, 1.2, 0.4][Math.floor(i / 80)] > (i % 7) + 4),
    ),
  };
  const counts = [0, 1, 2].map(s =>
    curve.correct.subarray(80 * s, 80 * (s + 1)).reduce((sum, value) => sum + value, 0),
  );
  const [low, peak, high] = counts.map(count => (100 * count) / 80);

  it.each<[string, number, unknown, string]>([
    ['shares for percent', 1, counts.map(count => count / 80), 'percent are asked for'],
    ['draws that were forgotten', 1, counts.map(count => (100 * count) / 40), 'ten draws'],
    ['the fall for the rise', 2, peak - high, 'is the fall'],
    ['a relative rise', 2, (100 * (peak - low)) / low, 'is relative'],
  ])('name %s', (_, exercise, answer, expected) => {
    hillChecks(curve)(exercise, answer);
    expect(said[0]).toContain('not yet');
    expect(said[0]).toContain(expected);
  });
});

describe('the checks of workshop 4', () => {
  it('know the mixture that they are given', () => {
    const check = theoryChecks(createMolrg({ ambient: 100, classes: 10, rank: 5, delta: 0.3 }));
    check(3, 0.3);
    expect(said[0]).toContain('is delta');
  });
});

describe('the checks of workshop 5', () => {
  it.each<[string, object, string, string]>([
    ['nothing', {}, 'It gets better, I think', 'Nothing is changed yet'],
    ['what is so already', { training: { steps: 3000 } }, 'It stays the same', 'is 3000 already'],
    ['two settings', { training: { steps: 300 }, network: { channels: 8 } }, 'It gets worse', 'Change one'],
    ['a setting that does not exist', { training: { step: 300 } }, 'It gets worse', 'steps'],
    ['a long training', { training: { steps: 30_000 } }, 'It gets better', 'trains for long'],
    ['no expectation', { training: { steps: 300 } }, '', 'what you expect'],
  ])('refuse %s', (_, change, expectation, expected) => {
    questionChecks(change)(1, expectation);
    expect(said[0]).toContain('not yet');
    expect(said[0]).toContain(expected);
  });

  it('accept one change with an expectation', () => {
    questionChecks({ probe: { pooling: '2x2' } })(1, 'The curve is higher everywhere.');
    expect(said[0]).toContain('right');
  });
});
