/** The exercise of two workshops: the standard error of a difference of accuracies on the same test images. */
import { accuracies, type CurveMeasurement } from 'unimodal';
import { type Exercise, quantity } from '../check';
import { deviation, shares } from '../statistics';

/** A curve at one of its noise levels, by index. */
export interface Level {
  readonly curve: CurveMeasurement;
  readonly level: number;
}

/** Levels that some compare instead. */
export interface OtherPair {
  readonly pair: readonly [one: Level, other: Level];
  readonly because: string;
}

/** Its answer, in points, for one level less another one. */
export function pairedError(
  pair: readonly [one: Level, other: Level],
  remark: string,
  others: readonly OtherPair[] = [],
): Exercise {
  const { testCount, draws } = pair[0].curve;
  const spread = spreadOf(pair);
  const expected = spread / Math.sqrt(testCount);
  const both = pair.map(({ curve, level }) => accuracies(curve)[level]);
  /** Standard error of a difference of two independent accuracies of `count` answers each. */
  const unpaired = (count: number) =>
    Math.sqrt(both.reduce((sum, accuracy) => sum + (accuracy * (100 - accuracy)) / count, 0));
  return quantity({
    expected,
    tolerance: 0.02,
    mistakes: [
      { value: expected / 100, because: 'is a share: points are asked for.' },
      {
        value: spread,
        because: 'is the standard deviation over images: divide by the square root of their number.',
      },
      {
        value: spread / 100,
        because: 'is the standard deviation of shares: in points, and by the square root of their number.',
      },
      { value: spread / testCount, because: 'is divided by the number of images: by its square root.' },
      {
        value: expected / Math.sqrt(draws),
        because: 'treats the draws of an image as if they were other images.',
      },
      {
        value: unpaired(testCount * draws),
        because: 'treats all answers as independent: draws of one image are alike.',
      },
      {
        value: unpaired(testCount),
        because:
          "compares two independent groups of images: these are the same images, take each one's difference.",
      },
      ...others.map(({ pair, because }) => ({ value: spreadOf(pair) / Math.sqrt(testCount), because })),
    ],
    remark,
  });
}

/** Standard deviation, in points, of the images' own differences. */
function spreadOf([one, other]: readonly [one: Level, other: Level]): number {
  const low = shares(other.curve, other.level);
  return 100 * deviation(shares(one.curve, one.level).map((share, i) => share - low[i]));
}
