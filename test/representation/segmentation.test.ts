import { describe, expect, it } from 'vitest';
import { loadCanvases } from '../../src/data/canvases';
import { preprocess } from '../../src/data/preprocess';
import { select, take } from '../../src/data/dataset';
import { loadDigits } from '../../src/data/digits';
import { segmentedDataset } from '../../src/data/segmented';
import { tf } from '../../src/engine/tensorflow';
import { float32, int32, int32Scalar } from '../../src/engine/values';
import { createVariables } from '../../src/engine/variables';
import { momentsOf, trainingStep, withPixelClassifier } from '../../src/representation/pixel-classifier';
import { meanIous, overlapsOf, segmentationCurve } from '../../src/representation/segmentation';
import { relativeError } from '../reference/compare';
import recorded from '../reference/recorded/segmentation.json';
import { transparent } from './transparent';

describe('pixel classifiers', () => {
  const power = (shape: number[]) =>
    float32(
      Float32Array.from({ length: shape.reduce((a, b) => a * b) }, (_, i) => 0.5 * Math.sin(0.3 * i ** 1.5)),
      shape,
    );

  it('are trained as PyTorch trains them, from the same weights on the same pixels', async () => {
    const weights = {
      weight1: power([2, 6, 5]),
      bias1: power([2, 1, 5]),
      weight2: power([2, 5, 3]),
      bias2: power([2, 1, 3]),
    };
    const variables = createVariables({
      ...weights,
      ...momentsOf(weights),
      features: float32(
        Float32Array.from({ length: 240 }, (_, i) => Math.sin(0.7 * i)),
        [40, 6],
      ),
      classes: int32(
        Int32Array.from({ length: 40 }, (_, i) => ((i >> 2) + i) % 3),
        [40],
      ),
    });
    const rows = Array.from({ length: 80 }, (_, i) => (i < 40 ? i : (2 * (i - 40)) % 40));
    const step = trainingStep(variables, 3, 5e-3, () => tf.tensor2d(rows, [2, 40], 'int32'));
    const losses: number[] = [];
    for (let i = 0; i < 20; i++) losses.push(...(await step({ step: int32Scalar(i) })).losses.values);
    const { weight2 } = await variables.read(['weight2']);
    variables.dispose();
    // Twenty updates of float32 weights in another order of summation: a few units of the last place each.
    expect(relativeError(losses, recorded.losses)).toBeLessThan(1e-5);
    expect(relativeError(weight2.values, recorded.weight2)).toBeLessThan(1e-4);
  });

  it('learn classes that no linear classifier tells apart, the same ones with the same seed, and leave no tensor', async () => {
    const corner = (i: number) => [i & 1 ? 1 : -1, i & 2 ? 1 : -1];
    const features = float32(
      Float32Array.from({ length: 800 }, (_, i) => corner(i >> 1)[i % 2] + 0.3 * Math.sin(i * i)),
      [400, 2],
    );
    const classes = Uint8Array.from({ length: 400 }, (_, i) => (i & 1) ^ ((i >> 1) & 1));
    const find = () => withPixelClassifier(features, classes, 2, { seed: 3 }, classify => classify(features));
    const found = await find();
    const before = tf.memory().numTensors;
    expect(await find()).toEqual(found);
    expect(tf.memory().numTensors).toBe(before);
    expect(found.filter((value, i) => value === classes[i]).length).toBeGreaterThan(396);
  });

  it('refuse impossible settings and classes that are not those of the pixels', async () => {
    const features = float32(new Float32Array(6), [3, 2]);
    const use = () => Promise.resolve();
    await expect(withPixelClassifier(features, new Uint8Array(3), 2, { members: 0 }, use)).rejects.toThrow(
      /members is positive, not 0/,
    );
    await expect(withPixelClassifier(features, new Uint8Array(4), 2, {}, use)).rejects.toThrow(
      /\[3, 2\] and 4/,
    );
  });
});

