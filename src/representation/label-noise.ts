/** Wrong labels on purpose: how much label noise a probe bears (paper, Tables 1 and 2). */
import type { Dataset } from '../data/dataset';
import { permutation, xoshiro128 } from '../data/permutation';
import { deriveSeed } from '../engine/random';

/**
 * The data set with a share of its labels replaced, each by another class, every other class equally likely. Larger shares
 * of the same seed corrupt the same images and more.
 * @param share of the images, from 0 to 1; the nearest whole number of images
 * @throws RangeError when the share is out of range, or the seed is no integer from 0
 */
export function corruptLabels(dataset: Dataset, { share, seed }: { share: number; seed: number }): Dataset {
  if (!(share >= 0 && share <= 1)) {
    throw new RangeError(`The share of wrong labels lies from 0 to 1, so it cannot be ${share}.`);
  }
  const classes = dataset.classNames.length;
  const next = xoshiro128([1, 2, 3, deriveSeed(seed, 'labels')]);
  const labels = dataset.labels.slice();
  for (const i of permutation(dataset.count, seed).subarray(0, Math.round(share * dataset.count))) {
    const offset = 1 + Math.floor((next() / 2 ** 32) * (classes - 1)); // 1 .. classes - 1
    labels[i] = (labels[i] + offset) % classes;
  }
  return { ...dataset, labels };
}
