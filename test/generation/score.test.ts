import { describe, expect, it } from 'vitest';
import { createDataset, imagesOf, meanImage, take, type Dataset } from '../../src/data/dataset';
import { loadDigits } from '../../src/data/digits';
import { tf } from '../../src/engine/tensorflow';
import { float32, type TensorValue } from '../../src/engine/values';
import { generalizationScore, type GeneralizationScoreOptions } from '../../src/generation/score';
import recorded from '../reference/recorded/neighbours.json';

const digits = loadDigits();
const train = take(digits, 300);
const samples = float32(recorded.queries, [70, 8, 8, 1]);

describe('generalizationScore', () => {
  it("has the ratios, cosines and shares that scikit-learn's distances give", async () => {
    const score = await generalizationScore(samples, train, { mean: meanImage(digits) });
    const expected = recorded.score;
    expect(score.sampleCount).toBe(70);
    expect([...score.nearest]).toEqual(expected.nearest);
    // Ratios of two float32 distances; cosines of float32 unit vectors of 64 numbers.
    expected.ratios.forEach((ratio, i) => expect(Math.abs(score.ratios[i] - ratio)).toBeLessThan(1e-6));
    expected.cosines.forEach((cosine, i) => expect(Math.abs(score.cosines[i] - cosine)).toBeLessThan(1e-6));
    expect(score.novelByRatio).toBeCloseTo(expected.novelByRatio, 12);
    expect(score.novelByCosine).toBeCloseTo(expected.novelByCosine, 12);
    expect(score.medianCosine).toBeCloseTo(expected.medianCosine, 6);
  });

  it('calls copies copied and other real images new', async () => {
    const copies = await generalizationScore(imagesOf(train), train);
    expect([copies.novelByRatio, copies.novelByCosine]).toEqual([0, 0]);
    expect([...copies.nearest]).toEqual([...train.labels.keys()]);
    const others = Array.from({ length: 200 }, (_, i) => 1000 + i);
    const unseen = await generalizationScore(imagesOf(digits, others), train);
    expect(unseen.novelByRatio).toBeGreaterThan(0.98); // real digits of other writers: 1/3 of the distance is rare
  });

  it('calls a copy of an image that the training set holds twice a copy', async () => {
    const twice = createDataset({
      name: 'twice',
      imageShape: [1, 2, 1],
      images: new Float32Array([0, 0.5, 0, 0.5, 1, -1]),
      labels: new Int32Array([0, 0, 1]),
      classNames: ['a', 'b'],
    });
    const score = await generalizationScore(float32([0, 0.5], [1, 1, 2, 1]), twice);
    expect(score.novelByRatio).toBe(0);
  });

  it('gives what equals the mean, and so has no direction, the cosine 0, and compares nothing with it', async () => {
    const three = createDataset({
      name: 'three',
      imageShape: [1, 2, 1],
      images: new Float32Array([0, 0, 1, 0, -1, 0]), // of mean (0, 0)
      labels: new Int32Array([0, 0, 1]),
      classNames: ['a', 'b'],
    });
    const { cosines } = await generalizationScore(float32([0, 0, 1, 1, 0, 1], [3, 1, 2, 1]), three);
    [0, Math.SQRT1_2, 0].forEach((cosine, i) => expect(cosines[i]).toBeCloseTo(cosine, 6));
    const alike = { ...three, images: new Float32Array(6) };
    expect([...(await generalizationScore(float32([1, 1], [1, 1, 2, 1]), alike)).cosines]).toEqual([0]);
  });

  it('takes other thresholds, and says which it took', async () => {
    const score = await generalizationScore(samples, train, {
      mean: meanImage(digits),
      ratioThreshold: 0.8,
      cosineThreshold: 0.6,
    });
    expect(score.novelByRatio).toBeCloseTo(recorded.score.ratios.filter(r => r >= 0.8).length / 70, 12);
    expect(score.novelByCosine).toBeCloseTo(recorded.score.cosines.filter(c => c <= 0.6).length / 70, 12);
    expect([score.ratioThreshold, score.cosineThreshold]).toEqual([0.8, 0.6]);
  });

  it('leaks no tensors', async () => {
    await generalizationScore(samples, train);
    const before = tf.memory().numTensors;
    await generalizationScore(samples, train);
    expect(tf.memory().numTensors).toBe(before);
  });

  it.each([
    ['no samples', { samples: float32([], [0, 8, 8, 1]) }, /no samples to score/],
    [
      'samples of another shape',
      { samples: float32(new Float32Array(12), [1, 2, 2, 3]) },
      /\[1, 2, 2, 3\], but the images of "digits" are \[N, 8, 8, 1\]/,
    ],
    [
      'a sample that is no number',
      { samples: float32(new Float32Array(128).fill(NaN, 64), [2, 8, 8, 1]) },
      /Sample 1 holds the pixel NaN/,
    ],
    ['one training image', { train: take(digits, 1) }, /at least two training images, but "digits" has 1/],
    ['a mean of another size', { mean: new Float32Array(3) }, /mean has 3 numbers, but descriptors have 64/],
    ['a ratio threshold of 0', { ratioThreshold: 0 }, /in \(0, 1\], not 0/],
    ['a cosine threshold of 1', { cosineThreshold: 1 }, /in \[-1, 1\), not 1/],
  ])('refuses %s', async (_, wrong, message) => {
    const given: { samples: TensorValue; train: Dataset } & GeneralizationScoreOptions = {
      samples,
      train,
      ...wrong,
    };
    await expect(generalizationScore(given.samples, given.train, given)).rejects.toThrow(message);
  });
});
