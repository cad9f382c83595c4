/**
 * What a representation curve says: its bands, its peak, and whether it is unimodal (rises, peaks and falls over the
 * noise level, paper section 1) or decreasing, as a statement that the data can refute.
 */
import { quantile, resampleCurves, type BootstrapOptions } from './bootstrap';
import { accuracies, checkCurve, type CurveMeasurement } from './curve';

/** A measured value and how far off it may be: the ends of its 95 % interval, or its lower and upper 95 % bounds. */
export interface Band {
  /** The value as measured. */
  readonly mean: number;
  readonly lower: number;
  readonly upper: number;
}

/** `unimodal`: a hill; `decreasing`: falls from the lowest noise level on; `undecided`: the data do not tell. */
export type Verdict = 'unimodal' | 'decreasing' | 'undecided';

/** The smallest rise, in points of accuracy, that counts as a hill. */
export const unimodalRise = 1;
/** A curve is called decreasing only when a rise of this many points is excluded. */
export const decreasingRise = 2;
/** Noise levels that a curve needs for a rise and a fall. */
export const fewestLevels = 3;

/** What {@link analyseCurve} finds. Accuracies in percent, rise and fall in points. */
export interface CurveAnalysis {
  readonly sigmas: readonly number[];
  /** Number of runs (seeds) that were measured. */
  readonly runs: number;
  /** What the bands cover: the sources of chance that they account for. */
  readonly covers: 'test images and draws of one run' | 'runs, test images and draws';
  /** Test accuracy at each noise level, with the 95 % interval of each level by itself. */
  readonly accuracy: readonly Band[];
  /** The highest point: its noise level, the range of levels where 95 % of resampled curves peak, its accuracy with 95 % interval. */
  readonly peak: {
    readonly sigma: number;
    readonly lower: number;
    readonly upper: number;
    readonly accuracy: Band;
  };
  /** Peak less lowest noise level, points, with the lower and the upper 95 % bound (each is wrong in at most 5 % of cases). */
  readonly rise: Band;
  /** Peak less largest noise level, points, with 95 % bounds. */
  readonly fall: Band;
  readonly verdict: Verdict;
  /** The verdict and its figures in one sentence. */
  readonly finding: string;
}

/**
 * Tests whether a curve is unimodal, by a paired bootstrap over test images and noise draws (and runs, when the curves of
 * several are given), with the peak chosen anew in every resampled curve.
 *
 * A maximum is biased: the highest of several noisy accuracies overstates the true peak, and the resampled maximum
 * overstates it once more: percentiles of the resampled rise exceed the true rise of a plateau in a quarter of the cases
 * where it should be one in twenty. So a maximum over noise levels k (rise, fall, peak accuracy) has
 * - as lower bound the largest of v[k] - c e[k], with v the measured values, e their bootstrap standard errors and c the
 *   95 % point of the resampled max over k of (v*[k] - v[k]) / e[k], where each resample chooses its own level. All true
 *   values lie above their bounds at once, whichever level is chosen (max-t bound: White 2000, Econometrica 68(5); Romano
 *   and Wolf 2005, Econometrica 73(4));
 * - as upper bound the largest of the levels' own 95 % points. The maximum is below a bound when every level is, so no
 *   correction for the choice is due (intersection-union test: Berger 1982, Technometrics 24(4)).
 *
 * - `unimodal`: the rise's lower bound is above 1 point, and the curve falls after the peak (the fall's lower bound above 0);
 * - `decreasing`: the rise's upper bound is below 2 points, and the curve falls;
 * - `undecided`: neither.
 *
 * @param curves one curve, or one from each run of the same experiment (same noise levels, draws and number of images).
 * @throws RangeError when a curve is not valid, has fewer than three noise levels, or the curves differ in shape.
 */
export function analyseCurve(
  curves: CurveMeasurement | readonly CurveMeasurement[],
  options: BootstrapOptions,
): CurveAnalysis {
  const list = Array.isArray(curves) ? (curves as readonly CurveMeasurement[]) : [curves as CurveMeasurement];
  checkComparable(list);
  checkResamples(options.resamples ?? 2000);
  const { sigmas } = list[0];
  const measured = meanAccuracies(list);
  const resampled = resampleCurves(list, options); // [resample][sigma]
  const rise = maximumBand(measured, resampled, { tail: 0.05, reference: 0 });
  const fall = maximumBand(measured, resampled, { tail: 0.05, reference: sigmas.length - 1 });
  const peaks = resampledPeaks(resampled, sigmas.length);
  const peak = {
    sigma: sigmas[indexOfMaximum(measured)],
    lower: sigmas[Math.round(quantile(peaks, 0.025))],
    upper: sigmas[Math.round(quantile(peaks, 0.975))],
    accuracy: maximumBand(measured, resampled, { tail: 0.025 }),
  };
  const verdict = decide(rise, fall);
  return {
    sigmas,
    runs: list.length,
    covers: list.length > 1 ? 'runs, test images and draws' : 'test images and draws of one run',
    accuracy: accuracyBands(measured, resampled),
    peak,
    rise,
    fall,
    verdict,
    finding: describe(verdict, sigmas, peak, rise, fall),
  };
}

function decide(rise: Band, fall: Band): Verdict {
  if (fall.lower <= 0) return 'undecided';
  if (rise.lower > unimodalRise) return 'unimodal';
  return rise.upper < decreasingRise ? 'decreasing' : 'undecided';
}

