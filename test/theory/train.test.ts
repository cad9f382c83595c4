import { Matrix } from 'ml-matrix';
import { describe, expect, it } from 'vitest';
import { tf } from '../../src/engine/tensorflow';
import { subspaceErrors } from '../../src/theory/dae';
import { obliqueDae, orthogonalDae } from '../../src/theory/dae-network';
import { posteriorMean } from '../../src/theory/closed-form';
import { concatenateColumns, isOrthonormal } from '../../src/theory/linear';
import { ambientBasis, createMolrg, sampleMolrg } from '../../src/theory/molrg';
import { measureSnr } from '../../src/theory/snr';
import { ddpmSigmas } from '../../src/theory/schedule';
import { trainMolrg } from '../../src/theory/train';
import { molrgDataset } from '../../src/theory/dataset';
import { trainVanilla } from '../../src/theory/vanilla';

const short = { samples: 20_000, epochs: 12, batchSize: 256 };

describe('the network', () => {
  it.each([90, 40])('with the true bases is the optimal denoiser, classes at %d degrees', angle => {
    const model = createMolrg({ ambient: 12, rank: 3, delta: 0.3, angle });
    const settings = { ranks: model.ranks, delta: model.delta, logPrior: [0, 0] };
    const { samples } = sampleMolrg(model, 16);
    const sigma = 0.5;
    const { mean } = posteriorMean(model, samples, { sigma });
    const before = tf.memory().numTensors;
    tf.tidy(() => {
      const bases = tf.tensor2d(concatenateColumns([0, 1].map(k => ambientBasis(model, k))).to2DArray());
      const x = tf.tensor2d(Float32Array.from(samples), [16, 12]);
      const outputs = [
        obliqueDae(bases, x.reshape([2, 8, 12]), tf.tensor1d([sigma, sigma]), settings),
        ...(angle === 90 ? [orthogonalDae(bases, x, tf.fill([16, 1], sigma), settings)] : []),
      ];
      for (const output of outputs) {
        // float32, precisions up to 1/sigma^2.
        output.dataSync().forEach((value, i) => expect(Math.abs(value - mean[i])).toBeLessThan(1e-5));
      }
    });
    expect(tf.memory().numTensors).toBe(before);
  });
});

describe('subspaceErrors', () => {
  it('is 0 for any basis of the true subspaces, and the sine of the angle by which a direction is turned', () => {
    const model = createMolrg({ ambient: 12, rank: 2, delta: 0.2 });
    const [first, second] = [0, 1].map(k => ambientBasis(model, k));
    const oblique = first.mmul(
      new Matrix([
        [1, 5],
        [0, 0.1],
      ]),
    );
    const turned = second.clone();
    const [cosine, sine] = [Math.cos(0.3), Math.sin(0.3)];
    turned.setColumn(
      0,
      second.getColumn(0).map((value, i) => cosine * value + sine * first.get(i, 0)),
    );
    const errors = subspaceErrors(model, [oblique, turned]);
    expect(errors[0]).toBeLessThan(1e-6); // the arc cosine near 1 keeps half of the digits
    expect(errors[1]).toBeCloseTo(sine, 9);
  });
});

