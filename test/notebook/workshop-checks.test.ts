/** What the workshop's checks say to learners: by meaning, naming the mistake. */
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { calculation, createCheck, quantity } from '../../notebooks/workshop/check';
import { noiseChecks } from '../../notebooks/workshop/checks/01-noise';
import { hillChecks } from '../../notebooks/workshop/checks/02-hill';
import { memorizationChecks, type Scored } from '../../notebooks/workshop/checks/03-memorization';
import { theoryChecks } from '../../notebooks/workshop/checks/04-theory';
import { comparisonChecks, questionChecks } from '../../notebooks/workshop/checks/05-your-question';
import { accuracies, createMolrg, type CurveMeasurement, loadDigits, theorem1 } from '../../src';

let said: string[];
beforeEach(() => {
  said = [];
  vi.spyOn(console, 'log').mockImplementation((text: string) => void said.push(text));
});
afterEach(() => void vi.restoreAllMocks());

const check = createCheck({
  1: quantity({
    expected: 12.5,
    mistakes: [
      { value: 0.125, because: 'is a share: percent are asked for.' },
      { value: 12.0, because: 'is another mistake.' },
      { value: 11.95, because: 'is the nearest mistake.' },
      { value: 30, because: 'is about thirty.', tolerance: 0.2 },
    ],
    remark: 'Well.',
  }),
  2: quantity({ expected: [1, 0, -2], remark: 'Well.' }),
  3: calculation<[number]>({
    cases: [[2], [3]],
    expected: x => x ** 2,
    mistakes: [{ of: x => Math.sqrt(2 - x), because: 'takes a root.' }],
    remark: 'Well.',
  }),
});

describe('a check', () => {
  it.each<[string, number, unknown, string]>([
    ['a right number', 1, 12.5, 'right. Well.'],
    ['a rounded one', 1, 12.4, 'right. Well.'],
    ['nothing', 1, undefined, 'no answer yet.'],
    ['a mistake that is known', 1, 0.125, 'not yet. This is a share: percent are asked for.'],
    ['two mistakes that are near', 1, 11.95, 'not yet. This is the nearest mistake.'],
    ['a mistake of its own tolerance', 1, 33, 'not yet. This is about thirty.'],
    ['a number that is near', 1, 13, 'not yet. 13 is too high.'],
    ['one that is not', 1, 5, 'not yet. 5 is too low, by far.'],
    ['the wrong sign', 1, -12.5, 'not yet. The sign of -12.5 is wrong.'],
    ['NaN', 1, NaN, 'not yet. It holds NaN, no number: 0 / 0, the root of a negative number'],
    ['infinity', 1, Infinity, 'not yet. It holds Infinity: something was divided by 0, or exp'],
    ['text', 1, '12.5', 'not yet. A number is asked for, not the text "12.5".'],
    ['a list for a number', 1, [12.5], 'not yet. One number is asked for, and this is a list of 1'],
    ['lists for a number', 1, [[1, 2]], 'not yet. A number is asked for, not 1 lists of 2 numbers each.'],
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
    ['a function without a return', 3, () => {}, 'no answer yet. It gives undefined back.'],
    ['one that returns now and then', 3, (x: number) => (x > 2 ? x : undefined), 'not yet. For (2): Nothing'],
    ['a function that is right by chance', 3, (x: number) => 2 * x, 'not yet. For (3): 6 is too low.'],
    ['a mistake that gives NaN', 3, (x: number) => (2 - x) ** 0.5, 'not yet. This takes a root.'],
    ['a number for a function', 3, 4, 'not yet. A function is asked for, not the number 4.'],
    ['an exercise that is not there', 4, 1, 'no exercise. There are 1, 2, 3.'],
  ])('says of %s what to do', (_, exercise, answer, expected) => {
    check(exercise, answer);
    expect(said).toEqual([expect.stringContaining(`Exercise ${exercise}: ${expected}`)]);
  });

  it('shows its verdict in colour and as text where a kernel runs, escaped', () => {
    const host = Symbol.for('Jupyter.kernel');
    const place = globalThis as { [key: symbol]: unknown };
    const display = vi.fn();
    place[host] = { display };
    try {
      check(1, '<b>');
    } finally {
      delete place[host];
    }
    expect(display).toHaveBeenCalledWith({
      'text/plain': 'Exercise 1: not yet. A number is asked for, not the text "<b>".',
      'text/html': expect.stringMatching(
        /background: #\w+.*Exercise 1: not yet\.<\/b> .*"&#60;b&#62;"/,
      ) as string,
    });
    expect(said).toEqual([]);
  });
});

