import { describe, expect, it } from 'vitest';
import { analyseCurve, type CurveAnalysis, type Verdict } from '../../src/curve/analysis';
import { accuracies } from '../../src/curve/curve';
import { normals, sigmas, simulateCurve, truths, type Simulation } from './simulated';

/** Analyses of `count` simulated curves of a known truth. */
function analyses(truth: readonly number[], count: number, simulation?: Simulation): CurveAnalysis[] {
  return Array.from({ length: count }, (_, seed) =>
    analyseCurve(simulateCurve(truth, 1000 + seed, simulation), { seed, resamples: 250 }),
  );
}

const share = (list: CurveAnalysis[], verdict: Verdict) =>
  list.filter(analysis => analysis.verdict === verdict).length / list.length;
const covering = (
  list: CurveAnalysis[],
  truth: number,
  band: (analysis: CurveAnalysis) => { lower: number; upper: number },
) =>
  list.filter(analysis => band(analysis).lower <= truth && truth <= band(analysis).upper).length /
  list.length;

describe('the verdict, on curves of known accuracy', () => {
  // 200 simulations each: an error rate of 5 % shows as more than 9.5 % of them with probability 0.002.
  it.each([
    ['strongly paired', { pairing: 0.99, noise: 0.05 }],
    ['usual', {}],
    ['barely paired', { pairing: 0.5, noise: 0.7 }],
  ])(
    'calls a curve that is flat before it falls unimodal in at most one case of twenty (%s)',
    (_, simulation) => {
      expect(share(analyses(truths.flat, 200, simulation), 'unimodal')).toBeLessThanOrEqual(0.05);
    },
  );

  it('calls a plateau of exactly one point unimodal no more often than its level allows', () => {
    expect(share(analyses(truths.onePoint, 200), 'unimodal')).toBeLessThanOrEqual(0.095);
  });

  it('calls a rise of exactly two points decreasing no more often than its level allows', () => {
    const twoPoints = [87, 88, 89, 88, 87, 86, 84, 75, 60];
    expect(share(analyses(twoPoints, 200), 'decreasing')).toBeLessThanOrEqual(0.095);
  });

  it('finds a hill of five points', () => {
    const found = analyses(truths.hill, 100);
    expect(share(found, 'unimodal')).toBeGreaterThanOrEqual(0.97);
    expect(found.every(({ peak }) => peak.sigma >= 0.04 && peak.sigma <= 0.4)).toBe(true);
  });

  it('finds a falling curve, and never calls it unimodal', () => {
    const found = analyses(truths.falling, 100);
    expect(share(found, 'decreasing')).toBeGreaterThanOrEqual(0.7);
    expect(share(found, 'unimodal')).toBe(0);
  });

  it('leaves a curve that never falls undecided', () => {
    const rising = truths.hill.map((_, i) => 60 + 4 * i);
    expect(share(analyses(rising, 10), 'undecided')).toBe(1);
  });
});

describe('the intervals, on curves of known accuracy', () => {
  const found = analyses(truths.hill, 200);
  // Coverage is 95 % at least, as the bounds of a maximum err on the wide side; below 91 % of 200 would be 2.6 deviations off.
  it.each([
    ['rise, from below', 92.9 - 87.3, (a: CurveAnalysis) => ({ lower: a.rise.lower, upper: Infinity })],
    ['rise, from above', 92.9 - 87.3, (a: CurveAnalysis) => ({ lower: -Infinity, upper: a.rise.upper })],
    ['fall, from below', 92.9 - 67.6, (a: CurveAnalysis) => ({ lower: a.fall.lower, upper: Infinity })],
    ['accuracy of the peak', 92.9, (a: CurveAnalysis) => a.peak.accuracy],
    ['accuracy at sigma 0.01', 87.3, (a: CurveAnalysis) => a.accuracy[0]],
    ['accuracy at sigma 1', 67.6, (a: CurveAnalysis) => a.accuracy[8]],
    ['noise level of the peak', 0.15, (a: CurveAnalysis) => a.peak],
  ])('cover the true %s', (_, truth, band) => {
    expect(covering(found, truth, band)).toBeGreaterThanOrEqual(0.91);
  });

  it('cover the rise over runs that differ', () => {
    const normal = normals(9);
    const several = Array.from({ length: 100 }, (_, seed) => {
      const runs = [0, 1, 2].map(run => {
        const [hill, level] = [normal(), normal()];
        const truth = truths.hill.map((a, s) => a + level + (s > 0 && s < 6 ? hill : 0));
        return simulateCurve(truth, 3 * seed + run);
      });
      return analyseCurve(runs, { seed, resamples: 400 });
    });
    // 90 % (5 % on each side) less three deviations of 100 trials
    expect(covering(several, 92.9 - 87.3, analysis => analysis.rise)).toBeGreaterThanOrEqual(0.81);
    expect(several[0].covers).toBe('runs, test images and draws');
    expect(several[0].runs).toBe(3);
  });
});

