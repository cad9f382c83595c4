/** Minimization by L-BFGS (Nocedal and Wright, algorithms 7.4 and 7.5), for any smooth function of a few thousand numbers. */
import { setImmediate as nextTurn } from 'node:timers/promises';
import { interruptSignal } from '../display/host';
import { searchLine, type LinePoint } from './line-search';

/** The function to minimize: returns its value at `x` and writes its derivatives into `gradient`. */
export type Objective = (x: Float64Array, gradient: Float64Array) => number | Promise<number>;

/** How far and how long to minimize. */
export interface MinimizeOptions {
  /** Converged when no derivative is larger than this. Default 1e-6. */
  readonly tolerance?: number;
  /** Steps at most. Default 1,000. */
  readonly maxIterations?: number;
  /** Pairs of steps and gradient changes that are remembered. Default 10. */
  readonly memory?: number;
  /** Stops between steps: the promise rejects with the signal's reason. Default: the interrupt button of the notebook. */
  readonly signal?: AbortSignal;
}

/** Where the minimization ended. */
export interface Minimum {
  readonly x: Float64Array;
  readonly value: number;
  /** Largest absolute derivative at `x`. */
  readonly gradientNorm: number;
  readonly iterations: number;
  readonly converged: boolean;
}

/** A remembered step s and change y of the gradient. */
interface Correction {
  readonly s: Float64Array;
  readonly y: Float64Array;
  /** 1 / (y's) */
  readonly rho: number;
}

/** The event loop gets a turn this often, in milliseconds, so that timers, progress and interrupts live on. */
const turnInterval = 50;

/**
 * Minimizes a smooth function from `start`.
 * @throws RangeError when the function or a derivative is not finite at `start`
 */
export async function minimize(
  objective: Objective,
  start: Float64Array,
  options: MinimizeOptions = {},
): Promise<Minimum> {
  const { tolerance = 1e-6, maxIterations = 1000, memory = 10, signal = interruptSignal() } = options;
  const corrections: Correction[] = [];
  const giveTurn = turnGiver();
  let point = await startingPoint(objective, start);
  let iterations = 0;
  for (; iterations < maxIterations && maxNorm(point.gradient) > tolerance; iterations++) {
    signal?.throwIfAborted();
    const next = await descend(objective, point, corrections);
    if (!next) break;
    remember(corrections, point, next, memory);
    point = next;
    await giveTurn();
  }
  const { x, value } = point;
  const gradientNorm = maxNorm(point.gradient);
  return { x, value, gradientNorm, iterations, converged: gradientNorm <= tolerance };
}

async function startingPoint(objective: Objective, start: Float64Array): Promise<LinePoint> {
  const point = await evaluate(objective, start, new Float64Array(start.length), 0);
  if (!Number.isFinite(point.value) || !point.gradient.every(Number.isFinite)) {
    throw new RangeError(
      `The function to minimize, or one of its derivatives, is not finite at the start (value ${point.value}). Check the data.`,
    );
  }
  return point;
}

/** The next point along the quasi-Newton direction; undefined where rounding allows no further decrease. */
function descend(
  objective: Objective,
  { x, value, gradient }: LinePoint,
  corrections: readonly Correction[],
): Promise<LinePoint | undefined> {
  const direction = descentDirection(gradient, corrections);
  const origin = { step: 0, value, slope: dot(gradient, direction), x, gradient };
  // Without a memory of curvature, a gradient step is scaled to move by at most 1.
  const firstStep = corrections.length > 0 ? 1 : Math.min(1, 1 / maxNorm(gradient));
  return searchLine(origin, step => evaluate(objective, x, direction, step), firstStep);
}

/** A function that hands the event loop a turn when the last one is a while ago. */
function turnGiver(): () => Promise<void> {
  let last = performance.now();
  return async () => {
    if (performance.now() - last < turnInterval) return;
    await nextTurn();
    last = performance.now();
  };
}

async function evaluate(
  objective: Objective,
  origin: Float64Array,
  direction: Float64Array,
  step: number,
): Promise<LinePoint> {
  const x = origin.map((value, i) => value + step * direction[i]);
  const gradient = new Float64Array(x.length);
  const value = await objective(x, gradient);
  return { step, value, slope: dot(gradient, direction), x, gradient };
}

/** -H g by the two-loop recursion, algorithm 7.4. */
function descentDirection(gradient: Float64Array, corrections: readonly Correction[]): Float64Array {
  const direction = gradient.map(derivative => -derivative);
  const alphas = new Array<number>(corrections.length);
  for (let i = corrections.length - 1; i >= 0; i--) {
    const { s, y, rho } = corrections[i];
    alphas[i] = rho * dot(s, direction);
    addScaled(direction, y, -alphas[i]);
  }
  const last = corrections.at(-1);
  if (last) {
    const scale = 1 / (last.rho * dot(last.y, last.y)); // equation 7.20
    for (let i = 0; i < direction.length; i++) direction[i] *= scale;
  }
  corrections.forEach(({ s, y, rho }, i) => addScaled(direction, s, alphas[i] - rho * dot(y, direction)));
  return direction;
}

/** Adds the step from one point to the next, if the function curved upwards along it beyond rounding. */
function remember(corrections: Correction[], from: LinePoint, to: LinePoint, memory: number): void {
  const s = to.x.map((value, i) => value - from.x[i]);
  const y = to.gradient.map((value, i) => value - from.gradient[i]);
  const curvature = dot(s, y);
  if (curvature <= Number.EPSILON * dot(y, y)) return;
  corrections.push({ s, y, rho: 1 / curvature });
  if (corrections.length > memory) corrections.shift();
}

function dot(a: Float64Array, b: Float64Array): number {
  let sum = 0;
  for (let i = 0; i < a.length; i++) sum += a[i] * b[i];
  return sum;
}

function addScaled(target: Float64Array, vector: Float64Array, scale: number): void {
  for (let i = 0; i < target.length; i++) target[i] += scale * vector[i];
}

function maxNorm(vector: Float64Array): number {
  let norm = 0;
  for (const value of vector) norm = Math.max(norm, Math.abs(value));
  return norm;
}
