/** What is measured on a model at one moment of its training, each measure kept in the run by its step. */
import type { CurveMeasurement } from '../curve/curve';
import { fingerprint, imagesOf, meanImage, take } from '../data/dataset';
import { meanLoss } from '../diffusion/mean-loss';
import type { Network } from '../diffusion/network';
import type { NoiseDistribution } from '../diffusion/noise';
import { deriveSeed } from '../engine/random';
import { float32, type TensorValue } from '../engine/values';
import { type GeneralizationScore, generalizationScore } from '../generation/score';
import { icrCurves } from '../representation/icr';
import type { SigmaCurve } from '../representation/over-sigma';
import { stableRanks } from '../representation/stable-rank';
import { canonicalJson } from '../store/keys';
import { listResults, type SavedResult } from '../store/results';
import type { Run } from '../store/record';
import type { DataSplit } from './build';
import type { ExperimentConfig } from './config';
import { drawSamples, measure, measureCurve, type MeasuredModel } from './measures';

/** A model at one moment of its training. */
export interface DynamicsPoint {
  /** Steps trained. */
  readonly step: number;
  /** Representation curve of the probed layer. */
  readonly curve: CurveMeasurement;
  /** ICR of that layer over the noise level, on held-out images without their labels. */
  readonly icr: SigmaCurve;
  /** Stable rank of the bottleneck's convolutions, their mean. */
  readonly stableRank: number;
  /** Denoising loss on training images and on held-out ones, with the same noise. */
  readonly loss: { readonly train: number; readonly heldOut: number };
  /** Whether generated images are new. */
  readonly score: GeneralizationScore;
  /** The first 24 of the generated images, 8 bits a channel, float32 [M, H, W, C] in [-1, 1]; of stored results, those that are no copies. */
  readonly samples: TensorValue;
}

/** A model whose training is followed. */
export interface FollowedModel extends MeasuredModel {
  readonly noise: NoiseDistribution;
  readonly data: DataSplit;
}

/** Images that are enough: of the ICR, of each loss; generated ones that are kept to be looked at. */
const icrImages = 500;
const lossImages = 2000;
const keptSamples = 24;

/** Measures a model; what its run holds already is read from there. */
export async function measurePoint(
  model: FollowedModel,
  config: ExperimentConfig,
  step: number,
): Promise<DynamicsPoint> {
  const curve = await measureCurve(model, config.probe, model.data);
  const icr = await measureIcr(model, config);
  const stableRank = await measureBottleneck(model);
  const loss = await measureLosses(model);
  const samples = await measureSamples(model, config);
  return pointOf({ step, curve, icr, stableRank, loss, samples });
}

/** As stored. */
interface StoredPoint extends Omit<DynamicsPoint, 'score' | 'samples'> {
  readonly samples: StoredSamples;
}

function pointOf({ samples: { score, shape, pixels }, ...point }: StoredPoint): DynamicsPoint {
  return {
    ...point,
    score,
    samples: float32(
      Float32Array.from(pixels, pixel => pixel / 127.5 - 1),
      shape,
    ),
  };
}

/** Views move by a pixel, and each has its own noise. */
function measureIcr(
  model: FollowedModel,
  { probe: { layer, pooling, sigmas } }: ExperimentConfig,
): Promise<SigmaCurve> {
  const { denoiser, seed, signal, data } = model;
  const images = firstOf(data.test, icrImages);
  const settings = { layer, pooling, sigmas, images: fingerprint(images) };
  return measure(model, names.icr, settings, async variables => {
    const about = { denoiser, variables, layers: [layer], pooling, images, sigmas };
    const curves = await icrCurves({ ...about, seed: deriveSeed(seed, 'icr'), signal });
    return curves[layer];
  });
}

function measureBottleneck(model: FollowedModel): Promise<number> {
  const weights = bottleneckWeights(model.denoiser.network);
  return measure(model, names.stableRank, { weights }, async variables =>
    mean(Object.values(await stableRanks(variables, weights))),
  );
}

/** The convolutions of a U-Net's innermost blocks; of another network, all weights (undefined). */
function bottleneckWeights({ parameters }: Network): string[] | undefined {
  const inner = parameters.map(({ name }) => name).filter(name => /_in\d+\.conv\d\.weight$/.test(name));
  return inner.length > 0 ? inner : undefined;
}

