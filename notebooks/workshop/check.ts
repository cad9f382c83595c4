/**
 * Checks of the workshop's exercises: each computes what the answer is from what the learner has, and says what is wrong with another.
 *
 * @example
 * const check = createCheck({ 1: quantity({ expected: 6, mistakes: [{ value: 5, because: 'is a sum.' }], remark: 'That is all.' }) });
 * check(1, 2 * 3); // Exercise 1: right. That is all.
 */

/** One number, or several in an order. */
export type Quantity = number | ArrayLike<number>;

/** An exercise: how its answers are judged. */
export interface Exercise {
  /** What is wrong with an answer, in a sentence that leads on; undefined when it is right. */
  readonly problem: (answer: unknown) => string | undefined;
  /** Said when the answer is right. */
  readonly remark: string;
}

/** Says of an answer whether it is right, and if not, what is wrong. Never throws, so that a notebook runs on. */
export type Check = (exercise: number, answer: unknown) => void;

/** The verdicts, each with its sign and colour in a notebook; white on each has a contrast above 5. */
const verdicts = {
  right: { sign: '\u2713', color: '#1a7f37' },
  'not yet': { sign: '\u2717', color: '#b3400a' },
  'no answer yet': { sign: '\u2026', color: '#5f6670' },
  'no exercise': { sign: '?', color: '#5f6670' },
} as const;

type Verdict = keyof typeof verdicts;

/** The checks of a notebook, by the exercises' numbers. */
export function createCheck(exercises: Readonly<Record<number, Exercise>>): Check {
  return (number, answer) => say(number, ...judge(exercises, number, answer));
}

function judge(
  exercises: Readonly<Record<number, Exercise>>,
  number: number,
  answer: unknown,
): [verdict: Verdict, sentence: string] {
  const exercise = exercises[number];
  if (!exercise) return ['no exercise', `There are ${Object.keys(exercises).join(', ')}.`];
  if (answer === undefined) return ['no answer yet', ''];
  if (answer instanceof Promise) return ['not yet', 'This is a promise: put "await" before it.'];
  const problem = exercise.problem(answer);
  if (problem === undefined) return ['right', exercise.remark];
  return [problem === nothingBack ? 'no answer yet' : 'not yet', problem];
}

/** The problem of a function that has no answer in it yet. */
const nothingBack = 'It gives undefined back. (An answer in { } needs a "return".)';

/** What a Jupyter kernel offers to whoever shows something. */
interface Kernel {
  display(bundle: Readonly<Record<string, string>>): void;
}

/** Shows a verdict below the cell, with a coloured sign where HTML is shown, else prints it. */
function say(number: number, verdict: Verdict, sentence: string): void {
  const heading = `Exercise ${number}: ${verdict}.`;
  const text = `${heading} ${sentence}`.trim();
  const kernel = (globalThis as { [key: symbol]: Kernel | undefined })[Symbol.for('Jupyter.kernel')];
  if (!kernel) return console.log(text);
  const { sign, color } = verdicts[verdict];
  const style = `background: ${color}; color: white; padding: 1px 8px; border-radius: 3px`;
  kernel.display({
    'text/plain': text,
    'text/html': `<b style="${style}">${sign} ${heading}</b> ${escapeHtml(sentence)}`,
  });
}

const escapeHtml = (text: string) => text.replace(/[&<>]/g, character => `&#${character.charCodeAt(0)};`);

/** An answer of those who took another way. */
interface Mistake {
  /** What it is, as the end of a sentence that begins with "This". */
  readonly because: string;
  /** As in {@link QuantityOptions}; default: that of the exercise. */
  readonly tolerance?: number;
}

/** What a number or a list of numbers should be. */
export interface QuantityOptions {
  readonly expected: Quantity;
  /** Largest difference that still counts as right, as a share of the expected number. Default 0.01: a rounded answer is right. */
  readonly tolerance?: number;
  readonly mistakes?: readonly (Mistake & { readonly value: Quantity })[];
  readonly remark: string;
}

/** An exercise whose answer is a number or a list of numbers. */
export function quantity({ expected, tolerance = 0.01, mistakes = [], remark }: QuantityOptions): Exercise {
  const problem = (answer: unknown) => {
    const shape = problemOfShape(answer, expected);
    if (shape) return shape;
    const given = answer as Quantity;
    if (discrepancy(given, expected) <= tolerance) return undefined;
    return (
      nearestOf(mistakes, tolerance, ({ value }) => discrepancy(given, value)) ??
      difference(given, expected, tolerance)
    );
  };
  return { problem, remark };
}

/** What a function should compute. */
export interface CalculationOptions<A extends readonly unknown[]> {
  /** Arguments to try it with. */
  readonly cases: readonly A[];
  readonly expected: (...args: A) => Quantity;
  /** As in {@link QuantityOptions}; default 1e-4. */
  readonly tolerance?: number;
  readonly mistakes?: readonly (Mistake & { readonly of: (...args: A) => Quantity })[];
  readonly remark: string;
}

