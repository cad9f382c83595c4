/**
 * Early stopping without labels: what measures over training say about when memorization begins. Each signal has a rule that needs
 * nothing but its own past, so that it could stop a training while it runs.
 */

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

/** One signal. */
export interface Signal {
  /** For people. */
  readonly title: string;
  /** What it needs besides the model. */
  readonly needs: string;
  /** The number that is followed. */
  readonly value: (point: SignalPoint) => number;
  /** When it announces that memorization begins, for people. */
  readonly rule: string;
  /** The rule: whether `value` announces it, given the values `before`, of which there is at least one. */
  readonly announces: (value: number, before: readonly number[]) => boolean;
}

const risen = (value: number, before: readonly number[]) => value > 1.05 * Math.min(...before);
const fallen = (value: number, before: readonly number[]) => value < Math.max(...before) - 1;

/**
 * The signals. Where the source gives no threshold, ours is the smallest that chance does not cross in models that generalize: 5 %
 * for measures of one model, 1 point for an accuracy, a tenth for the shares.
 */
export const signals = {
  /** ICR (arXiv 2606.09718): through training on few images it is lowest before memorization begins. */
  icr: {
    title: 'ICR',
    needs: 'unlabelled images',
    value: ({ icr }) => icr,
    rule: 'rises 5 % above its lowest value so far',
    announces: risen,
  },
  /** Stable rank of the bottleneck ("Spectral Signatures of Memorization", FoGen workshop 2026): grows with memorization (r = 0.43 within a run). */
  stableRank: {
    title: 'stable rank',
    needs: 'nothing',
    value: ({ stableRank }) => stableRank,
    rule: 'rises 5 % above its lowest value so far',
    announces: risen,
  },
  /** The generalization gap of the training's own loss, relative to the loss on training images. */
  lossGap: {
    title: 'loss gap',
    needs: 'held-out images',
    value: ({ loss }) => loss.heldOut / loss.train - 1,
    rule: 'held-out loss 10 % above training loss',
    announces: value => value > 0.1,
  },
  /** Early stopping as it is usual (Prechelt 1998, "Early Stopping - But When?", criterion GL with alpha = 5 %). */
  heldOutLoss: {
    title: 'held-out loss',
    needs: 'held-out images',
    value: ({ loss }) => loss.heldOut,
    rule: 'rises 5 % above its lowest value so far',
    announces: risen,
  },
  /** The generalization score of the paper's Fig. 6, seen from its other end. */
  copies: {
    title: 'copies',
    needs: 'generated and training images',
    value: ({ copies }) => copies,
    rule: 'a tenth of the generated images are copies',
    announces: value => value > 0.1,
  },
  /** The best point of the representation curve (paper, Fig. 7: it falls as the samples get worse). */
  peak: {
    title: 'peak accuracy',
    needs: 'labels',
    value: ({ accuracy }) => Math.max(...accuracy),
    rule: 'falls 1 point below its highest value so far',
    announces: fallen,
  },
  /** The hill of the representation curve (paper, Fig. 8-10: unimodal early, only falling later). */
  rise: {
    title: 'rise of the curve',
    needs: 'labels',
    value: ({ accuracy }) => Math.max(...accuracy) - accuracy[0],
    rule: 'falls 1 point below its highest value so far',
    announces: fallen,
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
  const late = points.findIndex(({ step }, i) => i > 0 && step <= points[i - 1].step);
  if (late >= 0) {
    throw new RangeError(
      `Steps increase, but ${points[late].step} follows ${points[late - 1].step}. Sort the points.`,
    );
  }
  return (Object.keys(signals) as SignalName[]).map(signal => {
    const { value, announces }: Signal = signals[signal];
    const values = points.map(value);
    const at = values.findIndex((now, i) => i > 0 && announces(now, values.slice(0, i)));
    return { signal, step: points[at]?.step, stopAt: points[at - 1]?.step };
  });
}