describe('analyseCurve', () => {
  const hill = simulateCurve(truths.hill, 0);

  it('reports the measured accuracies, their highest point, the rise to it and the fall after it', () => {
    const analysis = analyseCurve(hill, { seed: 0 });
    const measured = accuracies(hill);
    const highest = Math.max(...measured);
    expect(analysis.accuracy.map(band => band.mean)).toEqual(measured);
    expect(analysis.peak.sigma).toBe(sigmas[measured.indexOf(highest)]);
    expect(analysis.peak.accuracy.mean).toBe(highest);
    expect(analysis.rise.mean).toBeCloseTo(highest - measured[0], 10);
    expect(analysis.fall.mean).toBeCloseTo(highest - measured[8], 10);
    expect(analysis.covers).toBe('test images and draws of one run');
  });

  it('states the finding in one sentence with its figures', () => {
    const { finding, peak, rise } = analyseCurve(hill, { seed: 0 });
    expect(finding).toMatch(/^Unimodal: .*\.$/);
    expect(finding).toContain(`peak of ${peak.accuracy.mean.toFixed(1)} % at sigma ${peak.sigma}`);
    expect(finding).toContain(`95 % bounds ${rise.lower.toFixed(1)} to ${rise.upper.toFixed(1)}`);
    expect(analyseCurve(simulateCurve(truths.falling, 0), { seed: 0 }).finding).toMatch(
      /^(Decreasing|Undecided): /,
    );
  });

  it('says that any rise is excluded when its bound is zero', () => {
    const correct = new Uint8Array(hill.correct.length); // right at the lowest level, wrong at all others
    correct.fill(1, 0, correct.length / hill.sigmas.length);
    const { verdict, finding } = analyseCurve({ ...hill, correct }, { seed: 0 });
    expect(verdict).toBe('decreasing');
    expect(finding).toContain('any rise from sigma 0.01 is excluded (upper 95 % bound 0.0 points).');
  });

  it('gives a curve that is the same at all noise levels a rise of exactly nothing', () => {
    const all = { ...hill, correct: new Uint8Array(hill.correct.length).fill(1) };
    const { rise, fall, verdict } = analyseCurve(all, { seed: 0 });
    expect([rise, fall]).toEqual([
      { mean: 0, lower: 0, upper: 0 },
      { mean: 0, lower: 0, upper: 0 },
    ]);
    expect(verdict).toBe('undecided');
  });

  it('refuses no curves, curves that were not measured alike, too few noise levels and too few resamples', () => {
    const options = { seed: 0 };
    expect(() => analyseCurve([], options)).toThrow(/at least one curve/);
    expect(() => analyseCurve([hill, { ...hill, layer: '8x8_block0' }], options)).toThrow(
      /layer 8x8_up.*layer 8x8_block0.*Analyse them apart/,
    );
    expect(() => analyseCurve(simulateCurve([80, 70], 0), options)).toThrow(/at least 3 noise levels.*has 2/);
    expect(() => analyseCurve(hill, { seed: 0, resamples: 10 })).toThrow(/at least 100, but it is 10/);
    expect(() => analyseCurve(hill, { seed: 0.5 })).toThrow(/seed/);
  });
});