describe('intersection over union', () => {
  const found = Array.from({ length: 60 }, (_, i) => (i * i + Math.floor(i / 3)) % 5);
  const wanted = Array.from({ length: 60 }, (_, i) => Math.floor(i / 2) % 4);
  const measured = (classes: number) => ({
    layers: [],
    input: 'noisy' as const,
    sigmas: [1],
    classNames: [],
    overlaps: [overlapsOf(found, wanted, 3, classes)],
  });

  it("is scikit-learn's, the mean over the classes, counted over all images together", () => {
    const mean = recorded.iou.reduce((sum, value) => sum + value, 0) / 5;
    expect(meanIous(measured(5))[0]).toBeCloseTo(mean, 7);
  });

  it('leaves out classes that are nowhere, and counts images as often as they are named', () => {
    expect(meanIous(measured(7))).toEqual(meanIous(measured(5)));
    expect(meanIous(measured(5), [0, 1, 2, 0, 1, 2])).toEqual(meanIous(measured(5)));
    expect(meanIous(measured(5), [1])).not.toEqual(meanIous(measured(5)));
  });
});

describe('segmentationCurve', () => {
  const digits = loadDigits();
  const ink = segmentedDataset({
    ...digits,
    images: digits.images,
    masks: Uint8Array.from(digits.images, value => Number(value >= 8)),
    classNames: ['paper', 'ink'],
  });
  const [train, test] = [take(ink, 50), select(ink, [1000, 1001, 1002, 1003])];

  it('finds what the activations show, the less the more noise there is', async () => {
    const sigmas = [0.01, 0.5, 3];
    const measured = await segmentationCurve({ ...transparent(), layers: ['pixels'], sigmas, train, test });
    const [clear, noisy, lost] = meanIous(measured);
    expect(clear).toBeGreaterThan(0.95);
    expect(noisy).toBeGreaterThan(lost + 0.05);
    expect(noisy).toBeLessThan(clear - 0.05);
    expect(measured).toMatchObject({ sigmas, classNames: ['paper', 'ink'], input: 'noisy' });
    expect(measured.overlaps.map(each => each.length)).toEqual([4, 4, 4]);
  });

  it('refuses images without masks or of another shape, other classes, an unknown layer, and bad noise levels before any work', async () => {
    const { denoiser, variables } = transparent();
    const unused = { ...denoiser, denoise: () => expect.fail('work began') };
    const options = { denoiser: unused, variables, layers: ['pixels'], sigmas: [1], train, test };
    const refused = (change: object) => expect(segmentationCurve({ ...options, ...change })).rejects;
    await refused({ test: take(digits, 3) }).toThrow(/"digits" come without masks.*canvases/);
    await refused({
      test: { ...test, masks: { ...test.masks!, classNames: ['ink', 'paper'] } },
    }).toThrow(/different classes/);
    await refused({ layers: ['depth'] }).toThrow(/depth/);
    await refused({ sigmas: [] }).toThrow(/at least one noise level/);
    await refused({ sigmas: [1, -1] }).toThrow(/positive number .* not -1/);
    await refused({ test: loadCanvases() }).toThrow(/but these are \[3000, 16, 16, 1\]/);
  });
});

describe('canvases', () => {
  const canvases = loadCanvases();
  const [height, width] = canvases.imageShape;

  it('hold two digits each, whose pixels are inked and whose background is not', () => {
    const { values, classNames } = canvases.masks!;
    expect(classNames.slice(0, 3)).toEqual(['background', '0', '1']);
    expect(canvases).toMatchObject({ count: 3000, trainCount: 2400, imageShape: [16, 16, 1] });
    values.forEach((value, i) => {
      if (canvases.images[i] >= 4 !== value > 0) throw new Error(`pixel ${i}`);
    });
    for (let image = 0; image < canvases.count; image += 100) {
      const mask = values.subarray(image * height * width, (image + 1) * height * width);
      const found = new Set(mask);
      expect(found.size).toBeGreaterThanOrEqual(2);
      expect(found.size).toBeLessThanOrEqual(3);
    }
  });

  it('are always the same, and a selection has its own masks', () => {
    expect(loadCanvases()).toEqual(canvases);
    const [size, chosen] = [height * width, select(canvases, [7, 3])];
    expect(chosen.masks!.values.subarray(size)).toEqual(canvases.masks!.values.subarray(3 * size, 4 * size));
    expect(take(canvases, 8).masks!.values).toEqual(canvases.masks!.values.subarray(0, 8 * size));
  });

  it('keep their size, since masks would not fit another one', () => {
    expect(() => preprocess(canvases, { resolution: 8 })).toThrow(/come with masks.*8 x 8/);
  });
});
