/**
 * The bootstrap of a representation curve: how the whole curve would vary with other test images, other noise draws and,
 * when several runs were measured, other runs.
 */
import type { CurveMeasurement } from './curve';
import { seededRandom } from './random';

/** How often to resample, and with which random numbers. */
export interface BootstrapOptions {
  /** Seed of the resampling; the same seed gives the same bands. */
  readonly seed: number;
  /** Number of resampled curves; default 2000. */
  readonly resamples?: number;
}

/**
 * Resampled curves in percent, [resample][noise level] row-major.
 *
 * A test image is drawn with replacement together with all its noise draws, once for all noise levels: paired, as a hard
 * image is hard at every level. The noise of each draw belongs to its image alone, so that images with their draws are
 * the independent units, and their spread holds both sources of chance; drawing the draws anew as well would count the
 * noise twice (Davison and Hinkley 1997, "Bootstrap Methods and Their Application", section 3.8). Runs share one choice
 * of images: right when they share the test images, and the same variance when they do not.
 *
 * For S > 1 runs the deviations of runs drawn with replacement come on top, times sqrt(S / (S - 1)), as the spread of S
 * runs about their own mean is that much too small. What the images do to each run's deviation is then counted twice,
 * which offsets that few runs say little of their spread: no wider than Student's interval over up to 5 runs.
 *
 * The curves must be valid and of one shape; {@link analyseCurve} checks both.
 */
export function resampleCurves(
  curves: readonly CurveMeasurement[],
  { seed, resamples = 2000 }: BootstrapOptions,
): Float64Array {
  const { sigmas, draws, testCount } = curves[0];
  const random = seededRandom(seed);
  const rows = sumByImage(curves); // [image][sigma]
  const deviations = runDeviations(curves); // [run][sigma]
  const count = sigmas.length;
  const percent = 100 / (testCount * draws * curves.length);
  const result = new Float64Array(resamples * count);
  for (let b = 0; b < resamples; b++) {
    const curve = result.subarray(b * count, (b + 1) * count);
    for (let i = 0; i < testCount; i++) {
      const row = Math.floor(random() * testCount) * count;
      for (let s = 0; s < count; s++) curve[s] += rows[row + s];
    }
    for (let s = 0; s < count; s++) curve[s] *= percent;
    if (curves.length > 1) displaceByRuns(curve, deviations, random);
  }
  return result;
}

/** How often each image was classified rightly at each noise level, over draws and runs, [image][sigma]. */
function sumByImage(curves: readonly CurveMeasurement[]): Uint16Array {
  const { sigmas, draws, testCount } = curves[0];
  const rows = new Uint16Array(testCount * sigmas.length);
  for (const { correct } of curves) {
    for (let column = 0; column < sigmas.length * draws; column++) {
      const s = Math.floor(column / draws);
      for (let i = 0; i < testCount; i++) rows[i * sigmas.length + s] += correct[column * testCount + i];
    }
  }
  return rows;
}

/** Each run's curve less the mean over the runs, in percent, [run][sigma]. */
function runDeviations(curves: readonly CurveMeasurement[]): Float64Array[] {
  const { sigmas, draws, testCount } = curves[0];
  const size = draws * testCount;
  const runs = curves.map(({ correct }) =>
    Float64Array.from(sigmas, (_, s) => {
      let right = 0;
      for (let i = s * size; i < (s + 1) * size; i++) right += correct[i];
      return (100 * right) / size;
    }),
  );
  const mean = sigmas.map((_, s) => runs.reduce((sum, run) => sum + run[s], 0) / runs.length);
  return runs.map(run => run.map((accuracy, s) => accuracy - mean[s]));
}

/** Moves a resampled curve by the mean deviation of S runs drawn with replacement, times sqrt(S / (S - 1)). */
function displaceByRuns(curve: Float64Array, deviations: Float64Array[], random: () => number): void {
  const count = deviations.length;
  const factor = Math.sqrt(count / (count - 1)) / count;
  for (let r = 0; r < count; r++) {
    const run = deviations[Math.floor(random() * count)];
    for (let s = 0; s < curve.length; s++) curve[s] += factor * run[s];
  }
}

/** The quantile at `probability` of values sorted ascending, interpolated linearly (type 7 of Hyndman and Fan). */
export function quantile(sorted: Float64Array, probability: number): number {
  const position = probability * (sorted.length - 1);
  const below = Math.floor(position);
  const above = Math.min(below + 1, sorted.length - 1);
  return sorted[below] + (position - below) * (sorted[above] - sorted[below]);
}
