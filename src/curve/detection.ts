/** How well a statistic tells trainings that memorize from those that do not, and how sure one can be after few of them. */

/** Two ends of a confidence interval. */
export interface Interval {
  readonly lower: number;
  readonly upper: number;
}

/** What one threshold does. */
export interface RocPoint {
  /** Called positive is what lies above it. */
  readonly threshold: number;
  /** Share of the positives that are called so, 0 to 1. */
  readonly detected: number;
  /** Share of the negatives that are called positive, 0 to 1. */
  readonly falseAlarms: number;
}

/**
 * The exact confidence interval of a share (Clopper and Pearson 1934, Biometrika 26(4)): it covers the true share at least as often as
 * `level` says, however few the trials.
 * @param level default 0.95
 * @throws RangeError when the counts are no whole numbers with 0 <= successes <= trials and trials > 0, or level is not in (0, 1)
 */
export function clopperPearson(successes: number, trials: number, level = 0.95): Interval {
  const counts = Number.isInteger(successes) && Number.isInteger(trials);
  if (!counts || trials < 1 || successes < 0 || successes > trials) {
    throw new RangeError(
      `A share needs whole numbers of trials (at least 1) and of successes among them, but got ${successes} of ${trials}.`,
    );
  }
  if (!(level > 0 && level < 1)) {
    throw new RangeError(`The level of an interval lies between 0 and 1, but it is ${level}.`);
  }
  const tail = (1 - level) / 2;
  return {
    lower: lowerBound(successes, trials, tail),
    upper: 1 - lowerBound(trials - successes, trials, tail),
  };
}

/** The share at which so many successes or more have the probability `tail`; that probability grows with the share. */
function lowerBound(successes: number, trials: number, tail: number): number {
  let [low, high] = [0, 1];
  for (let i = 0; i < 53; i++) {
    const middle = (low + high) / 2;
    if (probabilityOfAtLeast(successes, trials, middle) > tail) high = middle;
    else low = middle;
  }
  return low;
}

/** Of a binomial distribution; in logarithms, as its coefficients leave float64 from 1,030 trials on. */
function probabilityOfAtLeast(successes: number, trials: number, share: number): number {
  let logCoefficient = 0;
  let sum = 0;
  for (let i = 0; i <= trials; i++) {
    if (i > 0) logCoefficient += Math.log((trials - i + 1) / i);
    if (i >= successes)
      sum += Math.exp(logCoefficient + i * Math.log(share) + (trials - i) * Math.log1p(-share));
  }
  return sum;
}

/**
 * What every threshold does that makes a difference: from the highest value, where nothing is called positive, to -Infinity, where all is
 * that is not -Infinity itself.
 * @throws RangeError when there is no positive, no negative, or a value is NaN
 */
export function rocCurve(positives: readonly number[], negatives: readonly number[]): RocPoint[] {
  requireValues(positives, negatives);
  const thresholds = [...new Set([...positives, ...negatives, -Infinity])].sort((a, b) => b - a);
  const above = (threshold: number, among: readonly number[]) =>
    among.filter(value => value > threshold).length / among.length;
  return thresholds.map(threshold => ({
    threshold,
    detected: above(threshold, positives),
    falseAlarms: above(threshold, negatives),
  }));
}

/**
 * The area under {@link rocCurve}: the share of pairs in which the positive has the higher value, ties counted half; 0.5 is chance,
 * and 1 says that some threshold is always right.
 * @throws RangeError as rocCurve does
 */
export function areaUnderRoc(positives: readonly number[], negatives: readonly number[]): number {
  requireValues(positives, negatives);
  const wins = positives.flatMap(positive =>
    negatives.map((negative): number => (positive > negative ? 1 : positive === negative ? 0.5 : 0)),
  );
  return wins.reduce((sum, win) => sum + win, 0) / wins.length;
}

function requireValues(positives: readonly number[], negatives: readonly number[]): void {
  if (positives.length === 0 || negatives.length === 0) {
    throw new RangeError(
      `Telling apart needs at least one positive and one negative, but there are ${positives.length} and ${negatives.length}.`,
    );
  }
  if ([...positives, ...negatives].some(Number.isNaN)) {
    throw new RangeError('A value is NaN: give numbers, which may be infinite.');
  }
}
