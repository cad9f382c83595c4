/** The representation curve: how well a linear probe reads the class off a layer, at each noise level. */
import type { CurveMeasurement } from '../curve/curve';
import type { Dataset } from '../data/dataset';
import { requireSigma } from '../diffusion/denoiser';
import {
  featureExtractor,
  type FeatureExtractor,
  type FeatureExtractorOptions,
  type Features,
} from './features';
import { predict, type LogisticRegressionOptions } from './logistic-regression';
import { fitProbe } from './probe';

/** Where the measurement is. */
export interface CurveProgress {
  /** Noise levels measured so far, and in all. */
  readonly done: number;
  readonly total: number;
  /** The noise level that was measured last. */
  readonly sigma: number;
  /** Test accuracy there, in percent, by layer. */
  readonly accuracy: Record<string, number>;
}

/** What curves are measured on. */
export interface CurvesOptions extends FeatureExtractorOptions {
  /** Labelled images that the probe is fitted to, one noise draw each. */
  readonly train: Dataset;
  /** Labelled images that it is scored on. */
  readonly test: Dataset;
  /** Noise levels, positive and increasing. */
  readonly sigmas: readonly number[];
  /** Noise draws of each test image. Default 3; 1 where the input is clean, which has no noise. */
  readonly testDraws?: number;
  /** L2 penalty of the probe, see fitLogisticRegression. Default 1e-3. */
  readonly l2?: number;
  /** Called after each noise level. */
  readonly onProgress?: (progress: CurveProgress) => void;
  /** Stops between batches: the promise rejects with the signal's reason. */
  readonly signal?: AbortSignal;
}

/** As CurvesOptions, for one layer. */
export type CurveOptions = Omit<CurvesOptions, 'layers'> & { readonly layer: string };

/**
 * The representation curve of one layer.
 * @throws RangeError as {@link representationCurves} does
 */
export async function representationCurve({ layer, ...options }: CurveOptions): Promise<CurveMeasurement> {
  const curves = await representationCurves({ ...options, layers: [layer] });
  return curves[layer];
}

/**
 * The representation curves of several layers, in one pass through the network. At each noise level a probe is fitted to
 * the features of the training images (noise draw 0) and scored on the test images (draws 1, 2, ...). Every level sees
 * the same noise, scaled, so that the differences along the curve are paired.
 * @throws RangeError before any work on an empty list of noise levels, one that is not positive or does not increase, an
 *   unknown layer, no draws, or data sets that do not fit each other; Error when a probe does not converge
 */
export async function representationCurves(
  options: CurvesOptions,
): Promise<Record<string, CurveMeasurement>> {
  const { train, test, sigmas, layers, input = 'noisy', l2, onProgress, signal } = options;
  const draws = input === 'clean' ? 1 : (options.testDraws ?? 3);
  requireCurveOptions(options, draws);
  const extract = featureExtractor(options);
  const perSigma = draws * test.count;
  const correct = Object.fromEntries(layers.map(layer => [layer, new Uint8Array(sigmas.length * perSigma)]));
  for (const [s, sigma] of sigmas.entries()) {
    const trainFeatures = await extract({ images: train, sigma, draw: 0, signal });
    const testFeatures = await testDrawsOf(extract, { images: test, sigma, draws, signal });
    const accuracy: Record<string, number> = {};
    for (const layer of layers) {
      const drawn = testFeatures.map(features => features[layer]);
      const right = await scoreProbe(trainFeatures[layer], train, drawn, test, { l2, signal });
      correct[layer].set(right, s * perSigma);
      accuracy[layer] = (100 * right.reduce((sum, one) => sum + one, 0)) / perSigma;
    }
    onProgress?.({ done: s + 1, total: sigmas.length, sigma, accuracy });
  }
  return Object.fromEntries(
    layers.map(layer => [
      layer,
      { layer, input, sigmas: [...sigmas], draws, testCount: test.count, correct: correct[layer] },
    ]),
  );
}

async function testDrawsOf(
  extract: FeatureExtractor,
  { draws, ...request }: { images: Dataset; sigma: number; draws: number; signal?: AbortSignal },
): Promise<Features[]> {
  const drawn: Features[] = [];
  for (let draw = 1; draw <= draws; draw++) drawn.push(await extract({ ...request, draw }));
  return drawn;
}

/** 1 where the probe is right: [draw][test image]. */
async function scoreProbe(
  trainFeatures: Features[string],
  train: Dataset,
  testFeatures: readonly Features[string][],
  test: Dataset,
  options: LogisticRegressionOptions,
): Promise<Uint8Array> {
  const probe = await fitProbe(trainFeatures, train.labels, train.classNames.length, options);
  if (!probe.converged) {
    throw new Error(
      `The probe did not converge in ${probe.iterations} iterations. Features may be degenerate; a larger l2 makes the fit easier.`,
    );
  }
  const right = new Uint8Array(testFeatures.length * test.count);
  testFeatures.forEach((features, draw) => {
    const predicted = predict(probe, features);
    for (let i = 0; i < test.count; i++)
      right[draw * test.count + i] = Number(predicted[i] === test.labels[i]);
  });
  return right;
}

function requireCurveOptions({ train, test, sigmas }: CurvesOptions, draws: number): void {
  if (sigmas.length === 0) throw new RangeError('Give at least one noise level in "sigmas".');
  sigmas.forEach((sigma, i) => {
    requireSigma(sigma);
    if (i > 0 && sigma <= sigmas[i - 1]) {
      throw new RangeError(
        `Noise levels must increase, but ${sigma} follows ${sigmas[i - 1]}. Sort "sigmas".`,
      );
    }
  });
  if (!Number.isInteger(draws) || draws < 1) {
    throw new RangeError(`testDraws is a whole number of at least 1, not ${draws}.`);
  }
  const [trained, tested] = [train, test].map(({ classNames }) => classNames.join(', '));
  if (trained !== tested) {
    throw new RangeError(
      `"${train.name}" and "${test.name}" must have the same classes, but they are ${trained} and ${tested}.`,
    );
  }
  if (train.labels.every(label => label === train.labels[0])) {
    throw new RangeError(
      `The ${train.count} training images of "${train.name}" are all of one class. Use more of them.`,
    );
  }
}
