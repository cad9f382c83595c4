/** Checks of workshop 2, computed from the measured curve. */
import { accuracies, type CurveMeasurement } from 'unimodal';
import { type Check, createCheck, type Exercise, quantity } from '../check';
import { mean } from '../statistics';
import { pairedError } from './paired-error';

export function hillChecks(curve: CurveMeasurement): Check {
  return createCheck({ 1: curveOf(curve), 2: riseOf(curve), 3: errorOf(curve) });
}

const indexOfPeak = (values: readonly number[]) => values.indexOf(Math.max(...values));

function curveOf(curve: CurveMeasurement): Exercise {
  const { sigmas, testCount, draws, correct } = curve;
  const expected = accuracies(curve);
  const firstDraw = sigmas.map(
    (_, s) => 100 * mean(correct.subarray(s * draws * testCount, (s * draws + 1) * testCount)),
  );
  const levelsLast = sigmas.map((_, s) => 100 * mean(correct.filter((_, i) => i % sigmas.length === s)));
  return quantity({
    expected,
    tolerance: 1e-3,
    mistakes: [
      { value: expected.map(value => value / 100), because: 'is a share: percent are asked for.' },
      { value: expected.map(value => 100 - value), because: 'is the error, not the accuracy.' },
      {
        value: expected.map(value => (value * draws * testCount) / 100),
        because: 'is the number of right answers: divide by their number.',
      },
      {
        value: expected.map(value => value * draws),
        because: 'is divided by the number of images only: there are also ten draws of each.',
      },
      { value: firstDraw, because: 'is the accuracy of the first noise draw: take all ten.' },
      {
        value: levelsLast,
        because:
          'takes the entries in another order: the noise level is the first index, so its entries are neighbours.',
      },
    ],
    remark: 'Up first, then down: a hill.',
  });
}

function riseOf(curve: CurveMeasurement): Exercise {
  const values = accuracies(curve);
  const [peak, first, last] = [Math.max(...values), values[0], values[values.length - 1]];
  return quantity({
    expected: peak - first,
    mistakes: [
      { value: first - peak, because: 'has the wrong sign: peak less lowest level.' },
      { value: peak - last, because: 'is the fall: from the peak to the highest noise level.' },
      { value: last - first, because: 'is last less first level; the peak lies between.' },
      {
        value: (100 * (peak - first)) / first,
        because: 'is relative: points are asked for, a plain difference of percentages.',
      },
      { value: peak, because: 'is the accuracy at the peak: take that at the lowest level away.' },
      { value: curve.sigmas[indexOfPeak(values)], because: 'is the noise level of the peak.' },
    ],
    remark: 'The paper calls this a unimodal curve.',
  });
}

function errorOf(curve: CurveMeasurement): Exercise {
  const level = indexOfPeak(accuracies(curve));
  return pairedError(
    [
      { curve, level },
      { curve, level: 0 },
    ],
    'Divide the rise by it: how many standard errors?',
  );
}
