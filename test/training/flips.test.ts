import { expect, test } from 'vitest';
import { compile } from '../../src/engine/compile';
import { tf } from '../../src/engine/tensorflow';
import { float32, int32Scalar } from '../../src/engine/values';
import { createVariables } from '../../src/engine/variables';
import { flipRandomly } from '../../src/training/step';
import { train } from '../../src/training/train';
import { tiny } from './tiny';

const count = 200;
/** Image i, 1x3x1: i, i + 1/4, i + 1/2. */
const images = float32(
  Array.from({ length: 3 * count }, (_, i) => Math.floor(i / 3) + (i % 3) / 4),
  [count, 1, 3, 1],
);

test.each([true, false])(
  'half of the images are mirrored, others at each step (compiled: %s)',
  async compiled => {
    const variables = createVariables({}, { compile: compiled });
    const flip = compile(
      inputs => ({ images: flipRandomly(inputs.images as tf.Tensor4D, 5, inputs.step as tf.Scalar) }),
      { variables },
    );
    const flipped = async (step: number) => {
      const { values } = (await flip({ images, step: int32Scalar(step) })).images;
      return Array.from({ length: count }, (_, i) => {
        const image = [...values.subarray(3 * i, 3 * i + 3)].map(value => value - i);
        expect([
          [0, 0.25, 0.5],
          [0.5, 0.25, 0],
        ]).toContainEqual(image);
        return image[0] > 0;
      });
    };
    const before = tf.memory().numTensors;
    const first = await flipped(1);
    // Binomial of 200 with probability 1/2: 100 +- 7, so beyond 65 with probability below 1e-6.
    expect(Math.abs(first.filter(Boolean).length - 100)).toBeLessThan(35);
    expect(await flipped(1)).toEqual(first);
    expect(await flipped(2)).not.toEqual(first);
    expect(tf.memory().numTensors).toBe(before);
    variables.dispose();
  },
);

test('training with flips draws the same batches, and other images', async () => {
  const config = { ...tiny.config, steps: 3 };
  const [plain, mirrored] = [await train({ ...tiny, config }), await train({ ...tiny, config, flips: true })];
  expect(mirrored.losses[0].loss).not.toBe(plain.losses[0].loss);
  expect((await train({ ...tiny, config, flips: true })).losses).toEqual(mirrored.losses);
});