describe('the checks of workshop 1', () => {
  type AddNoise = (image: number[], sigma: number, noise: number[]) => number[];
  const addNoise =
    (pixel: (value: number, sigma: number, noise: number) => number): AddNoise =>
    (image, sigma, noise) =>
      image.map((value, i) => pixel(value, sigma, noise[i]));
  /** As participants write it, with the exponents that they take. */
  const guess = (exponent: (x: number, value: number, sigma: number) => number) => (x: number, s: number) => {
    const [plus, minus] = [Math.exp(exponent(x, 1, s)), Math.exp(exponent(x, -1, s))];
    return (plus - minus) / (plus + minus);
  };
  const normalized = (weights: number[]) => {
    const total = weights.reduce((sum, weight) => sum + weight, 0);
    return weights.map(weight => weight / total);
  };
  const exponents = (squared: number[], sigma: number) => squared.map(d => -d / (2 * sigma ** 2));
  const shifted = (squared: number[], sigma: number, shift: (...values: number[]) => number) => {
    const all = exponents(squared, sigma);
    return all.map(a => Math.exp(a - shift(...all)));
  };

  it.each<[string, number, unknown, string]>([
    ['variance for deviation', 1, addNoise((v, s, e) => v + s ** 2 * e), 'sigma is the standard deviation'],
    ['the root of sigma', 1, addNoise((v, s, e) => v + Math.sqrt(s) * e), 'takes the root of sigma'],
    ['1 - sigma', 1, addNoise((v, s, e) => (1 - s) * v + s * e), 'shrinks the image'],
    [
      'variance-preserving noise',
      1,
      addNoise((v, s, e) => Math.sqrt(1 - s ** 2) * v + s * e),
      'variance-preserving',
    ],
    ['sigma not squared', 2, (x: number, sigma: number) => Math.tanh(x / sigma), 'sigma squared'],
    ['the likelier value', 2, (x: number) => Math.sign(x), 'not the mean'],
    ['missing brackets', 2, guess((x, v, s) => (-((x - v) ** 2) / 2) * s ** 2), 'brackets'],
    [
      'a probability for the mean',
      2,
      (x: number, s: number) => 1 / (1 + Math.exp((-2 * x) / s ** 2)),
      'the probability of +1',
    ],
    ['^ with brackets', 2, (x: number, s: number) => Math.tanh(x / (s ^ 2)), 'powers are **'],
    ['^ without', 2, (x: number, s: number) => Math.tanh((x / s) ^ 2), 'powers are **'],
    [
      'weights that underflow',
      3,
      (squared: number[], s: number) => normalized(exponents(squared, s).map(a => Math.exp(a))),
      '0 / 0 at little noise',
    ],
    [
      'the smallest exponent taken away',
      3,
      (squared: number[], s: number) => normalized(shifted(squared, s, Math.min)),
      'the smallest exponent',
    ],
    [
      'weights that are not divided by their sum',
      3,
      (squared: number[], s: number) => shifted(squared, s, Math.max),
      'does not sum to 1',
    ],
    [
      'weights that are neither shifted nor divided',
      3,
      (squared: number[], s: number) => exponents(squared, s).map(a => Math.exp(a)),
      'does not sum to 1',
    ],
    [
      'distances squared again',
      3,
      (squared: number[], s: number) =>
        normalized(
          shifted(
            squared.map(d => d ** 2),
            s,
            Math.max,
          ),
        ),
      'squared already',
    ],
    [
      'the nearest image',
      3,
      (squared: number[]) => squared.map(d => (d === Math.min(...squared) ? 1 : 0)),
      'nearest image alone',
    ],
  ])('name %s', (_, exercise, answer, expected) => {
    noiseChecks()(exercise, answer);
    expect(said[0]).toContain('not yet');
    expect(said[0]).toContain(expected);
  });
});

/** Two draws of 40 images at three levels; images differ in how hard they are, and `ease` says by how much each level is. */
function curveOf(ease: readonly number[]): CurveMeasurement {
  return {
    layer: 'any',
    input: 'noisy',
    sigmas: [0.1, 0.2, 0.4],
    draws: 2,
    testCount: 40,
    correct: Uint8Array.from({ length: 240 }, (_, i) =>
      Number((i % 40) * ease[Math.floor(i / 80)] > (i % 7) + 4 + 3 * (Math.floor(i / 40) % 2)),
    ),
  };
}

