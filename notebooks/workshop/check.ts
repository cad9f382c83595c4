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

/** The checks of a notebook, by the exercises' numbers. */
export function createCheck(exercises: Readonly<Record<number, Exercise>>): Check {
  return (number, answer) => console.log(`Exercise ${number}: ${sentenceOn(exercises, number, answer)}`);
}

function sentenceOn(exercises: Readonly<Record<number, Exercise>>, number: number, answer: unknown): string {
  const exercise = exercises[number];
  if (!exercise) return `there is none of this number; there are ${Object.keys(exercises).join(', ')}.`;
  if (answer === undefined) return 'no answer yet.';
  const problem =
    answer instanceof Promise ? 'This is a promise: put "await" before it.' : exercise.problem(answer);
  return problem === undefined ? `right. ${exercise.remark}` : `not yet. ${problem}`;
}

/** What a number or a list of numbers should be. */
export interface QuantityOptions {
  readonly expected: Quantity;
  /** Largest difference that still counts as right, as a share of the expected number. Default 0.01: a rounded answer is right. */
  readonly tolerance?: number;
  /** Answers of those who took another way: value, and what it is, as the end of a sentence that begins with "This". */
  readonly mistakes?: readonly { readonly value: Quantity; readonly because: string }[];
  readonly remark: string;
}

/** An exercise whose answer is a number or a list of numbers. */
export function quantity({ expected, tolerance = 0.01, mistakes = [], remark }: QuantityOptions): Exercise {
  const problem = (answer: unknown) => {
    const shape = problemOfShape(answer, expected);
    if (shape) return shape;
    if (agree(answer as Quantity, expected, tolerance)) return undefined;
    const mistake = mistakes.find(({ value }) => agree(answer as Quantity, value, tolerance));
    return mistake ? `This ${mistake.because}` : difference(answer as Quantity, expected, tolerance);
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
  /** Functions of those who took another way, and what they do, as the end of a sentence that begins with "This". */
  readonly mistakes?: readonly { readonly of: (...args: A) => Quantity; readonly because: string }[];
  readonly remark: string;
}

/** An exercise whose answer is a function of numbers; it is tried with several arguments. */
export function calculation<A extends readonly unknown[]>(options: CalculationOptions<A>): Exercise {
  const { cases, expected, tolerance = 1e-4, mistakes = [], remark } = options;
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
    const shape = given.map((value, c) => problemOfShape(value, expected(...cases[c])));
    const misshapen = shape.findIndex(sentence => sentence !== undefined);
    if (misshapen >= 0) return `For ${describeArguments(cases[misshapen])}: ${shape[misshapen]}`;
    const values = given as Quantity[];
    const agrees = (of: (...args: A) => Quantity) =>
      cases.map((args, c) => agree(values[c], of(...args), tolerance));
    const wrong = agrees(expected).indexOf(false);
    if (wrong < 0) return undefined;
    const mistake = mistakes.find(({ of }) => agrees(of).every(Boolean));
    if (mistake) return `This ${mistake.because}`;
    return `For ${describeArguments(cases[wrong])}: ${difference(values[wrong], expected(...cases[wrong]), tolerance)}`;
  };
  return { problem, remark };
}

/** What is wrong with an answer before its numbers are looked at. */
function problemOfShape(answer: unknown, expected: Quantity): string | undefined {
  if (answer === undefined) return 'Nothing came back: is a "return" missing?';
  if (answer instanceof Promise) return 'This is a promise: put "await" before it.';
  if (typeof answer === 'function') return 'This is a function: call it.';
  if (typeof expected === 'number') {
    if (isList(answer))
      return `One number is asked for, and this is a list of ${answer.length}: is its length meant, its sum, its mean?`;
    if (typeof answer !== 'number') return `A number is asked for, not ${describe(answer)}.`;
    return Number.isFinite(answer) ? undefined : notFinite(answer);
  }
  if (!isList(answer)) return `A list of ${expected.length} numbers is asked for, not ${describe(answer)}.`;
  if (answer.length !== expected.length)
    return `A list of ${expected.length} numbers is asked for, and this one has ${answer.length}.`;
  const wrong = Array.from(answer).find(value => !Number.isFinite(value));
  return wrong === undefined ? undefined : notFinite(wrong);
}

function notFinite(value: number): string {
  return `It holds ${value}: was something divided by zero (numbers below 1e-308 are 0), or an index out of range?`;
}

function isList(value: unknown): value is ArrayLike<number> {
  const list = Array.isArray(value) || (ArrayBuffer.isView(value) && !(value instanceof DataView));
  return list && Array.from(value as unknown as ArrayLike<unknown>).every(item => typeof item === 'number');
}

/** Numbers as a list, whether one or several. */
const listOf = (value: Quantity): number[] => (typeof value === 'number' ? [value] : Array.from(value));

function agree(answer: Quantity, expected: Quantity, tolerance: number): boolean {
  const [given, right] = [listOf(answer), listOf(expected)];
  return given.length === right.length && given.every((value, i) => near(value, right[i], tolerance));
}

/** Numbers that are zero but for rounding count as equal. */
function near(value: number, right: number, tolerance: number): boolean {
  return Math.abs(value - right) <= tolerance * Math.abs(right) + 1e-9;
}

/** Where an answer is off and in which direction, not what is right. */
function difference(answer: Quantity, expected: Quantity, tolerance: number): string {
  const [given, right] = [listOf(answer), listOf(expected)];
  const place = given.findIndex((value, i) => !near(value, right[i], tolerance));
  const [value, wanted] = [given[place], right[place]];
  const entry = typeof expected === 'number' ? shown(value) : `entry ${place} (${shown(value)})`;
  if (value !== 0 && Math.sign(value) === -Math.sign(wanted)) return `The sign of ${entry} is wrong.`;
  const factor = value / wanted;
  const far = factor > 1.5 || factor < 1 / 1.5;
  return `${entry} is too ${value > wanted ? 'high' : 'low'}${far ? ', by far' : ''}.`.replace(/^e/, 'E');
}

const shown = (value: number) => String(Number(value.toPrecision(4)));

function describe(value: unknown): string {
  if (typeof value === 'string') return `the text "${value}"`;
  if (isList(value)) return `a list of ${value.length} numbers`;
  if (typeof value === 'number') return `the number ${shown(value)}`;
  return typeof value === 'object' ? 'an object' : `a ${typeof value}`;
}

function describeArguments(args: readonly unknown[]): string {
  const one = (value: unknown) =>
    typeof value === 'number'
      ? shown(value)
      : isList(value) && value.length <= 4
        ? `[${listOf(value).map(shown).join(', ')}]`
        : describe(value);
  return `(${args.map(one).join(', ')})`;
}
