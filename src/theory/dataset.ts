/** Samples of the solvable model as a data set, for everything in the library that takes labelled data. */
import type { Dataset } from '../data/dataset';
import { sampleMolrg, type Molrg } from './molrg';

/**
 * Draws a data set: each sample is an "image" of one pixel with n channels.
 *
 * Unlike images, its values are not confined to [-1, 1]: they are normal with standard deviation up to 1 along each direction.
 * @param options.seed default 1
 */
export function molrgDataset(model: Molrg, count: number, options: { seed?: number } = {}): Dataset {
  const { samples, labels } = sampleMolrg(model, count, options);
  return {
    name: `MoLRG n=${model.ambient} K=${model.classes} d=${model.ranks.join(',')} delta=${model.delta}`,
    imageShape: [1, 1, model.ambient],
    images: Float32Array.from(samples),
    labels,
    classNames: Array.from({ length: model.classes }, (_, k) => `class ${k}`),
    count,
  };
}