/** The standard error of a difference as its definition has it. */
function standardError(one: CurveMeasurement, s: number, other: CurveMeasurement, t: number): number {
  const share = ({ correct }: CurveMeasurement, level: number, i: number) =>
    (correct[80 * level + i] + correct[80 * level + 40 + i]) / 2;
  const each = Array.from({ length: 40 }, (_, i) => share(one, s, i) - share(other, t, i));
  const mean = each.reduce((a, b) => a + b) / 40;
  return 100 * Math.sqrt(each.reduce((a, b) => a + (b - mean) ** 2, 0) / 39 / 40);
}

describe('the checks of workshop 2', () => {
  const curve = curveOf([0.9, 1.2, 0.4]);
  const counts = [0, 1, 2].map(s =>
    curve.correct.subarray(80 * s, 80 * (s + 1)).reduce((sum, value) => sum + value, 0),
  );
  const [low, peak, high] = counts.map(count => (100 * count) / 80);
  const error = standardError(curve, 1, curve, 0);

  it.each<[string, number, unknown, string]>([
    ['shares for percent', 1, counts.map(count => count / 80), 'percent are asked for'],
    ['draws that were forgotten', 1, counts.map(count => (100 * count) / 40), 'ten draws'],
    ['the fall for the rise', 2, peak - high, 'is the fall'],
    ['a relative rise', 2, (100 * (peak - low)) / low, 'is relative'],
    ['a standard deviation', 3, error * Math.sqrt(40), 'is the standard deviation'],
    ['the standard deviation of shares', 3, (error * Math.sqrt(40)) / 100, 'of shares'],
    ['draws as images', 3, error / Math.sqrt(2), 'as if they were other images'],
  ])('name %s', (_, exercise, answer, expected) => {
    hillChecks(curve)(exercise, answer);
    expect(said[0]).toContain('not yet');
    expect(said[0]).toContain(expected);
  });

  it('accept the standard error of the differences of the images', () => {
    hillChecks(curve)(3, error);
    expect(said[0]).toContain('right');
  });
});

describe('the checks of workshop 3', () => {
  /** Four pixels an image; the first generated image is 0.5 from training image 1. */
  const model = (trainingSize: number, ratios: readonly number[], verdict: string): Scored => ({
    trainingSize,
    verdict,
    samples: { dtype: 'float32', shape: [1, 2, 2, 1], values: Float32Array.of(1, 0, 0, 0) },
    train: {
      dtype: 'float32',
      shape: [3, 2, 2, 1],
      values: Float32Array.of(-3, 1, 1, 1, 1, 0.5, 0, 0, 0, 0, 0, 2),
    },
    score: {
      ratios: Float32Array.from(ratios),
      cosines: Float32Array.from(ratios),
      cosineThreshold: 0.9,
    } as unknown as Scored['score'],
  });
  const models = [
    model(8, [0.1, 0.2], 'decreasing'),
    model(16, [0.5, 0.2], 'decreasing'),
    model(32, [0.5, 0.6], 'undecided'),
    model(64, [0.7, 0.8], 'unimodal'),
  ];

  it.each<[string, number, unknown, string]>([
    ['the distance for the index', 1, 0.5, 'is the distance'],
    ['the squared distance', 1, 0.25, 'is the distance'],
    ['the farthest image', 1, 0, 'farthest'],
    ['the index from 1', 1, 2, 'counts from 1'],
    ['new images for copies', 2, [0, 0.5, 1, 1], 'new images'],
    ['places for sizes', 3, [2, 3], 'places in the list'],
    ['the last size that copies', 3, [16, 64], 'the largest N that copies'],
    ['a curve that does not fall', 3, [32, 32], 'undecided'],
  ])('name %s', (_, exercise, answer, expected) => {
    memorizationChecks(models)(exercise, answer);
    expect(said[0]).toContain('not yet');
    expect(said[0]).toContain(expected);
  });

  it.each([
    [1, 1],
    [2, [1, 0.5, 0, 0]],
    [3, [32, 64]],
  ])('accept the answer to exercise %i', (exercise, answer) => {
    memorizationChecks(models)(exercise, answer);
    expect(said[0]).toContain('right');
  });
});

