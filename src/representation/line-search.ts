/** The line search of L-BFGS: a step that satisfies the strong Wolfe conditions (Nocedal and Wright, section 3.5). */

/** A point on the search line: `value` and `slope` are the objective and its derivative there. */
export interface LinePoint {
  readonly step: number;
  readonly value: number;
  readonly slope: number;
  /** The parameters at the point. */
  readonly x: Float64Array;
  readonly gradient: Float64Array;
}

/** Sufficient decrease and curvature constants: the customary ones for quasi-Newton directions. */
const decrease = 1e-4;
const curvature = 0.9;
/** Two values closer than this, relatively, are equal as far as float64 sums can tell. */
const rounding = 1e-14;
const maxEvaluations = 40;

/**
 * A point that decreases the objective enough and is flat enough for the next quasi-Newton update.
 * @param origin step 0; its slope must be negative
 * @param evaluate the point at a step; a value that is not finite counts as too far
 * @param firstStep the step that is tried first
 * @returns undefined when no such point was found: the objective can't be decreased any more within rounding
 */
export async function searchLine(
  origin: LinePoint,
  evaluate: (step: number) => Promise<LinePoint>,
  firstStep: number,
): Promise<LinePoint | undefined> {
  let previous = origin;
  let step = firstStep;
  for (let i = 0; i < maxEvaluations; i++) {
    const current = await evaluate(step);
    if (!decreases(origin, current) || (i > 0 && current.value >= previous.value)) {
      return zoom(origin, previous, current, evaluate);
    }
    if (isFlat(origin, current)) return current;
    if (current.slope >= 0) return zoom(origin, current, previous, evaluate);
    previous = current;
    step *= 2;
  }
  return previous;
}

/** Narrows the interval between the best point so far (`low`) and one beyond the minimum (`high`); algorithm 3.6. */
async function zoom(
  origin: LinePoint,
  low: LinePoint,
  high: LinePoint,
  evaluate: (step: number) => Promise<LinePoint>,
): Promise<LinePoint | undefined> {
  for (let i = 0; i < maxEvaluations; i++) {
    const current = await evaluate(stepBetween(low, high));
    if (!decreases(origin, current) || current.value >= low.value + tolerance(origin)) {
      high = current;
    } else {
      if (isFlat(origin, current)) return current;
      if (current.slope * (high.step - low.step) >= 0) high = low;
      low = current;
    }
  }
  return low.step > 0 && low.value < origin.value ? low : undefined;
}

function decreases(origin: LinePoint, point: LinePoint): boolean {
  return point.value <= origin.value + decrease * point.step * origin.slope + tolerance(origin);
}

function isFlat(origin: LinePoint, point: LinePoint): boolean {
  return Math.abs(point.slope) <= curvature * Math.abs(origin.slope);
}

function tolerance(origin: LinePoint): number {
  return rounding * Math.abs(origin.value);
}

/** The minimizer of the cubic through both points (equation 3.59), kept away from the ends; else the middle. */
function stepBetween(low: LinePoint, high: LinePoint): number {
  const width = high.step - low.step;
  const d1 = low.slope + high.slope - (3 * (low.value - high.value)) / (low.step - high.step);
  const d2 = Math.sign(width) * Math.sqrt(d1 * d1 - low.slope * high.slope);
  const fraction = 1 - (high.slope + d2 - d1) / (high.slope - low.slope + 2 * d2);
  const kept = Number.isFinite(fraction) ? Math.min(Math.max(fraction, 0.1), 0.9) : 0.5;
  return low.step + kept * width;
}
