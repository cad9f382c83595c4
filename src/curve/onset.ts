/**
 * Early stopping without labels: what measures over training say about when memorization begins. Each signal has a rule that needs
 * nothing but its own past, so that it could stop a training while it runs.
 */

import { accuracies, type CurveMeasurement } from './curve';

/** What was measured at one step; the experiment's own value fits. */
export interface Measured {
  readonly step: number;
  readonly curve: CurveMeasurement;
  /** A value a noise level. */
  readonly icr: { readonly values: readonly number[] };
  readonly stableRank: number;
  readonly loss: SignalPoint['loss'];
  readonly score: { readonly novelByRatio: number };
}

/** What the signals are read from, at one step. */
export interface SignalPoint {
  readonly step: number;
  /** Lowest ICR over the noise level. */
  readonly icr: number;
  /** Stable rank of the bottleneck's weights. */
  readonly stableRank: number;
  /** Denoising loss on training images, and on held-out ones with the same noise. */
  readonly loss: { readonly train: number; readonly heldOut: number };
  /** Share of generated images that are copies, 0 to 1. */
  readonly copies: number;
  /** Test accuracy of the probe at each noise level, from low to high, percent. */
  readonly accuracy: readonly number[];
}

/** What the signals are read from, of what was measured. */
export function signalPoint({ step, curve, icr, stableRank, loss, score }: Measured): SignalPoint {
  return {
    step,
    icr: Math.min(...icr.values),
    stableRank,
    loss,
    copies: 1 - score.novelByRatio,
    accuracy: accuracies(curve),
  };
}

/** One signal. */
export interface Signal {
  /** For people: "ICR". */
  readonly name: string;
  /** What is followed, with its unit. */
  readonly quantity: string;
  /** What it needs besides the model. */
  readonly needs: string;
  readonly value: (point: SignalPoint) => number;
  /** When it announces that memorization begins, for people. */
  readonly rule: string;
  /** How strongly `value` speaks for memorization, given the values `before`, of which there is at least one. */
  readonly statistic: (value: number, before: readonly number[]) => number;
  /** Memorization is announced when the statistic is above this. */
  readonly threshold: number;
}

const riseAboveLowest = (value: number, before: readonly number[]) => value / Math.min(...before) - 1;
const fallBelowHighest = (value: number, before: readonly number[]) => Math.max(...before) - value;

/**
 * The signals. The sources name what to follow and which way it moves; the thresholds are ours: 5 % for ICR, rank and loss, 1 point
 * for accuracies, about what chance makes of 3,000 test images, and a tenth for the loss gap and the copies.
 */
export const signals = {
  /** ICR (arXiv 2606.09718): through training on few images it is lowest before memorization begins. */
  icr: {
    name: 'ICR',
    quantity: 'ICR, its lowest over \u03c3',
    needs: 'unlabelled images',
    value: ({ icr }) => icr,
    rule: 'rises 5 % above its lowest value so far',
    statistic: riseAboveLowest,
    threshold: 0.05,
  },
  /** Stable rank of the bottleneck ("Spectral Signatures of Memorization", FoGen workshop 2026): grows with memorization (r = 0.43 within a run). */
  stableRank: {
    name: 'stable rank',
    quantity: 'stable rank of the bottleneck',
    needs: 'nothing',
    value: ({ stableRank }) => stableRank,
    rule: 'rises 5 % above its lowest value so far',
    statistic: riseAboveLowest,
    threshold: 0.05,
  },
  /** The generalization gap of the training's own loss. */
  lossGap: {
    name: 'loss gap',
    quantity: 'held-out over training loss',
    needs: 'held-out images',
    value: ({ loss }) => loss.heldOut / loss.train,
    rule: 'above 1.1',
    statistic: gap => gap - 1,
    threshold: 0.1,
  },
  /** Early stopping as it is usual (Prechelt 1998, "Early Stopping - But When?", criterion GL with alpha = 5 %). */
  heldOutLoss: {
    name: 'held-out loss',
    quantity: 'held-out loss',
    needs: 'held-out images',
    value: ({ loss }) => loss.heldOut,
    rule: 'rises 5 % above its lowest value so far',
    statistic: riseAboveLowest,
    threshold: 0.05,
  },
  /** The generalization score of the paper's Fig. 6, seen from its other end. */
  copies: {
    name: 'copies',
    quantity: 'share of copies among samples',
    needs: 'generated and training images',
    value: ({ copies }) => copies,
    rule: 'above 0.1',
    statistic: copies => copies,
    threshold: 0.1,
  },
  /** The best point of the representation curve (paper, Fig. 7: it falls as the samples get worse). */
  peak: {
    name: 'peak accuracy',
    quantity: 'peak accuracy of the probe, %',
    needs: 'labels',
    value: ({ accuracy }) => Math.max(...accuracy),
    rule: 'falls 1 point below its highest value so far',
    statistic: fallBelowHighest,
    threshold: 1,
  },
  /** The hill of the representation curve (paper, Fig. 8-10: unimodal early, only falling later). */
  rise: {
    name: 'rise',
    quantity: 'rise of the curve to its peak, points',
    needs: 'labels',
    value: ({ accuracy }) => Math.max(...accuracy) - accuracy[0],
    rule: 'falls 1 point below its highest value so far',
    statistic: fallBelowHighest,
    threshold: 1,
  },
} satisfies Record<string, Signal>;

/** Name of a signal. */
export type SignalName = keyof typeof signals;

/** What a signal says about a training. */
export interface Announcement {
  readonly signal: SignalName;
  /** The first step at which it announces that memorization begins; undefined when it never does. */
  readonly step: number | undefined;
  /** The step before that: where a training stopped by this signal would go back to; undefined when it never does. */
  readonly stopAt: number | undefined;
}

/**
 * When each signal announces that memorization begins.
 * @param points in the order of their steps
 * @throws RangeError when steps do not increase
 */
export function announcements(points: readonly SignalPoint[]): Announcement[] {
  return (Object.keys(signals) as SignalName[]).map(signal => {
    const { threshold } = signals[signal];
    const at = statistics(points, signal).findIndex(statistic => statistic > threshold);
    return { signal, step: points[at]?.step, stopAt: points[at - 1]?.step };
  });
}

/**
 * The statistic of a signal at each point, each from the points before it; -Infinity at the first, which has none before it. With a
 * threshold t, memorization is announced by a step when the highest statistic up to it is above t.
 * @param points in the order of their steps
 * @throws RangeError when steps do not increase
 */
export function statistics(points: readonly SignalPoint[], signal: SignalName): number[] {
  const late = points.findIndex(({ step }, i) => i > 0 && step <= points[i - 1].step);
  if (late >= 0) {
    throw new RangeError(
      `Steps increase, but ${points[late].step} follows ${points[late - 1].step}. Sort the points.`,
    );
  }
  const { value, statistic }: Signal = signals[signal];
  const values = points.map(value);
  return values.map((now, i) => (i > 0 ? statistic(now, values.slice(0, i)) : -Infinity));
}
