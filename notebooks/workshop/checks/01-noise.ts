/** Checks of workshop 1: functions are tried on arguments, against the formulas. */
import { calculation, type Check, createCheck, type Exercise } from '../check';
import { sum } from '../statistics';

export function noiseChecks(): Check {
  return createCheck({ 1: addNoise(), 2: onePixel(), 3: weights() });
}

function addNoise(): Exercise {
  type Arguments = [image: number[], sigma: number, noise: number[]];
  const noisy =
    (scale: (sigma: number) => number, keep: (sigma: number) => number = () => 1) =>
    (...[image, sigma, noise]: Arguments) =>
      image.map((pixel, i) => keep(sigma) * pixel + scale(sigma) * noise[i]);
  return calculation<Arguments>({
    cases: [
      [[1, -1, 0.5], 0.5, [0.2, -1.3, 0.8]],
      [[0, 1], 2, [-0.4, 1.1]],
    ],
    expected: noisy(sigma => sigma),
    mistakes: [
      {
        of: noisy(sigma => sigma ** 2),
        because: 'scales the noise by the variance: sigma is the standard deviation.',
      },
      {
        of: noisy(sigma => Math.sqrt(sigma)),
        because: 'takes the root of sigma, which is a standard deviation already.',
      },
      { of: noisy(() => 1), because: 'adds noise of level 1, whatever sigma is.' },
      { of: noisy(() => 0), because: 'gives the clean image back.' },
      { of: noisy(sigma => -sigma), because: 'subtracts the noise: as random, but the formula adds it.' },
      {
        of: noisy(
          sigma => sigma,
          sigma => 1 - sigma,
        ),
        because: 'shrinks the image as well: here noise is only added (variance-exploding).',
      },
      {
        of: noisy(
          sigma => sigma,
          sigma => Math.sqrt(1 - sigma ** 2),
        ),
        because: 'is variance-preserving: here the image is not scaled, so that sigma may exceed 1.',
      },
    ],
    remark: 'Noise is only added: the images themselves are not scaled.',
  });
}

function onePixel(): Exercise {
  type Arguments = [x: number, sigma: number];
  return calculation<Arguments>({
    cases: [
      [0.3, 1],
      [-0.8, 0.7],
      [0.1, 0.3],
      [1.5, 2],
      [-0.2, 0.05],
    ],
    expected: (x, sigma) => Math.tanh(x / sigma ** 2),
    mistakes: [
      {
        of: (x, sigma) => Math.tanh(x / sigma),
        because: 'divides by sigma: the exponent holds sigma squared.',
      },
      {
        of: (x, sigma) => Math.tanh(x / (2 * sigma ** 2)),
        because: 'has a factor of 2 too few: the cross terms of (x - 1)^2 and (x + 1)^2 differ by 4 x.',
      },
      {
        of: (x, sigma) => Math.tanh((2 * x) / sigma ** 2),
        because: 'has a factor of 2 too many: the exponent is divided by 2 sigma squared.',
      },
      { of: x => Math.sign(x), because: 'is the likelier of the two values, not the mean.' },
      {
        of: (x, sigma) => Math.tanh(x * sigma ** 2),
        because: 'multiplies by sigma squared: a / 2 * b is (a / 2) * b, so a / (2 * b) needs its brackets.',
      },
      {
        of: (x, sigma) => (1 + Math.tanh(x / sigma ** 2)) / 2,
        because: 'is the probability of +1: the mean also counts the -1, each times its probability.',
      },
      ...[
        (x: number, sigma: number) => Math.tanh(x / (sigma ^ 2)),
        (x: number, sigma: number) => Math.tanh((x / sigma) ^ 2),
      ].map(of => ({ of, because: 'uses ^, which is no power here but "exclusive or": powers are **.' })),
      {
        of: (x, sigma) => x / (1 + sigma ** 2),
        because: 'is the posterior mean of a Gaussian pixel, not of one that is -1 or 1.',
      },
      { of: x => x, because: 'believes the noise.' },
    ],
    remark: 'tanh(x / sigma^2): a step at low noise, flat at high noise.',
  });
}

/** Weights e^(exponent) that sum to 1; their ratios stay the same when a number is taken from all exponents. */
function softmax(exponents: readonly number[], taken = Math.max(...exponents)): number[] {
  const factors = exponents.map(exponent => Math.exp(exponent - taken));
  const total = sum(factors);
  return factors.map(factor => factor / total);
}

function weights(): Exercise {
  type Arguments = [squared: number[], sigma: number];
  const few = [1.3, 0.9, 2.1, 0.4];
  /** Of digits at little noise: e^(-exponent) is 0 for each. */
  const far = [9.5, 8.1, 8.102, 12.3, 10.4];
  const exponents = (squared: number[], sigma: number) =>
    squared.map(distance => -distance / (2 * sigma ** 2));
  const weighed = (of: (distance: number, sigma: number) => number) => (squared: number[], sigma: number) =>
    softmax(squared.map(distance => of(distance, sigma)));
  return calculation<Arguments>({
    cases: [
      [few, 0.8],
      [few, 3],
      [far, 0.02],
    ],
    expected: (squared, sigma) => softmax(exponents(squared, sigma)),
    mistakes: [
      {
        of: (squared, sigma) => softmax(exponents(squared, sigma), 0),
        because: 'is 0 / 0 at little noise: all exponents are so low that their exp is 0. See hint 2.',
      },
      {
        of: (squared, sigma) => softmax(exponents(squared, sigma), Math.min(...exponents(squared, sigma))),
        because: 'takes the smallest exponent away: the others then exceed what exp can give. The largest.',
      },
      {
        of: (squared, sigma) => exponents(squared, sigma).map(Math.exp),
        because: 'does not sum to 1: divide by the sum (and at little noise all of them are 0: hint 2).',
      },
      {
        of: (squared, sigma) => {
          const all = exponents(squared, sigma);
          return all.map(exponent => Math.exp(exponent - Math.max(...all)));
        },
        because: 'does not sum to 1: divide by the sum.',
      },
      {
        of: weighed((distance, sigma) => -distance / sigma ** 2),
        because: 'divides the squared distance by sigma squared: by twice that.',
      },
      {
        of: weighed((distance, sigma) => -distance / (2 * sigma)),
        because: 'divides by 2 sigma: by 2 sigma squared.',
      },
      {
        of: weighed((distance, sigma) => (-distance / 2) * sigma ** 2),
        because: 'multiplies by sigma squared: a / 2 * b is (a / 2) * b, so a / (2 * b) needs its brackets.',
      },
      {
        of: weighed((distance, sigma) => -(distance ** 2) / (2 * sigma ** 2)),
        because: 'squares the distances again: they are squared already.',
      },
      {
        of: weighed((distance, sigma) => distance / (2 * sigma ** 2)),
        because: 'lacks the minus: the farthest image weighs most.',
      },
      {
        of: squared => squared.map(distance => Number(distance === Math.min(...squared))),
        because: 'takes the nearest image alone: right only without noise. Weigh all of them.',
      },
      {
        of: squared => squared.map(() => 1 / squared.length),
        because: 'weighs all images alike, however far they are.',
      },
    ],
    remark: 'The best denoiser by training loss: it answers with training images and their averages.',
  });
}