/** An exercise whose answer is a function; it is tried with several arguments. */
export function calculation<A extends readonly unknown[]>(options: CalculationOptions<A>): Exercise {
  const { cases, expected, tolerance = 1e-4, mistakes = [], remark } = options;
  const right = cases.map(args => expected(...args));
  const problem = (answer: unknown) => {
    if (typeof answer !== 'function') return `A function is asked for, not ${describe(answer)}.`;
    const given: unknown[] = [];
    for (const args of cases) {
      try {
        given.push((answer as (...args: A) => unknown)(...args));
      } catch (error) {
        return `For ${describeArguments(args)} it throws: ${String(error)}`;
      }
    }
    if (given.every(value => value === undefined)) return nothingBack;
    const first = (problems: readonly (string | undefined)[]) => {
      const c = problems.findIndex(sentence => sentence !== undefined);
      return c < 0 ? undefined : `For ${describeArguments(cases[c])}: ${problems[c]}`;
    };
    const shape = first(given.map((value, c) => problemOfShape(value, right[c])));
    if (shape) return shape;
    const values = given as Quantity[];
    const wrong = values.map((value, c) => discrepancy(value, right[c]) > tolerance);
    if (!wrong.includes(true)) return undefined;
    const largest = ({ of }: { of: (...args: A) => Quantity }) =>
      Math.max(...cases.map((args, c) => discrepancy(values[c], of(...args))));
    return (
      nearestOf(mistakes, tolerance, largest) ??
      first(values.map((value, c) => (wrong[c] ? difference(value, right[c], tolerance) : undefined)))
    );
  };
  return { problem, remark };
}

/** Of the mistakes that an answer agrees with, the one that it is nearest to, in a sentence. */
function nearestOf<M extends Mistake>(
  mistakes: readonly M[],
  tolerance: number,
  distance: (mistake: M) => number,
): string | undefined {
  const [nearest] = mistakes
    .map(mistake => ({ ...mistake, distance: distance(mistake) }))
    .filter(mistake => mistake.distance <= (mistake.tolerance ?? tolerance))
    .sort((a, b) => a.distance - b.distance);
  return nearest && `This ${nearest.because}`;
}

/** What is wrong with an answer before its numbers are looked at. */
function problemOfShape(answer: unknown, expected: Quantity): string | undefined {
  if (answer === undefined) return 'Nothing came back: is a "return" missing?';
  if (answer instanceof Promise) return 'This is a promise: put "await" before it.';
  if (typeof answer === 'function') return 'This is a function: call it.';
  if (typeof expected === 'number') {
    if (isList(answer))
      return `One number is asked for, and this is a list of ${answer.length}: is its length meant, its sum, its mean?`;
    return typeof answer === 'number' ? undefined : `A number is asked for, not ${describe(answer)}.`;
  }
  if (!isList(answer)) return `A list of ${expected.length} numbers is asked for, not ${describe(answer)}.`;
  if (answer.length === expected.length) return undefined;
  return `A list of ${expected.length} numbers is asked for, and this one has ${answer.length}.`;
}

function isList(value: unknown): value is ArrayLike<number> {
  const list = Array.isArray(value) || (ArrayBuffer.isView(value) && !(value instanceof DataView));
  return list && Array.from(value as unknown as ArrayLike<unknown>).every(item => typeof item === 'number');
}

/** Numbers as a list, whether one or several. */
const listOf = (value: Quantity): number[] => (typeof value === 'number' ? [value] : Array.from(value));

/** The largest error of an answer's entries, each as a share of the entry that it is compared with. */
function discrepancy(answer: Quantity, other: Quantity): number {
  const [given, wanted] = [listOf(answer), listOf(other)];
  return given.length === wanted.length
    ? Math.max(...given.map((value, i) => error(value, wanted[i])))
    : Infinity;
}

/** Zero for numbers that differ by rounding alone, and for NaN and NaN. */
function error(value: number, wanted: number): number {
  if (Object.is(value, wanted) || Math.abs(value - wanted) <= 1e-9) return 0;
  const share = Math.abs(value - wanted) / Math.abs(wanted);
  return Number.isNaN(share) ? Infinity : share;
}

/** Where an answer is off and in which direction, not what is right. */
function difference(answer: Quantity, expected: Quantity, tolerance: number): string {
  const [given, right] = [listOf(answer), listOf(expected)];
  const place = given.findIndex((value, i) => error(value, right[i]) > tolerance);
  const [value, wanted] = [given[place], right[place]];
  if (!Number.isFinite(value)) return notFinite(value);
  const entry = typeof expected === 'number' ? shown(value) : `entry ${place} (${shown(value)})`;
  if (value !== 0 && Math.sign(value) === -Math.sign(wanted)) return `The sign of ${entry} is wrong.`;
  const factor = value / wanted;
  const far = factor > 1.5 || factor < 1 / 1.5;
  return `${entry} is too ${value > wanted ? 'high' : 'low'}${far ? ', by far' : ''}.`.replace(/^e/, 'E');
}

function notFinite(value: number): string {
  return Number.isNaN(value)
    ? 'It holds NaN, no number: 0 / 0, the root of a negative number, Infinity / Infinity, or an index out of range.'
    : `It holds ${value}: something was divided by 0, or exp was taken of a large number.`;
}

const shown = (value: number) => String(Number(value.toPrecision(4)));

function describe(value: unknown): string {
  if (typeof value === 'string') return `the text "${value}"`;
  if (typeof value === 'number') return `the number ${shown(value)}`;
  if (isList(value)) return `a list of ${value.length} numbers`;
  if (Array.isArray(value) && value.every(isList))
    return `${value.length} lists of ${value[0].length} numbers each`;
  return typeof value === 'object' ? 'an object' : `a ${typeof value}`;
}

function describeArguments(args: readonly unknown[]): string {
  const one = (value: unknown) => {
    if (typeof value === 'number') return shown(value);
    return isList(value) && value.length <= 4 ? `[${listOf(value).map(shown).join(', ')}]` : describe(value);
  };
  return `(${args.map(one).join(', ')})`;
}
