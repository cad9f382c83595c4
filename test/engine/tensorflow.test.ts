import { expect, test } from 'vitest';
import { tf } from '../../src/engine/tensorflow';

test('TensorFlow computes through its native library', () => {
  expect(tf.getBackend()).toBe('tensorflow');
  expect(tf.tidy(() => tf.tensor1d([1, 2, 3]).square().sum().dataSync()[0])).toBe(14);
});
