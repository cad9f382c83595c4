/** Checks of workshop 5: of the change before anything is trained, and of the comparison after. */
import {
  accuracies,
  createNetwork,
  type CurveMeasurement,
  type Dataset,
  parameterCount,
  presets,
  requireConfig,
  resolvePreset,
} from 'unimodal';
import { type Check, createCheck, type Exercise, quantity } from '../check';
import { type Level, pairedError } from './paired-error';

/**
 * @param images that models are trained on
 * @param change settings as in experimentModel
 */
export function questionChecks(images: Dataset, change: object): Check {
  return createCheck({
    1: {
      problem: expectation => problemOfChange(images, change) ?? problemOfExpectation(expectation),
      remark: 'Now see.',
    },
  });
}

function problemOfExpectation(expectation: unknown): string | undefined {
  const words = typeof expectation === 'string' ? expectation.trim().split(/\s+/) : [];
  return words.length >= 3 ? undefined : 'Write in a sentence what you expect, before you see it.';
}

/** Settings that are not to be changed here, and why. */
const elsewhere: Readonly<Record<string, string>> = {
  trainingSize: 'is the question of workshop 3: all models here have 1,000 training images.',
  sizes: 'is the question of workshop 3: all models here have 1,000 training images.',
  seed: 'divides the images anew: the same test images would not be compared. See the end of this notebook.',
  seeds: 'divides the images anew: the same test images would not be compared. See the end of this notebook.',
  data: 'changes the images: the same test images would not be compared.',
  sampling: 'changes how images are generated, and here none are: no curve would differ.',
  'network.kind': 'gives the network other layers, so that two settings would differ.',
};

/** Settings that are one of a few words. */
const choices: Readonly<Record<string, readonly string[]>> = {
  'probe.pooling': ['mean', '2x2', 'none'],
  'probe.input': ['noisy', 'clean'],
};

/** How many times as long as the standard model's a training or measurement may take. */
const longest = 1.5;

function problemOfChange(images: Dataset, change: object): string | undefined {
  const changed = leavesOf(change);
  if (changed.length === 0) return 'Nothing is changed yet.';
  const [[path, value]] = changed;
  const name = path.join('.');
  const reason = elsewhere[path[0]] ?? elsewhere[name];
  if (reason) return `${path[0] in elsewhere ? path[0] : name} ${reason}`;
  try {
    const config = resolvePreset('digits', change);
    if (changed.every(([path, value]) => alike(valueAt(presets.digits, path), value)))
      return `${name} is ${JSON.stringify(value)} already.`;
    if (changed.length > 1)
      return `${changed.length} settings are changed: if something differs, which of them did it? Change one.`;
    if (choices[name] && !choices[name].includes(String(value)))
      return `There is no ${name} ${JSON.stringify(value)}: it is one of ${choices[name].join(', ')}.`;
    requireConfig(config, images, [1000], [0]);
    const times = timesAsLong(config, images);
    if (times <= longest) return undefined;
    return `With ${name} ${JSON.stringify(value)} it takes ${times.toFixed(1)} times as long as the standard model's minute or two: at most ${longest} times here.`;
  } catch (error) {
    return (error as Error).message;
  }
}

type Config = Parameters<typeof requireConfig>[0];

/** By how much a training or its measurement is longer than the standard one: the larger of the two. */
function timesAsLong(config: Config, { imageShape }: Dataset): number {
  const training = ({ network, training: { steps, batchSize } }: Config) =>
    steps * batchSize * parameterCount(createNetwork(network, imageShape));
  const measurement = ({ probe: { sigmas, testDraws } }: Config) => sigmas.length * testDraws;
  return Math.max(...[training, measurement].map(of => of(config) / of(presets.digits)));
}

const alike = (a: unknown, b: unknown) => JSON.stringify(a) === JSON.stringify(b);

/** The settings of a change with their places: [['training', 'steps'], 300]. */
function leavesOf(change: object, path: readonly string[] = []): [path: readonly string[], value: unknown][] {
  return Object.entries(change).flatMap(([name, value]: [string, unknown]) =>
    typeof value === 'object' && value !== null && !Array.isArray(value)
      ? leavesOf(value, [...path, name])
      : [[[...path, name], value] as [readonly string[], unknown]],
  );
}

function valueAt(settings: object, path: readonly string[]): unknown {
  return path.reduce<unknown>(
    (inner, name) => (inner as Record<string, unknown> | undefined)?.[name],
    settings,
  );
}

export function comparisonChecks(standard: CurveMeasurement, changed: CurveMeasurement): Check {
  return createCheck({ 2: differenceOf(standard, changed), 3: errorOf(standard, changed) });
}

const peakOf = (curve: CurveMeasurement) => Math.max(...accuracies(curve));
const levelOf = (curve: CurveMeasurement) => accuracies(curve).indexOf(peakOf(curve));

function differenceOf(standard: CurveMeasurement, changed: CurveMeasurement): Exercise {
  const [before, after] = [peakOf(standard), peakOf(changed)];
  const rise = (curve: CurveMeasurement) => peakOf(curve) - accuracies(curve)[0];
  return quantity({
    expected: after - before,
    mistakes: [
      { value: before - after, because: 'has the wrong sign: changed less standard.' },
      {
        value: rise(changed) - rise(standard),
        because: 'is the difference of the rises: that of the peaks is asked for.',
      },
      {
        value: (100 * (after - before)) / before,
        because: 'is relative: points are asked for, a plain difference of percentages.',
      },
      {
        value: accuracies(changed)[levelOf(standard)] - before,
        because: "takes the standard model's noise level for both: each has a peak of its own.",
      },
    ],
    remark: 'Is that much? Only its error tells.',
  });
}

function errorOf(standard: CurveMeasurement, changed: CurveMeasurement): Exercise {
  const at = (level: number): [Level, Level] => [
    { curve: changed, level },
    { curve: standard, level },
  ];
  const [[after], [, before]] = [at(levelOf(changed)), at(levelOf(standard))];
  return pairedError(
    [after, before],
    'A difference of more than two of these is no accident of the test images.',
    [
      {
        pair: at(levelOf(standard)),
        because: "takes both curves at the standard model's peak: each at its own.",
      },
      {
        pair: at(levelOf(changed)),
        because: "takes both curves at the changed model's peak: each at its own.",
      },
    ],
  );
}
