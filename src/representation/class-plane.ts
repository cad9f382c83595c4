/** Images as points of the plane through the mean images of three classes: classes that separate and collapse (paper, Fig. 15). */
import { type Dataset, imagesOf } from '../data/dataset';
import type { TensorValue } from '../engine/values';
import { indicesByClass } from '../numerics/matrix';

/** Coordinates, one of each an image. */
export interface PlanePoints {
  readonly x: readonly number[];
  readonly y: readonly number[];
}

/**
 * The plane through the mean images of the first three classes: the origin in their middle, the x axis through the first of them.
 * @param reference labelled images
 * @returns a function that projects images [N, H, W, C] on it
 * @throws RangeError when one of the classes has no image, or the three means lie on a line
 */
export function classPlane(reference: Dataset): (images: TensorValue) => PlanePoints {
  const means = classMeans(reference);
  const origin = means[0].map((_, p) => means.reduce((sum, mean) => sum + mean[p], 0) / means.length);
  const [first, second] = means.map(mean => mean.map((value, p) => value - origin[p]));
  const xAxis = unit(first);
  const along = dot(second, xAxis);
  const yAxis = unit(second.map((value, p) => value - along * xAxis[p]));
  return ({ values, shape: [count] }) => {
    const size = values.length / count;
    const points = Array.from({ length: count }, (_, i) => {
      const image = origin.map((value, p) => values[i * size + p] - value);
      return { x: dot(image, xAxis), y: dot(image, yAxis) };
    });
    return { x: points.map(({ x }) => x), y: points.map(({ y }) => y) };
  };
}

function classMeans(reference: Dataset): Float64Array[] {
  const { values } = imagesOf(reference);
  const size = values.length / reference.count;
  const members = indicesByClass(reference.labels, reference.classNames.length).slice(0, 3);
  if (members.length < 3 || members.some(indices => indices.length === 0)) {
    throw new RangeError(
      `A plane needs images of the first three classes, but of "${reference.name}" there are ${members.map(({ length }) => length).join(', ')}.`,
    );
  }
  return members.map(indices =>
    Float64Array.from(
      { length: size },
      (_, p) => indices.reduce((sum, i) => sum + values[i * size + p], 0) / indices.length,
    ),
  );
}

function unit(vector: Float64Array): Float64Array {
  const length = Math.sqrt(dot(vector, vector));
  if (length > 1e-9) return vector.map(value => value / length);
  throw new RangeError('The mean images of the first three classes lie on a line, which is no plane.');
}

function dot(a: Float64Array, b: Float64Array): number {
  return a.reduce((sum, value, i) => sum + value * b[i], 0);
}
