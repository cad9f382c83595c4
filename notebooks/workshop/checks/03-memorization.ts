/** Checks of workshop 3, computed from samples and scores of the models. */
import type { GeneralizationScore, TensorValue } from 'unimodal';
import { type Check, createCheck, type Exercise, quantity } from '../check';
import { sum } from '../statistics';
import { rowsOf, squaredDistance } from '../vectors';

/** A model with what was measured of it. */
export interface Scored {
  readonly trainingSize: number;
  readonly samples: TensorValue;
  readonly train: TensorValue;
  readonly score: GeneralizationScore;
  /** What the test says of its curve. */
  readonly verdict: string;
}

/** @param models in the order of their sizes */
export function memorizationChecks(models: readonly Scored[]): Check {
  return createCheck({ 1: nearestOf(models[0]), 2: copiesOf(models), 3: transitionsOf(models) });
}

function nearestOf({ samples, train }: Scored): Exercise {
  const [sample] = rowsOf(samples);
  const images = rowsOf(train);
  const distances = images.map(image => squaredDistance(sample, image));
  const sums = images.map(image => sum(sample) - sum(image));
  const indexOfLeast = (values: readonly number[]) => values.indexOf(Math.min(...values));
  const least = Math.min(...distances);
  const expected = indexOfLeast(distances);
  return quantity({
    expected,
    tolerance: 0,
    mistakes: [
      { value: expected + 1, because: 'counts from 1: the first training image has index 0.' },
      ...[least, Math.sqrt(least)].map(value => ({
        value,
        tolerance: 1e-6,
        because: 'is the distance: which image has it? Give its index, a whole number.',
      })),
      { value: distances.indexOf(Math.max(...distances)), because: 'is the farthest training image.' },
      {
        value: indexOfLeast(sums),
        because: 'is what remains when differences are summed without squares: they cancel.',
      },
    ],
    remark: 'Is it near, or a copy? The distance alone does not tell.',
  });
}

const shareOf = (values: Float32Array, condition: (value: number) => boolean) =>
  values.filter(condition).length / values.length;

function copiesOf(models: readonly Scored[]): Exercise {
  const shares = (condition: (ratio: number) => boolean) =>
    models.map(({ score }) => shareOf(score.ratios, condition));
  const expected = shares(ratio => ratio < 1 / 3);
  return quantity({
    expected,
    mistakes: [
      {
        value: shares(ratio => ratio >= 1 / 3),
        because: 'is the share of new images: copies are asked for.',
      },
      {
        value: expected.map(share => 100 * share),
        because: 'is in percent: shares from 0 to 1 are asked for.',
      },
      { value: expected.map(share => 300 * share), because: 'is their number: divide by 300.' },
      {
        value: shares(ratio => ratio < 1 / 9),
        because: 'compares with 1/9: the ratio is of distances, not of their squares.',
      },
      {
        value: models.map(({ score }) => shareOf(score.cosines, cosine => cosine > score.cosineThreshold)),
        because: 'goes by the cosines: take score.ratios.',
      },
    ],
    remark: 'From nearly all to none, within a factor of four in N.',
  });
}

function transitionsOf(models: readonly Scored[]): Exercise {
  const sizes = models.map(({ trainingSize }) => trainingSize);
  const noCopies = models.findIndex(({ score }) => shareOf(score.ratios, ratio => ratio < 1 / 3) < 0.05);
  const hill = models.findIndex(({ verdict }) => verdict === 'unimodal');
  const rising = models.findIndex(({ verdict }) => verdict !== 'decreasing');
  const largest = models.findLastIndex(({ score }) => shareOf(score.ratios, ratio => ratio < 1 / 3) >= 0.05);
  return quantity({
    expected: [sizes[noCopies], sizes[hill]],
    tolerance: 0,
    mistakes: [
      { value: [sizes[hill], sizes[noCopies]], because: 'has the two in the other order.' },
      {
        value: [sizes[noCopies], sizes[rising]],
        because: 'takes the first curve that is not "decreasing": "undecided" is not a hill either.',
      },
      {
        value: [sizes[largest], sizes[hill]],
        because: 'begins with the largest N that copies: the smallest that does not is asked for.',
      },
      { value: [noCopies, hill], because: 'are places in the list: give the sizes there, sizes[place].' },
    ],
    remark: 'Two thresholds, not one: new samples come first, useful features later.',
  });
}
