import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { imagesOf, take } from '../../src/data/dataset';
import { loadDigits } from '../../src/data/digits';
import { float32 } from '../../src/engine/values';
import { featureDescriptor, loadDescriptor } from '../../src/generation/descriptor';
import { generalizationScore } from '../../src/generation/score';
import { relativeError } from '../reference/compare';
import recorded from '../reference/recorded/graphs.json';
import { transparent } from '../representation/transparent';

const graph = (name: string) => path.join(__dirname, '../reference/recorded/graphs', name);
const images = float32(recorded.images, [5, 6, 6, 3]);

describe("somebody else's network as a descriptor", () => {
  it('describes images in batches, the last one shorter', async () => {
    const descriptor = await loadDescriptor(graph('frozen.pb'), { batchSize: 2 });
    const { shape, values } = await descriptor.describe(images);
    descriptor.dispose();
    expect([descriptor.name, ...shape]).toEqual(['frozen.pb', 5, 4]);
    expect(relativeError(values as Float32Array, recorded.output)).toBeLessThan(1e-5); // float32 against NumPy
  });

  it('gives gray images of [-1, 1] as 8 bits and three channels to a network that takes those', async () => {
    const descriptor = await loadDescriptor(graph('bytes.pb'), { channels: 3, range: [0, 255] });
    const gray = float32([-1, 0, 1, 1, 1, 1, 1, 1], [2, 2, 2, 1]);
    const { values } = await descriptor.describe(gray);
    descriptor.dispose();
    const mean = (0 + 128 + 255 + 255) / 4; // 127.5 rounds to even
    expect([...values]).toEqual([mean, mean, mean, 255, 255, 255]);
  });

  it('gives 8 bits from 0 to 255 to a network that takes them where no range is named', async () => {
    const gray = float32([-1, 0, 1, 1], [1, 2, 2, 1]);
    const [named, usual] = await Promise.all(
      [{ range: [0, 255] as const }, {}].map(async range => {
        const descriptor = await loadDescriptor(graph('bytes.pb'), { channels: 3, ...range });
        const { values } = await descriptor.describe(gray);
        descriptor.dispose();
        return values;
      }),
    );
    expect(usual).toEqual(named);
  });

  it('refuses a batch size that is none', async () => {
    await expect(loadDescriptor(graph('frozen.pb'), { batchSize: 0 })).rejects.toThrow(
      /batch size is a positive integer, not 0/,
    );
  });

  it('refuses images with other channels than the network takes', async () => {
    const descriptor = await loadDescriptor(graph('bytes.pb'), { channels: 3 });
    const two = float32(new Float32Array(8), [1, 2, 2, 2]);
    await expect(descriptor.describe(two)).rejects.toThrow(/2 channels cannot become images of 3/);
    descriptor.dispose();
  });
});

describe('the score by a descriptor', () => {
  const digits = loadDigits();
  const train = take(digits, 300);
  const samples = imagesOf(
    digits,
    Array.from({ length: 100 }, (_, i) => 250 + i), // the first 50 are training images
  );

  it("of a model's features is that by pixels where the features are the pixels", async () => {
    const descriptor = featureDescriptor({
      ...transparent(),
      layer: 'pixels',
      sigma: 0.1,
      pooling: 'none',
    });
    const score = await generalizationScore(samples, train, { descriptor, cosineThreshold: 0.9 });
    const byPixels = await generalizationScore(samples, train);
    expect(score).toEqual({ ...byPixels, descriptor: 'pixels at sigma 0.1' });
    expect(byPixels.ratios.filter(ratio => ratio === 0)).toHaveLength(50);
  });

  it("of a network calls a copy what exceeds the paper's cosine of 0.6, and removes no mean", async () => {
    const descriptor = await loadDescriptor(graph('bytes.pb'), { channels: 3, range: [0, 255] });
    const score = await generalizationScore(samples, train, { descriptor });
    descriptor.dispose();
    expect(score).toMatchObject({ descriptor: 'bytes.pb', cosineThreshold: 0.6, novelByCosine: 0 });
    expect(Math.min(...score.cosines)).toBeCloseTo(1, 6); // three equal numbers: all in one direction
  });
});