/** The bounds of max over k of (a[k] - a[reference]), or of max a[k], each wrong with probability `tail`; see {@link analyseCurve}. */
function maximumBand(
  measured: readonly number[],
  resampled: Float64Array,
  { tail, reference }: { tail: number; reference?: number },
): Band {
  const values = measured.map(value => value - (reference === undefined ? 0 : measured[reference]));
  const columns = values.map((_, k) => resampledColumn(resampled, measured.length, k, reference));
  const errors = columns.map(standardDeviation);
  const excess = columns[0].map((_, b) =>
    Math.max(...values.map((value, k) => (errors[k] > 0 ? (columns[k][b] - value) / errors[k] : 0))),
  );
  const critical = quantile(excess.sort(), 1 - tail);
  const mean = Math.max(...values);
  return {
    mean,
    lower: Math.max(...values.map((value, k) => value - critical * errors[k])),
    upper: Math.max(mean, ...columns.map(column => quantile(column.sort(), 1 - tail))),
  };
}

/** One noise level of every resampled curve, less the reference level's. */
function resampledColumn(
  resampled: Float64Array,
  count: number,
  k: number,
  reference?: number,
): Float64Array {
  const column = new Float64Array(resampled.length / count);
  for (let b = 0; b < column.length; b++) {
    column[b] = resampled[b * count + k] - (reference === undefined ? 0 : resampled[b * count + reference]);
  }
  return column;
}

function standardDeviation(values: Float64Array): number {
  const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
  return Math.sqrt(values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / values.length);
}

/** The index of the noise level at which each resampled curve peaks, sorted ascending. */
function resampledPeaks(resampled: Float64Array, count: number): Float64Array {
  const peaks = new Float64Array(resampled.length / count);
  for (let b = 0; b < peaks.length; b++) {
    peaks[b] = indexOfMaximum(resampled.subarray(b * count, (b + 1) * count));
  }
  return peaks.sort();
}

/** Percentile intervals at each noise level by itself. */
function accuracyBands(measured: readonly number[], resampled: Float64Array): Band[] {
  return measured.map((mean, k) => {
    const column = resampledColumn(resampled, measured.length, k).sort();
    return { mean, lower: quantile(column, 0.025), upper: quantile(column, 0.975) };
  });
}

function meanAccuracies(curves: readonly CurveMeasurement[]): number[] {
  const runs = curves.map(accuracies);
  return runs[0].map((_, s) => runs.reduce((sum, run) => sum + run[s], 0) / runs.length);
}

/** The first of the highest values: on a tie the lower noise level, which never favours a hill. */
function indexOfMaximum(values: ArrayLike<number>): number {
  let top = 0;
  for (let i = 1; i < values.length; i++) if (values[i] > values[top]) top = i;
  return top;
}

function checkComparable(curves: readonly CurveMeasurement[]): void {
  if (curves.length === 0)
    throw new RangeError('analyseCurve needs at least one curve, but the list is empty.');
  const shapeOf = ({ layer, input, sigmas, draws, testCount }: CurveMeasurement) =>
    `layer ${layer}, ${input} input, sigma ${sigmas.join(' ')}, ${draws} draws of ${testCount} test images`;
  const first = shapeOf(curves[0]);
  for (const curve of curves) {
    checkCurve(curve);
    if (shapeOf(curve) !== first) {
      throw new RangeError(
        `Curves of several runs must be measured alike, but one has ${first}, and another ${shapeOf(curve)}. ` +
          'Analyse them apart.',
      );
    }
  }
  if (curves[0].sigmas.length < fewestLevels) {
    throw new RangeError(
      `A rise and a fall need at least ${fewestLevels} noise levels, but the curve has ${curves[0].sigmas.length}. Measure more.`,
    );
  }
}

function checkResamples(resamples: number): void {
  if (!Number.isInteger(resamples) || resamples < 100) {
    throw new RangeError(`"resamples" must be a whole number of at least 100, but it is ${resamples}.`);
  }
}

function describe(
  verdict: Verdict,
  sigmas: readonly number[],
  peak: CurveAnalysis['peak'],
  rise: Band,
  fall: Band,
): string {
  const bounds = `95 % bounds ${points(rise.lower)} to ${points(rise.upper)}`;
  const first = `sigma ${sigmas[0]}`;
  const last = `sigma ${sigmas[sigmas.length - 1]}`;
  const height = `${peak.accuracy.mean.toFixed(1)} %`;
  switch (verdict) {
    case 'unimodal':
      return (
        `Unimodal: test accuracy rises by ${points(rise.mean)} points (${bounds}) from ${first} to a peak of ${height} ` +
        `at sigma ${peak.sigma}, and falls by ${points(fall.mean)} to ${last}.`
      );
    case 'decreasing':
      return (
        `Decreasing: test accuracy falls by ${points(fall.mean)} points from its highest value, ${height} at sigma ` +
        `${peak.sigma}, to ${last}; ${exclusion(rise, first)}.`
      );
    case 'undecided':
      return (
        `Undecided: test accuracy peaks at ${height} at sigma ${peak.sigma}, ${points(rise.mean)} points (${bounds}) ` +
        `above ${first} and ${points(fall.mean)} above ${last}; neither a hill nor a decreasing curve is established.`
      );
  }
}

/** Which rise is excluded; a bound of 0.0 points excludes any, for no point can be written below it. */
function exclusion({ upper }: Band, first: string): string {
  return points(upper) === '0.0'
    ? `any rise from ${first} is excluded (upper 95 % bound 0.0 points)`
    : `a rise from ${first} of ${points(upper)} points or more is excluded (upper 95 % bound)`;
}

/** A number of points with one decimal and a true minus sign, never "-0.0". */
function points(value: number): string {
  const text = Math.abs(value).toFixed(1);
  return value < 0 && text !== '0.0' ? `\u2212${text}` : text;
}