describe('training', () => {
  it("finds orthogonal classes: orthonormal to 1e-6, SNR within 5 % of the paper's trained table", async () => {
    const model = createMolrg({ ambient: 50, rank: 5, delta: 0.2 });
    const before = tf.memory().numTensors;
    const { bases, estimator, features, losses } = await trainMolrg(model, short);
    expect(tf.memory().numTensors).toBe(before);
    expect(losses.at(-1)!.loss).toBeLessThan(losses[0].loss);
    expect(isOrthonormal(concatenateColumns(bases), 1e-6)).toBe(true);
    for (const error of subspaceErrors(model, bases)) expect(error).toBeLessThan(0.03);
    const { samples } = sampleMolrg(model, 10);
    const rebuilt = Matrix.from1DArray(10, 10, features(samples, 0.3)).mmul(
      concatenateColumns(bases).transpose(),
    );
    expect([...estimator.estimate(samples, 0.3)]).toEqual(rebuilt.to1DArray()); // x_theta = U h
    const sigmas = [0.008, 0.023, 0.06, 0.14, 0.296, 0.585, 1.088, 1.923];
    const paper = [24.88, 25.15, 26.95, 35.84, 58.27, 20.84, 4.05, 1.57];
    const { snr } = measureSnr(model, estimator, { sigmas, samples: 40_000 });
    snr.forEach((value, s) => expect(Math.abs(value / paper[s] - 1)).toBeLessThan(0.05));
  });

  it("finds overlapping classes: each basis orthonormal, SNR within 20 % of the paper's", async () => {
    const model = createMolrg({ ambient: 50, rank: 5, delta: 0.2, angle: 30 });
    const { bases, estimator } = await trainMolrg(model, short);
    for (const basis of bases) expect(isOrthonormal(basis, 1e-6)).toBe(true);
    for (const error of subspaceErrors(model, bases)) expect(error).toBeLessThan(0.03);
    const sigmas = [0.008, 0.023, 0.06, 0.14, 0.296, 0.585, 1.088, 1.923];
    const paper = [16.7, 16.92, 18.39, 25.97, 38.54, 22.88, 14.56, 12.55];
    const { snr } = measureSnr(model, estimator, { sigmas, samples: 40_000 });
    snr.forEach((value, s) => expect(Math.abs(value / paper[s] - 1)).toBeLessThan(0.2));
  });

  it('is repeated by its seed, compiled and eagerly', async () => {
    const model = createMolrg({ ambient: 12, rank: 2, delta: 0.2 });
    const options = { samples: 200, epochs: 2, batchSize: 50 };
    const compiled = await trainMolrg(model, options);
    const again = await trainMolrg(model, options);
    const eager = await trainMolrg(model, { ...options, compile: false });
    expect(again.losses).toEqual(compiled.losses);
    // The same ops in another order of execution: float32.
    expect(compiled.bases[0].clone().sub(eager.bases[0]).abs().max()).toBeLessThan(1e-5);
  });

  it('can be stopped, and refuses bad settings', async () => {
    const model = createMolrg({ ambient: 12, rank: 2, delta: 0.2 });
    const controller = new AbortController();
    const stopped = trainMolrg(model, {
      samples: 500,
      signal: controller.signal,
      onProgress: () => controller.abort(),
    });
    await expect(stopped).rejects.toThrow(/abort/i);
    await expect(trainMolrg(model, { epochs: 0 })).rejects.toThrow(/epochs 0/);
    await expect(trainMolrg(model, { learningRate: -1 })).rejects.toThrow(/learningRate -1/);
    await expect(trainMolrg(model, { samples: 2 })).rejects.toThrow(/draw more samples/);
  });
});

describe('the vanilla denoiser', () => {
  const model = createMolrg({ ambient: 20, rank: 2, delta: 0.2 });

  it('learns, over all levels and at one, with as many parameters as U', async () => {
    const options = { samples: 4000, epochs: 40, batchSize: 200, learningRate: 5e-3 };
    for (const sigma of [undefined, 0.3]) {
      const before = tf.memory().numTensors;
      const { estimator, losses, parameterCount } = await trainVanilla(model, { ...options, sigma });
      expect(losses.at(-1)!.loss).toBeLessThan(0.8 * losses[0].loss);
      expect(parameterCount).toBeGreaterThanOrEqual(20 * 4);
      expect(parameterCount).toBeLessThan(2 * 20 * 4);
      const { snr } = measureSnr(model, estimator, { sigmas: [0.3], samples: 1000 });
      expect(snr[0]).toBeGreaterThan(1);
      expect(tf.memory().numTensors).toBe(before);
    }
  });

  it('refuses bad settings', async () => {
    await expect(trainVanilla(model, { sigma: 0 })).rejects.toThrow(/sigma 0/);
    await expect(trainVanilla(model, { hidden: 1.5 })).rejects.toThrow(/hidden 1.5/);
  });
});

describe('samples as a data set', () => {
  it('keep values and labels', () => {
    const model = createMolrg({ ambient: 6, rank: 1, delta: 0.2 });
    const dataset = molrgDataset(model, 5);
    const { samples, labels } = sampleMolrg(model, 5);
    expect(dataset).toMatchObject({
      count: 5,
      imageShape: [1, 1, 6],
      labels,
      classNames: ['class 0', 'class 1'],
    });
    expect(dataset.images).toEqual(Float32Array.from(samples));
  });
});

describe('the schedule', () => {
  it("has the sigmas that the paper's steps stand for", () => {
    const sigmas = ddpmSigmas();
    const paper: [number, number][] = [
      [5, 0.03],
      [10, 0.053],
      [20, 0.098],
      [60, 0.282],
      [100, 0.48],
      [240, 1.492],
    ];
    // Three digits in the paper.
    for (const [step, sigma] of paper) expect(Math.abs(sigmas[step - 1] / sigma - 1)).toBeLessThan(0.02);
    expect(() => ddpmSigmas(1)).toThrow(/steps 1/);
  });
});
