/** Features of images as a matrix: what every measure of this library takes. */

/** Features of N images: [N, F], row-major. Every `TensorValue` of that shape is one. */
export interface FeatureMatrix {
  readonly shape: readonly number[];
  readonly values: ArrayLike<number>;
}

/** A matrix in float64, row-major. */
export interface Matrix extends FeatureMatrix {
  readonly shape: readonly [rows: number, columns: number];
  readonly values: Float64Array;
}

/**
 * The size of a feature matrix.
 * @throws RangeError when it is not [N, F] with N, F > 0, or a feature is not finite
 */
export function checkFeatures({ shape, values }: FeatureMatrix): [count: number, width: number] {
  const [count, width] = shape;
  if (shape.length !== 2 || count < 1 || width < 1 || values.length !== count * width) {
    throw new RangeError(
      `Features are a matrix of images by features, not ${values.length} values of shape [${shape.join(', ')}].`,
    );
  }
  for (let i = 0; i < values.length; i++) {
    if (!Number.isFinite(values[i])) {
      throw new RangeError(
        `Feature ${i % width} of image ${Math.floor(i / width)} is ${values[i]}. The network's weights or the noise level may have run out of range.`,
      );
    }
  }
  return [count, width];
}

/**
 * Refuses labels that do not fit the features.
 * @throws RangeError when there are fewer than two classes, not one label an image, or a label out of range
 */
export function checkLabels(labels: ArrayLike<number>, count: number, classes: number): void {
  if (!Number.isInteger(classes) || classes < 2) {
    throw new RangeError(`A classifier tells at least two classes apart, not ${classes}.`);
  }
  if (labels.length !== count) {
    throw new RangeError(
      `There are features of ${count} images, but ${labels.length} labels. Give one label an image.`,
    );
  }
  for (let i = 0; i < count; i++) {
    if (!Number.isInteger(labels[i]) || labels[i] < 0 || labels[i] >= classes) {
      throw new RangeError(
        `Image ${i} has the label ${labels[i]}, but labels of ${classes} classes are 0 to ${classes - 1}.`,
      );
    }
  }
}

/** The mean of each column, [F]. Sums are divided last: those of float32 features are exact, or nearly so. */
export function columnMeans({ shape: [count, width], values }: FeatureMatrix): Float64Array {
  const sum = new Float64Array(width);
  for (let i = 0; i < values.length; i++) sum[i % width] += values[i];
  return sum.map(total => total / count);
}

/** Rows less the given mean, in float64. */
export function centred({ shape: [count], values }: FeatureMatrix, mean: ArrayLike<number>): Matrix {
  const width = mean.length;
  return { shape: [count, width], values: Float64Array.from(values, (value, i) => value - mean[i % width]) };
}

/** The rows with the given indices, in their order, in float64. */
export function selectRows({ shape: [, width], values }: FeatureMatrix, indices: ArrayLike<number>): Matrix {
  const selected = new Float64Array(indices.length * width);
  for (let row = 0; row < indices.length; row++) {
    for (let f = 0; f < width; f++) selected[row * width + f] = values[indices[row] * width + f];
  }
  return { shape: [indices.length, width], values: selected };
}

/** The indices of the images of each class. */
export function indicesByClass(labels: ArrayLike<number>, classes: number): number[][] {
  const byClass = Array.from({ length: classes }, (): number[] => []);
  for (let i = 0; i < labels.length; i++) byClass[labels[i]].push(i);
  return byClass;
}

/** The index of the largest of each row's `classes` numbers; of equal ones the first. */
export function argmaxRows(scores: Float64Array, classes: number): Int32Array {
  return Int32Array.from({ length: scores.length / classes }, (_, row) => {
    const own = scores.subarray(row * classes, (row + 1) * classes);
    return own.indexOf(Math.max(...own));
  });
}
