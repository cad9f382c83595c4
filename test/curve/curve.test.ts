import { describe, expect, it } from 'vitest';
import { accuracies, checkCurve, type CurveMeasurement, joinLevels } from '../../src/curve/curve';

const curve: CurveMeasurement = {
  layer: '8x8_up',
  input: 'noisy',
  sigmas: [0.1, 0.3],
  draws: 2,
  testCount: 4,
  // [sigma][draw][image]
  correct: Uint8Array.from([1, 1, 1, 0, 1, 1, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0]),
};

describe('accuracies', () => {
  it('is the mean over draws and images at each noise level, in percent', () => {
    expect(accuracies(curve)).toEqual([62.5, 12.5]); // 5/8 and 1/8, counted by hand
  });
});

describe('checkCurve', () => {
  const refused: [string, Partial<CurveMeasurement>, RegExp][] = [
    ['no noise level', { sigmas: [], correct: new Uint8Array() }, /at least one noise level/],
    ['a negative noise level', { sigmas: [-0.1, 0.3] }, /sigmas\[0\] is -0\.1/],
    ['a noise level that is no number', { sigmas: [0.1, NaN] }, /sigmas\[1\] is NaN/],
    ['an infinite noise level', { sigmas: [0.1, Infinity] }, /Infinity/],
    ['noise levels out of order', { sigmas: [0.3, 0.1] }, /must increase.*0\.1 follows 0\.3/],
    ['a repeated noise level', { sigmas: [0.3, 0.3] }, /without repeats/],
    ['no draws', { draws: 0 }, /draws must be a whole number of at least 1, but it is 0/],
    ['half an image', { testCount: 3.5 }, /testCount.*3\.5/],
    ['values that do not fill the shape', { testCount: 5 }, /holds 20 values.*has 16/],
    ['values other than 0 and 1', { correct: new Uint8Array(16).fill(2) }, /has a 2/],
  ];
  it.each(refused)('refuses %s', (_, change, message) => {
    expect(() => checkCurve({ ...curve, ...change })).toThrow(message);
  });
});

describe('joinLevels', () => {
  const part = (sigma: number, correct: number[]): CurveMeasurement => ({
    layer: 'h',
    input: 'noisy',
    sigmas: [sigma],
    draws: 1,
    testCount: 2,
    correct: Uint8Array.from(correct),
  });

  it('puts single levels in order, each with what was right there', () => {
    const joined = joinLevels([part(1, [0, 0]), part(0.1, [1, 0]), part(0.5, [1, 1])]);
    expect(joined.sigmas).toEqual([0.1, 0.5, 1]);
    expect([...joined.correct]).toEqual([1, 0, 1, 1, 0, 0]);
    expect(accuracies(joined)).toEqual([50, 100, 0]);
  });

  it('refuses parts that were measured differently, or a level twice', () => {
    expect(() => joinLevels([])).toThrow(/at least one/);
    expect(() => joinLevels([part(1, [0, 0]), { ...part(2, [0, 0]), layer: 'other' }])).toThrow(
      /layer h.*layer other/,
    );
    expect(() => joinLevels([part(1, [0, 0]), part(1, [1, 1])])).toThrow(/must increase/);
  });
});
