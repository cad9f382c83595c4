import { describe, expect, it, test } from 'vitest';
import { areaUnderRoc, clopperPearson, rocCurve } from '../../src/curve/detection';
import reference from '../reference/recorded/detection.json';

describe('the exact interval of a share', () => {
  // SciPy inverts the beta distribution to about 1e-12; recorded with 12 digits.
  it.each(reference.intervals)('of %d of %d at level %d is that of SciPy', (k, n, level, lower, upper) => {
    const interval = clopperPearson(k, n, level);
    expect(interval.lower).toBeCloseTo(lower, 10);
    expect(interval.upper).toBeCloseTo(upper, 10);
  });

  it('of none of n ends where none has a probability of 2.5 %', () => {
    const { lower, upper } = clopperPearson(0, 6);
    expect(lower).toBe(0);
    expect(upper).toBeCloseTo(1 - 0.025 ** (1 / 6), 12);
  });

  it.each([
    [3, 2],
    [-1, 2],
    [0, 0],
    [0.5, 2],
  ])('refuses %d of %d', (successes, trials) => {
    expect(() => clopperPearson(successes, trials)).toThrow(`but got ${successes} of ${trials}`);
  });

  it('refuses a level in percent', () => {
    expect(() => clopperPearson(1, 2, 95)).toThrow('between 0 and 1, but it is 95');
  });
});

describe('the ROC curve', () => {
  const { positives, negatives } = reference;

  test('and the area under it are those of scikit-learn, with ties', () => {
    const curve = rocCurve(positives, negatives);
    curve.forEach(({ falseAlarms, detected }, i) => {
      expect(falseAlarms).toBeCloseTo(reference.falseAlarms[i], 11);
      expect(detected).toBeCloseTo(reference.detected[i], 11);
    });
    expect(curve).toHaveLength(reference.detected.length);
    expect(areaUnderRoc(positives, negatives)).toBeCloseTo(reference.area, 11);
  });

  test('never calls positive what is -Infinity', () => {
    expect(rocCurve([1, -Infinity], [0]).map(({ detected }) => detected)).toEqual([0, 0.5, 0.5]);
  });

  test('needs both kinds, and numbers', () => {
    expect(() => rocCurve([1], [])).toThrow('there are 1 and 0');
    expect(() => areaUnderRoc([NaN], [1])).toThrow('NaN');
  });
});