function measureLosses(model: FollowedModel): Promise<DynamicsPoint['loss']> {
  const { denoiser, noise, seed, signal, data } = model;
  const sets = { train: firstOf(data.train, lossImages), heldOut: firstOf(data.test, lossImages) };
  const images = { train: fingerprint(sets.train), heldOut: fingerprint(sets.heldOut) };
  return measure(model, names.loss, { images, draws: lossImages }, async variables => {
    const about = { denoiser, variables, noise, draws: lossImages, seed: deriveSeed(seed, 'loss'), signal };
    return {
      train: await meanLoss({ ...about, images: imagesOf(sets.train) }),
      heldOut: await meanLoss({ ...about, images: imagesOf(sets.heldOut) }),
    };
  });
}

/** As stored: few of the samples, as bytes. */
interface StoredSamples {
  readonly score: GeneralizationScore;
  readonly shape: readonly number[];
  readonly pixels: Uint8Array;
}

/** All samples are drawn and scored; the run keeps the score and a few of them. */
function measureSamples(model: FollowedModel, { sampling }: ExperimentConfig): Promise<StoredSamples> {
  const { data, signal } = model;
  const images = { train: fingerprint(data.train), pool: fingerprint(data.pool) };
  return measure(model, names.samples, { sampling, images, kept: keptSamples }, async () => {
    const samples = await drawSamples({ ...model, run: undefined }, sampling);
    const score = await generalizationScore(samples, data.train, { mean: meanImage(data.pool), signal });
    return { score, ...encoded(samples) };
  });
}

function encoded({ shape, values }: TensorValue): Omit<StoredSamples, 'score'> {
  const [count, ...rest] = shape;
  const kept = Math.min(count, keptSamples);
  const pixels = Uint8Array.from(values.subarray(0, (values.length / count) * kept), value =>
    Math.round(127.5 * (Math.min(1, Math.max(-1, value)) + 1)),
  );
  return { shape: [kept, ...rest], pixels };
}

/** Without those that are copies of training images by one of the score's rules. */
function withoutCopies({ score, shape, pixels }: StoredSamples): StoredSamples {
  const [count, ...rest] = shape;
  const { ratios, ratioThreshold, cosines, cosineThreshold } = score;
  const size = pixels.length / count;
  const isNew = (i: number) => ratios[i] >= ratioThreshold && cosines[i] <= cosineThreshold;
  const kept = Array.from({ length: count }, (_, i) => i).filter(isNew);
  const images = pixels.filter((_, at) => isNew(Math.floor(at / size)));
  return { score, shape: [kept.length, ...rest], pixels: images };
}

/** The measures as they may be passed on with a run that was trained on other people's images: copies of these are left out. */
export async function publishable(run: Run): Promise<SavedResult[]> {
  const results = await Promise.all(Object.values(names).map(name => listResults(run, name)));
  return results
    .flat()
    .map(result =>
      result.measure === names.samples
        ? { ...result, value: withoutCopies(result.value as StoredSamples) }
        : result,
    );
}

/** The files of the measures in a run. */
const names = {
  curve: 'curve',
  icr: 'icr',
  stableRank: 'bottleneck-rank',
  loss: 'mean-loss',
  samples: 'scored-samples',
};

/**
 * The points that a run holds, in order, from its folder alone: neither images nor weights need to be there.
 * @param config with what they were measured; what was measured with other settings is passed over
 */
export async function readPoints(
  run: Run,
  { training, probe, sampling }: ExperimentConfig,
): Promise<DynamicsPoint[]> {
  const { layer, pooling, sigmas } = probe;
  const settings: Partial<Record<string, object>> = {
    curve: probe,
    icr: { layer, pooling, sigmas },
    samples: { sampling },
  };
  const found = new Map<number, Partial<StoredPoint>>();
  for (const [key, name] of Object.entries(names)) {
    for (const { dependsOn, value } of await listResults(run, name)) {
      if (!agrees(dependsOn, settings[key] ?? {})) continue;
      const { step = training.steps } = dependsOn as { step?: number };
      found.set(step, { ...found.get(step), step, [key]: value });
    }
  }
  return [...found.values()]
    .filter((point): point is StoredPoint => Object.keys(names).every(key => key in point))
    .sort((a, b) => a.step - b.step)
    .map(pointOf);
}

/** Whether all of the settings are among what a result depends on. */
function agrees(dependsOn: object, settings: object): boolean {
  return canonicalJson({ ...dependsOn, ...settings }) === canonicalJson(dependsOn);
}

function firstOf(dataset: DataSplit['train'], count: number): DataSplit['train'] {
  return take(dataset, Math.min(count, dataset.count));
}

function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}
