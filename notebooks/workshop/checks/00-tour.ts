/** Checks of workshop 0, computed from the digits. */
import { type Dataset, type Figure, imagesOf } from 'unimodal';
import { type Check, createCheck, type Exercise, quantity } from '../check';
import { mean, sum } from '../statistics';

export function tourChecks(digits: Dataset): Check {
  return createCheck({ 1: threes(digits), 2: meanPixel(digits), 3: countsFigure(digits) });
}

const countOf = ({ labels }: Dataset, label: number) => labels.filter(other => other === label).length;

function threes(digits: Dataset): Exercise {
  return quantity({
    expected: countOf(digits, 3),
    tolerance: 0,
    mistakes: [
      { value: digits.count, because: 'is the number of all images: keep only those with label 3.' },
      {
        value: digits.labels.indexOf(3),
        because: 'is where the first three stands, not how many there are.',
      },
      { value: digits.labels[3], because: 'is the label of image 3, not the number of images with label 3.' },
    ],
    remark: 'All classes are about equally frequent: who guesses is right in a tenth of the cases.',
  });
}

function meanPixel(digits: Dataset): Exercise {
  const { values } = imagesOf(digits);
  const first = values.subarray(0, 64);
  return quantity({
    expected: mean(first),
    mistakes: [
      { value: sum(first), because: 'is the sum: divide by the number of pixels.' },
      {
        value: mean(values),
        because: 'is the mean over all images: take the first 64 values.',
      },
      {
        value: mean(digits.images.subarray(0, 64)),
        because: 'is the mean of the stored 8-bit pixels: take images.values, which lie in [-1, 1].',
      },
      { value: first[0], because: 'is the first pixel.' },
    ],
    remark: 'Below zero: most of a digit is background.',
  });
}

function countsFigure(digits: Dataset): Exercise {
  const expected = digits.classNames.map((_, label) => countOf(digits, label));
  const counts = quantity({ expected, tolerance: 0, remark: '' });
  const problem = (answer: unknown) => {
    const traces = (answer as Partial<Figure> | null)?.data;
    if (!traces) return 'A figure is asked for: what linesFigure returns.';
    if (traces.length !== 1) return `The figure has ${traces.length} lines; one is asked for.`;
    const wrong = counts.problem(traces[0].y);
    return wrong && `The vertical values are not the counts of the classes 0 to 9. ${wrong}`;
  };
  const remark = `Between ${Math.min(...expected)} and ${Math.max(...expected)} of each (the axis does not begin at 0): balanced, so that plain accuracy is a fair measure.`;
  return { problem, remark };
}
