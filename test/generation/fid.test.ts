import { describe, expect, it } from 'vitest';
import { imagesOf, select, take } from '../../src/data/dataset';
import { loadDigits } from '../../src/data/digits';
import { tf } from '../../src/engine/tensorflow';
import { float32, type TensorValue } from '../../src/engine/values';
import { pixelDescriptor } from '../../src/generation/descriptor';
import { fid, frechetDistance, gaussianOf } from '../../src/generation/fid';
import recorded from '../reference/recorded/fid.json';

const digits = loadDigits();
const between = ([start, end]: number[]) => Array.from({ length: end - start }, (_, i) => start + i);

/** Images [N, 8, 8, 1] as the means of their 2x2 blocks, [N, 16]. */
function blocks({ values, shape: [count] }: TensorValue): TensorValue {
  const means = new Float32Array(count * 16);
  values.forEach((pixel, i) => {
    const [image, row, column] = [i >> 6, (i >> 3) & 7, i & 7];
    means[image * 16 + (row >> 1) * 4 + (column >> 1)] += pixel / 4;
  });
  return float32(means, [count, 16]);
}

describe('the Frechet distance', () => {
  it("is the one that SciPy's matrix square root gives", async () => {
    const [first, second] = [recorded.first, recorded.second].map(range =>
      blocks(imagesOf(digits, between(range))),
    );
    const distance = await frechetDistance(await gaussianOf(first), await gaussianOf(second));
    // Means of eighths are exact in float32, the rest is float64.
    expect(Math.abs(distance / recorded.distance - 1)).toBeLessThan(1e-8);
  });

  it('of a set and itself moved by v is |v|^2', async () => {
    const set = blocks(imagesOf(digits, between([0, 200])));
    const moved = float32(
      Float32Array.from(set.values, value => value + 0.5),
      set.shape,
    );
    // Roots of eigenvalues lose half of float64's digits.
    expect(await frechetDistance(await gaussianOf(set), await gaussianOf(moved))).toBeCloseTo(16 * 0.25, 6);
  });

  it('of generated images to a data set is taken on their pixels unless another descriptor is given', async () => {
    const train = take(digits, 200);
    expect(Math.abs(await fid(imagesOf(train), train))).toBeLessThan(1e-5); // 64 pixels, some constant: roots of rounding
    const samples = imagesOf(select(digits, between([200, 300])));
    const halved = {
      ...pixelDescriptor(),
      describe: (images: TensorValue) => Promise.resolve(blocks(images)),
    };
    const distances = [await fid(samples, train), await fid(samples, train, { descriptor: halved })];
    expect(distances[0]).toBeGreaterThan(distances[1]); // averaging pixels brings everything nearer
    expect(distances[1]).toBeGreaterThan(0.1);
  });

  it('refuses one image, and descriptors of different kinds', async () => {
    const one = imagesOf(digits, [0]);
    await expect(fid(one, digits)).rejects.toThrow(/at least two images, not 1/);
    const [a, b] = await Promise.all([
      gaussianOf(blocks(imagesOf(digits, [0, 1, 2]))),
      gaussianOf(
        float32(
          new Float32Array(9).map((_, i) => i),
          [3, 3],
        ),
      ),
    ]);
    await expect(frechetDistance(a, b)).rejects.toThrow(/have 16 and 3 numbers/);
  });

  it('leaks no tensors', async () => {
    const set = blocks(imagesOf(digits, between([0, 50])));
    await gaussianOf(set);
    const before = tf.memory().numTensors;
    await frechetDistance(await gaussianOf(set), await gaussianOf(set));
    expect(tf.memory().numTensors).toBe(before);
  });
});
