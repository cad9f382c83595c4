/** The workshop's figures. */
import {
  accuracies,
  type CurveMeasurement,
  type Figure,
  type GeneralizationScore,
  linesFigure,
  type PosteriorEstimate,
  sampleFigure,
  type TensorValue,
} from 'unimodal';
import { deviation, shares } from './statistics';
import { rowsOf, squaredDistance, weightedSum } from './vectors';

/** Representation curves in one picture, by their names. */
export function curvesFigure(title: string, curves: Readonly<Record<string, CurveMeasurement>>): Figure {
  const lines = Object.entries(curves).map(([name, curve]) => ({
    name,
    x: curve.sigmas,
    y: accuracies(curve),
    stderr: curve.sigmas.map((_, s) => (100 * deviation(shares(curve, s))) / Math.sqrt(curve.testCount)),
  }));
  const peaks = lines.map(({ name, x, y }) => {
    const peak = y.indexOf(Math.max(...y));
    return `${name}: ${y[peak].toFixed(1)} % at sigma ${x[peak]}`;
  });
  return linesFigure(
    [
      {
        title: 'Test accuracy of the probe, %',
        x: 'noise level \u03c3',
        y: 'accuracy, %',
        logarithmic: true,
        lines,
      },
    ],
    {
      title,
      subtitle: 'bars: two standard errors of the test images',
      finding: `Peaks: ${peaks.join('; ')}.`,
    },
  );
}

/** The weights of training images, from their squared distances to a noisy image and the noise level. */
export type Weigh = (squared: number[], sigma: number) => number[] | undefined;

/**
 * The network's guesses at the images behind the noise, each above the weighted mean of the training images, over the noise
 * level from left to right; in words, while there are no weights.
 */
export function guessesFigure(
  estimates: readonly PosteriorEstimate[],
  train: readonly number[][],
  weigh: Weigh,
): Figure | string {
  if (weigh([0], 1) === undefined) return 'First exercise 3: then your guesses are drawn here.';
  const guessed = (x: number[], sigma: number) => {
    const squared = train.map(image => squaredDistance(x, image));
    return weightedSum(train, weigh(squared, sigma)!);
  };
  const [count, ...shape] = estimates[0].noisy.shape;
  const levels = estimates.map(({ sigma, noisy, fromNoisy }) => ({
    network: rowsOf(fromNoisy),
    yours: rowsOf(noisy).map(x => guessed(x, sigma)),
  }));
  const row = (label: 'network' | 'yours', image: number) => ({
    label,
    samples: {
      dtype: 'float32' as const,
      shape: [levels.length, ...shape],
      values: Float32Array.from(levels.flatMap(level => level[label][image])),
    },
  });
  const [least, most] = [estimates[0].sigma, estimates[estimates.length - 1].sigma];
  return sampleFigure(Array.from({ length: count }, (_, i) => [row('network', i), row('yours', i)]).flat(), {
    columns: levels.length,
    title: `From \u03c3 = ${least} at the left to ${most} at the right`,
  });
}

/** A model's samples and what they are compared with. */
interface Sampled {
  readonly trainingSize: number;
  readonly samples: TensorValue;
  readonly train: TensorValue;
  readonly score: GeneralizationScore;
}

/** Generated images above their nearest training images, a row a model. */
export function copiesFigure(models: readonly Sampled[]): Figure {
  return sampleFigure(
    models.map(({ trainingSize, samples, train, score }) => {
      const images = rowsOf(train);
      const nearest = Float32Array.from(Array.from(score.nearest).flatMap(i => images[i]));
      return {
        label: `N = ${trainingSize}`,
        samples,
        nearestImages: { dtype: 'float32', shape: samples.shape, values: nearest },
        copies: Array.from(score.ratios, ratio => ratio < score.ratioThreshold),
      };
    }),
  );
}
