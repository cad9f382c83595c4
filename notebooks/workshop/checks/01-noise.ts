/** Checks of workshop 1: functions are tried on arguments, against the formulas. */
import { calculation, type Check, createCheck, type Exercise } from '../check';

/** @param train images of 64 pixels, one after the other */
export function noiseChecks(train: Float32Array): Check {
  return createCheck({ 1: addNoise(), 2: onePixel(), 3: allImages(train) });
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
        of: (x, sigma) => x / (1 + sigma ** 2),
        because: 'is the posterior mean of a Gaussian pixel, not of one that is -1 or 1.',
      },
      { of: x => x, because: 'believes the noise.' },
    ],
    remark: 'tanh(x / sigma^2): a step at low noise, flat at high noise.',
  });
}

/** The posterior mean over rows of images, with weights e^(-scale |x - x_i|^2). */
function posteriorMean(x: ArrayLike<number>, images: ArrayLike<number>, scale: number): number[] {
  const size = x.length;
  const count = images.length / size;
  const exponents = Array.from({ length: count }, (_, i) => {
    let squared = 0;
    for (let p = 0; p < size; p++) squared += (x[p] - images[i * size + p]) ** 2;
    return -scale * squared;
  });
  const largest = Math.max(...exponents);
  const weights = exponents.map(exponent => Math.exp(exponent - largest));
  const total = weights.reduce((sum, weight) => sum + weight, 0);
  return Array.from({ length: size }, (_, p) =>
    weights.reduce((sum, weight, i) => sum + (weight * images[i * size + p]) / total, 0),
  );
}

function allImages(train: Float32Array): Exercise {
  type Arguments = [x: ArrayLike<number>, sigma: number, images: ArrayLike<number>];
  const few = train.subarray(0, 64 * 20);
  /** A blend of two training images, so that no guess is trivial. */
  const between = Array.from({ length: 64 }, (_, p) => 0.6 * train[p] + 0.4 * train[64 + p]);
  return calculation<Arguments>({
    cases: [
      [[0.2, 0], 0.8, [1, 0, -1, 0.5, 0, -1]],
      [between, 1, few],
      [between, 3, few],
      [between, 0.02, few],
    ],
    expected: (x, sigma, images) => posteriorMean(x, images, 1 / (2 * sigma ** 2)),
    mistakes: [
      {
        of: (x, sigma, images) => posteriorMean(x, images, 1 / sigma ** 2),
        because: 'divides the squared distance by sigma squared: by twice that.',
      },
      {
        of: (x, sigma, images) => posteriorMean(x, images, 1 / (2 * sigma)),
        because: 'divides by 2 sigma: by 2 sigma squared.',
      },
      {
        of: (x, _, images) => posteriorMean(x, images, 1e9),
        because: 'answers with the nearest image alone: right only without noise. Weigh all of them.',
      },
      {
        of: (x, _, images) => posteriorMean(x, images, 0),
        because: 'is the mean of all images, however far they are.',
      },
    ],
    remark: 'This is the best denoiser by training loss, and it generates nothing but its training images.',
  });
}
