/** The exercise of two workshops: the standard error of a difference of accuracies on the same test images. */
import { accuracies } from 'unimodal';
import { type Exercise, quantity } from '../check';
import { deviation, differences, type Level } from '../statistics';

/** Its answer, in points, for one level less another one. */
export function pairedError(one: Level, other: Level, remark: string): Exercise {
  const { testCount, draws } = one.curve;
  const each = differences(one, other);
  const spread = 100 * deviation(each);
  const expected = spread / Math.sqrt(testCount);
  const both = [one, other].map(({ curve, level }) => accuracies(curve)[level]);
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
    ],
    remark,
  });
}
