import { describe, expect, it } from 'vitest';
import { imagesOf, select, take } from '../../src/data/dataset';
import { loadDigits } from '../../src/data/digits';
import { argmaxRows, type FeatureMatrix, type Matrix } from '../../src/numerics/matrix';
import { type Classifier, fitClassifier, usualNormalization } from '../../src/representation/classifier';
import { fitNormalization } from '../../src/representation/normalization';
import recorded from '../reference/recorded/measures.json';

const digits = loadDigits();
const pixels = (indices: number[]): FeatureMatrix => ({
  shape: [indices.length, 64],
  values: imagesOf(select(digits, indices)).values,
});
const range = (from: number, to: number) => Array.from({ length: to - from }, (_, i) => from + i);
const [train, test] = [pixels(range(0, 1000)), pixels(range(1000, 1797))];
const { labels } = take(digits, 1000);

async function predictions(classifier: Classifier, normalization = usualNormalization(classifier)) {
  const normalize = fitNormalization(normalization, train);
  const scores = await fitClassifier(classifier, { features: normalize(train), labels, classes: 10 });
  return [...argmaxRows(await scores(normalize(test)), 10)];
}

describe('fitClassifier', () => {
  it("projects as NumPy's SVD does", async () => {
    expect(await predictions({ kind: 'projection' })).toEqual(recorded.projection);
  });

  it("finds scikit-learn's nearest neighbours", async () => {
    expect(await predictions({ kind: 'neighbours' })).toEqual(recorded.neighbours);
  });

  it('chooses the penalty on images that the compared fits have not seen, then fits all', async () => {
    const { l2, best, predictions: expected } = recorded.validated;
    expect(await predictions({ kind: 'logistic', l2 })).toEqual(expected);
    expect(await predictions({ kind: 'logistic', l2: best })).toEqual(expected);
  });

  it.each<[string, Classifier, RegExp]>([
    ['rank 0', { kind: 'projection', rank: 0 }, /Of 64 features, 1 to 63 singular vectors.*not 0/],
    ['no neighbours', { kind: 'neighbours', k: 0 }, /1 to 1000 neighbours can be found, not 0/],
    ['no penalty', { kind: 'logistic', l2: [] }, /at least one penalty/],
    ['all images for validation', { kind: 'logistic', l2: [1], validationShare: 1 }, /between 0 and 1/],
    ['another kind', { kind: 'forest' } as unknown as Classifier, /no classifier 'forest'/],
  ])('refuses %s', async (_, classifier, message) => {
    await expect(predictions(classifier)).rejects.toThrow(message);
  });
});

describe('fitNormalization', () => {
  const small: Matrix = { shape: [3, 2], values: Float64Array.of(3, 4, 0, 0, 5, 12) };

  it("'standard' gives mean 0 and deviation 1 over the training images", () => {
    const { values } = fitNormalization('standard', small)(small);
    expect(values[0] + values[2] + values[4]).toBeCloseTo(0, 12);
    expect((values[0] ** 2 + values[2] ** 2 + values[4] ** 2) / 2).toBeCloseTo(1, 5); // 1e-6 is added to the deviation
  });

  it("'unit' divides by the norm and removes the mean; a row of zeros has no direction", () => {
    const normalize = fitNormalization('unit', small);
    const mean = [(3 / 5 + 5 / 13) / 3, (4 / 5 + 12 / 13) / 3];
    const tested = normalize({ shape: [1, 2], values: [30, 40] }).values;
    expect(tested[0]).toBeCloseTo(3 / 5 - mean[0], 12);
    expect(tested[1]).toBeCloseTo(4 / 5 - mean[1], 12);
    expect(normalize(small).values[2]).toBeCloseTo(-mean[0], 12);
  });

  it("'none' keeps features as they are, and another name is refused", () => {
    expect(fitNormalization('none', small)(small).values).toEqual(small.values);
    expect(() => fitNormalization('whiten' as 'none', small)).toThrow(/no normalization 'whiten'/);
  });
});
