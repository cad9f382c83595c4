/** The transition from memorization to generalization in one row a training-set size: what figures and tables show. */
import { analyseCurve, type CurveAnalysis } from '../curve/analysis';
import type { CurveMeasurement } from '../curve/curve';
import { formatNumber } from './style';

/** What the summary needs of a transition; the experiment's own value fits. */
export interface TransitionValues {
  readonly sizes: readonly {
    readonly trainingSize: number;
    /** A curve for each seed. */
    readonly curves: readonly CurveMeasurement[];
    /** A score for each seed. */
    readonly scores: readonly { readonly novelByRatio: number; readonly medianCosine: number }[];
  }[];
}

/** One training-set size. */
export interface TransitionRow {
  readonly trainingSize: number;
  readonly analysis: CurveAnalysis;
  /** Share of generated images that are new, 0 to 1, by the nearest-neighbour ratio; mean over seeds. */
  readonly novelShare: number;
  /** Smallest and largest of the seeds. */
  readonly novelRange: readonly [number, number];
  /** Median over samples of the largest cosine similarity to a training image; mean over seeds. */
  readonly medianCosine: number;
  readonly cosineRange: readonly [number, number];
}

/** Half of the generated images new: where copying counts as ended. */
export const novelThreshold = 0.5;

/** How the curves are analysed. */
export interface SummaryOptions {
  /** Seed of the bootstrap. Default 0. */
  readonly seed?: number;
  /** Resampled curves. Default 2000. */
  readonly resamples?: number;
}

/**
 * A row a training-set size, the smallest first.
 * @throws RangeError when there are no sizes, or a size has no curves or scores or curves that are not valid.
 */
export function summarizeTransition(
  transition: TransitionValues,
  { seed = 0, resamples }: SummaryOptions = {},
): TransitionRow[] {
  if (transition.sizes.length === 0) {
    throw new RangeError(
      'A transition needs at least one training-set size, but it has none. Run it with "sizes".',
    );
  }
  const rows = transition.sizes.map(({ trainingSize, curves, scores }) => {
    if (scores.length === 0) {
      throw new RangeError(
        `Training-set size ${trainingSize} has no generalization score. Measure it first.`,
      );
    }
    const novel = scores.map(score => score.novelByRatio);
    const cosines = scores.map(score => score.medianCosine);
    return {
      trainingSize,
      analysis: analyseCurve(curves, { seed, resamples }),
      novelShare: mean(novel),
      novelRange: rangeOf(novel),
      medianCosine: mean(cosines),
      cosineRange: rangeOf(cosines),
    };
  });
  return rows.sort((a, b) => a.trainingSize - b.trainingSize);
}

/** Which sizes are unimodal, decreasing, undecided, and from which on most samples are new, in two sentences. */
export function transitionFinding(rows: readonly TransitionRow[]): string {
  const verdicts = (['decreasing', 'undecided', 'unimodal'] as const).flatMap(verdict => {
    const sizes = rows
      .filter(row => row.analysis.verdict === verdict)
      .map(row => formatNumber(row.trainingSize));
    return sizes.length > 0 ? [`${verdict} for N = ${listed(sizes)}`] : [];
  });
  return `The representation curve is ${listed(verdicts, ';')}. ${noveltyFinding(rows)}`;
}

function noveltyFinding(rows: readonly TransitionRow[]): string {
  const copied = rows.filter(row => row.novelShare < novelThreshold);
  const first = rows.find(row => row.novelShare >= novelThreshold);
  if (!first) return 'At every size, most generated images are copies of training images.';
  if (copied.length === 0) return 'At every size, most generated images are new.';
  // The share need not grow with every size: say so only where it does.
  return copied.every(row => row.trainingSize < first.trainingSize)
    ? `Most generated images are copies of training images up to N = ${formatNumber(copied[copied.length - 1].trainingSize)}, and new from N = ${formatNumber(first.trainingSize)} on.`
    : `Most generated images are copies of training images at N = ${listed(copied.map(row => formatNumber(row.trainingSize)))}.`;
}

/** "a", "a and b", "a, b and c". */
function listed(items: readonly string[], separator = ','): string {
  if (items.length < 2) return items.join('');
  if (separator !== ',') return items.join(`${separator} `);
  return `${items.slice(0, -1).join(', ')} and ${items[items.length - 1]}`;
}

function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}

function rangeOf(values: readonly number[]): [number, number] {
  return [Math.min(...values), Math.max(...values)];
}