describe('the checks of workshop 4', () => {
  const mixture = { classes: 10, rank: 5, delta: 0.3 };
  const tried = Array.from({ length: 400 }, (_, i) => 0.01 * 200 ** (i / 399));
  const heights = tried.map(sigma => theorem1({ ...mixture, sigma }).snr);
  const place = heights.indexOf(Math.max(...heights));

  it.each<[string, number, string]>([
    ['delta', 0.3, 'is delta'],
    ['the height of the peak', heights[place], 'how high'],
    ['its place in the list', place, 'a place in the list'],
    ['the best of few levels', 1.1 * tried[place], 'closer together'],
  ])('name %s', (_, answer, expected) => {
    theoryChecks(createMolrg({ ambient: 100, ...mixture }))(3, answer);
    expect(said[0]).toContain('not yet');
    expect(said[0]).toContain(expected);
  });

  it('accept the best of many levels, of the mixture that they are given', () => {
    theoryChecks(createMolrg({ ambient: 100, ...mixture }))(3, tried[place]);
    expect(said[0]).toContain('right');
  });
});

describe('the checks of workshop 5', () => {
  const digits = loadDigits();

  it.each<[string, object, string, string]>([
    ['nothing', {}, 'It gets better, I think', 'Nothing is changed yet'],
    [
      'what is so already',
      { training: { steps: 3000 } },
      'It stays the same',
      'training.steps is 3000 already',
    ],
    ['two settings', { training: { steps: 300 }, network: { channels: 8 } }, 'It gets worse', 'Change one'],
    ['a setting that does not exist', { training: { step: 300 } }, 'It gets worse', 'steps'],
    ['a long training', { training: { steps: 30_000 } }, 'It gets better', 'training.steps 30000'],
    ['large batches', { training: { batchSize: 128 } }, 'It gets better', 'batchSize 128 it takes 4.0 times'],
    ['many blocks', { network: { blocks: 4 } }, 'It gets better', 'network.blocks 4'],
    ['wide networks', { network: { multipliers: [2, 4] } }, 'It gets better', 'network.multipliers [2,4]'],
    ['many draws', { probe: { testDraws: 100 } }, 'It gets better', 'probe.testDraws 100'],
    ['another training size', { trainingSize: 64 }, 'It gets worse', 'workshop 3'],
    ['another seed', { seed: 1 }, 'It stays the same', 'divides the images anew'],
    ['another kind of network', { network: { kind: 'dit' } }, 'It stays the same', 'other layers'],
    ['a layer that is not there', { probe: { layer: 'encoder' } }, 'It gets worse', 'enc.8x8_block0'],
    ['a pooling that is not there', { probe: { pooling: 'max' } }, 'It gets worse', 'mean, 2x2, none'],
    ['no expectation', { training: { steps: 300 } }, '', 'what you expect'],
  ])('refuse %s', (_, change, expectation, expected) => {
    questionChecks(digits, change)(1, expectation);
    expect(said[0]).toContain('not yet');
    expect(said[0]).toContain(expected);
  });

  it.each<[change: object]>([
    [{ probe: { pooling: '2x2' } }],
    [{ training: { steps: 300 } }],
    [{ probe: { layer: 'enc.8x8_block0' } }],
    [{ diffusion: { noiseMean: 0 } }],
    [{ network: { channels: 8 } }],
    [{ training: { batchSize: 8 } }],
  ])('accept %j with an expectation', change => {
    questionChecks(digits, change)(1, 'The curve is higher everywhere.');
    expect(said[0]).toContain('right');
  });

  const standard = curveOf([0.9, 1.2, 0.4]);
  const changed = curveOf([1.5, 1, 0.4]);
  const [before, after] = [standard, changed].map(accuracies);

  it.each<[string, number, number, string]>([
    [
      'a difference at the level of the standard',
      2,
      after[1] - before[1],
      "the standard model's noise level",
    ],
    ['a relative difference', 2, (100 * (after[0] - before[1])) / before[1], 'is relative'],
    [
      "both at the standard's peak",
      3,
      standardError(changed, 1, standard, 1),
      "both curves at the standard model's peak",
    ],
    [
      'both at the peak of the changed curve',
      3,
      standardError(changed, 0, standard, 0),
      "both curves at the changed model's peak",
    ],
  ])('name %s', (_, exercise, answer, expected) => {
    comparisonChecks(standard, changed)(exercise, answer);
    expect(said[0]).toContain('not yet');
    expect(said[0]).toContain(expected);
  });

  it('accept the standard error between the two peaks', () => {
    comparisonChecks(standard, changed)(3, standardError(changed, 0, standard, 1));
    expect(said[0]).toContain('right');
  });
});
