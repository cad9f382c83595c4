/** Checks of workshop 5: of the change before anything is trained, and of the comparison after. */
import { accuracies, type CurveMeasurement, presets, resolvePreset } from 'unimodal';
import { type Check, createCheck, type Exercise, quantity } from '../check';
import { pairedError } from './paired-error';

/** @param change settings as in experimentModel */
export function questionChecks(change: object): Check {
  return createCheck({
    1: {
      problem: expectation => problemOfChange(change) ?? problemOfExpectation(expectation),
      remark: 'Now see.',
    },
  });
}

function problemOfExpectation(expectation: unknown): string | undefined {
  const words = typeof expectation === 'string' ? expectation.trim().split(/\s+/) : [];
  return words.length >= 3 ? undefined : 'Write in a sentence what you expect, before you see it.';
}

/** The settings of a model that trains in well under a minute. */
const mostSteps = presets.digits.training.steps;
const mostChannels = presets.digits.network.channels;

function problemOfChange(change: object): string | undefined {
  const changed = leavesOf(change);
  if (changed.length === 0) return 'Nothing is changed yet.';
  try {
    const { network, training } = resolvePreset('digits', change);
    if (changed.every(([path, value]) => valueAt(presets.digits, path) === value))
      return `${changed[0][0].join('.')} is ${String(changed[0][1])} already.`;
    if (changed.length > 1)
      return `${changed.length} settings are changed: if something differs, which of them did it? Change one.`;
    if (training.steps > mostSteps || training.batchSize > 2 * presets.digits.training.batchSize)
      return `This trains for long: at most ${mostSteps} steps here.`;
    if (network.kind === 'unet' && network.channels > mostChannels)
      return `This trains for long: at most ${mostChannels} channels here.`;
    return undefined;
  } catch (error) {
    return (error as Error).message;
  }
}

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
  return pairedError(
    { curve: changed, level: levelOf(changed) },
    { curve: standard, level: levelOf(standard) },
    'A difference of more than two of these is no accident of the test images.',
  );
}
