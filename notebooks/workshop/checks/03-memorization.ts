/** Checks of workshop 3, computed from samples and scores of the models. */
import { analyseCurve, type CurveMeasurement, type GeneralizationScore, type TensorValue } from 'unimodal';
import { type Check, createCheck, type Exercise, quantity } from '../check';

/** A model with what was measured of it. */
export interface Scored {
  readonly trainingSize: number;
  readonly samples: TensorValue;
  readonly train: TensorValue;
  readonly score: GeneralizationScore;
  readonly curve: CurveMeasurement;
}

/** @param models in the order of their sizes */
export function memorizationChecks(models: readonly Scored[]): Check {
  return createCheck({ 1: nearestOf(models[0]), 2: copiesOf(models), 3: transitionsOf(models) });
}

/** Index of the training image that scores highest against the first sample. */
function best({ samples, train }: Scored, score: (a: number, b: number) => number): number {
  const size = samples.values.length / samples.shape[0];
  const scores = Array.from({ length: train.shape[0] }, (_, i) => {
    let sum = 0;
    for (let p = 0; p < size; p++)
      sum += score(Number(samples.values[p]), Number(train.values[i * size + p]));
    return sum;
  });
  return scores.indexOf(Math.max(...scores));
}

function nearestOf(model: Scored): Exercise {
  const expected = best(model, (a, b) => -((a - b) ** 2));
  return quantity({
    expected,
    tolerance: 0,
    mistakes: [
      { value: best(model, (a, b) => (a - b) ** 2), because: 'is the farthest training image.' },
      {
        value: best(model, (a, b) => b - a),
        because: 'is what remains when differences are summed without squares: they cancel.',
      },
      { value: expected + 1, because: 'counts from 1: the first training image has index 0.' },
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
  const noCopies = models.find(
    ({ score }) => shareOf(score.ratios, ratio => ratio < 1 / 3) < 0.05,
  )!.trainingSize;
  const verdicts = models.map(({ curve }) => analyseCurve(curve, { seed: 0 }).verdict);
  const sizeOf = (condition: (verdict: string) => boolean) =>
    models.find((_, m) => condition(verdicts[m]))?.trainingSize ?? NaN;
  const hill = sizeOf(verdict => verdict === 'unimodal');
  return quantity({
    expected: [noCopies, hill],
    tolerance: 0,
    mistakes: [
      { value: [hill, noCopies], because: 'has the two in the other order.' },
      {
        value: [noCopies, sizeOf(verdict => verdict !== 'decreasing')],
        because: 'takes the first curve that is not "decreasing": "undecided" is not a hill either.',
      },
      {
        value: [
          models.findIndex(({ trainingSize }) => trainingSize === noCopies),
          models.findIndex(({ trainingSize }) => trainingSize === hill),
        ],
        because: 'are places in the list: give their trainingSize.',
      },
    ],
    remark: 'Two thresholds, not one: new samples come first, useful features later.',
  });
}
