import { describe, expect, test } from 'vitest';
import { createDenoiser } from '../../src/diffusion/denoiser';
import { initializeParameters } from '../../src/diffusion/network';
import { edmPreconditioning } from '../../src/diffusion/preconditioning';
import type { DenoiseAtLevel } from '../../src/diffusion/sampler';
import { heunSampler, heunStep, sampleHeun, sigmaSchedule } from '../../src/diffusion/sampler';
import { tf } from '../../src/engine/tensorflow';
import { createVariables } from '../../src/engine/variables';
import { createUNet } from '../../src/models/unet';
import recorded from '../reference/recorded/diffusion.json';
import { relativeError, toTensor } from '../reference/compare';
import { wave, waveParameters } from '../reference/wave';

/** The states after every step of the plain loop over `heunStep`. */
function trajectory(denoise: DenoiseAtLevel, start: tf.Tensor4D, sigmas: readonly number[]): Float32Array[] {
  let x = start;
  return sigmas.slice(0, -1).map((sigma, i) => {
    const next = sigmas[i + 1];
    x = next > 0 ? heunStep(denoise, x, tf.scalar(sigma), tf.scalar(next)) : denoise(x, tf.scalar(sigma));
    return x.dataSync<'float32'>();
  });
}

const digits = createUNet({ imageShape: [8, 8, 1], channels: 16, multipliers: [1, 1], blocks: 1 });
const denoiser = createDenoiser(digits, edmPreconditioning({ noiseScale: 2 }));

// Expected values: float64 PyTorch (test/reference/diffusion.py).
describe('Heun steps against PyTorch', () => {
  test('the schedule is EDM equation 5 with a final 0', () => {
    const schedule = sigmaSchedule();
    expect(schedule).toHaveLength(19);
    expect(schedule[18]).toBe(0);
    // float64 on both sides, recorded with 12 digits
    for (const [i, sigma] of recorded.schedule.slice(0, -1).entries()) {
      expect(schedule[i] / sigma).toBeCloseTo(1, 10);
    }
  });

  test('18 steps with the exact denoiser of a Gaussian take the same path', () => {
    const { mean, deviation, start, states } = recorded.gaussian;
    const denoise: DenoiseAtLevel = (x, sigma) => {
      const variance = sigma.square();
      return x.mul(deviation ** 2).add(variance.mul(mean)).div(variance.add(deviation ** 2)); // prettier-ignore
    };
    const path = tf.tidy(() => trajectory(denoise, tf.tensor4d(start, [2, 2, 2, 1]), sigmaSchedule()));
    // float32 against float64: rounding of states that begin at 80, relative to each state
    for (const [i, state] of states.entries()) {
      expect(relativeError(path[i], state), `step ${i}`).toBeLessThan(1e-5);
    }
  });

  test('five steps with the digits U-Net take the same path', () => {
    const path = tf.tidy(() => {
      const parameters = Object.fromEntries(
        Object.entries(waveParameters(digits)).map(([name, value]) => [name, toTensor(value)]),
      );
      const start: tf.Tensor4D = toTensor(wave([2, 8, 8, 1], 2.3, 0.7, 1.2)).mul(10);
      const denoise: DenoiseAtLevel = (x, sigma) =>
        denoiser.denoise(parameters, x, tf.fill([2], 1).mul(sigma)).denoised;
      return trajectory(denoise, start, recorded.unet.sigmas);
    });
    // float32 rounding through ten network evaluations
    for (const [i, state] of recorded.unet.states.entries()) {
      expect(relativeError(path[i], state), `step ${i}`).toBeLessThan(3e-5);
    }
  });
});

describe('sampling', () => {
  const schedule = { steps: 4, sigmaMin: 0.01, sigmaMax: 10 };
  const draw = async (options: { count?: number; batchSize?: number; seed?: number; compile?: boolean }) => {
    const { compile, ...rest } = options;
    const variables = createVariables(waveParameters(digits), { compile, threads: 1 });
    try {
      return await sampleHeun({ denoiser, variables, count: 5, seed: 3, schedule, ...rest });
    } finally {
      variables.dispose();
    }
  };

  test('a seed gives the same images, compiled or not; another seed gives others', async () => {
    const images = await draw({});
    expect(images.shape).toEqual([5, 8, 8, 1]);
    expect(await draw({})).toEqual(images);
    // the same float32 ops, but in an order that the graph's optimizer may change
    expect(relativeError((await draw({ compile: false })).values, images.values)).toBeLessThan(1e-4);
    expect(relativeError((await draw({ seed: 4 })).values, images.values)).toBeGreaterThan(0.1);
  });

  test('a sampler draws the same again, follows new weights, and records only once', async () => {
    const variables = createVariables(waveParameters(digits), { threads: 1 });
    let denoised = 0;
    const denoise: typeof denoiser.denoise = (...args) => (denoised++, denoiser.denoise(...args));
    const sample = heunSampler({ denoiser: { ...denoiser, denoise }, variables });
    const images = await sample({ count: 5, seed: 3, schedule });
    const recorded = denoised;
    expect(await sample({ count: 5, seed: 3, schedule })).toEqual(images);
    expect(images).toEqual(await draw({}));
    await variables.write(initializeParameters(digits, 1));
    expect(
      relativeError((await sample({ count: 5, seed: 3, schedule })).values, images.values),
    ).toBeGreaterThan(0.1);
    expect(denoised).toBe(recorded);
    variables.dispose();
  });

  test('an image depends on seed and index, not on how many are drawn or in what batches', async () => {
    const images = await draw({ count: 5 });
    const inBatches = await draw({ count: 7, batchSize: 3 });
    // other batch sizes may sum in another order
    expect(relativeError(inBatches.values.slice(0, 5 * 64), images.values)).toBeLessThan(1e-4);
  });

  test('an untrained network, whose F is 0, brings noise to 0 by the factor that c_skip gives', async () => {
    const variables = createVariables(initializeParameters(digits, 1), { threads: 1 });
    const images = await sampleHeun({ denoiser, variables, count: 4, seed: 0 });
    variables.dispose();
    // With D = sd^2 / (s^2 + sd^2) x the flow keeps x / sqrt(s^2 + sd^2) constant: deviation 0.5 at the end
    // (256 draws: 4.4 % standard error; 18 Heun steps are within 2 % of the flow)
    expect(Math.hypot(...images.values) / Math.sqrt(images.values.length)).toBeCloseTo(0.5, 1);
  });

  test('reports its progress and stops between steps when told to', async () => {
    const variables = createVariables(waveParameters(digits), { threads: 1 });
    const shares: number[] = [];
    const stop = new AbortController();
    const before = tf.memory().numTensors;
    const onStep = (share: number) => {
      shares.push(share);
      if (share > 0.6) stop.abort(new Error('enough'));
    };
    const options = { denoiser, variables, count: 4, batchSize: 2, seed: 1, schedule };
    await expect(sampleHeun({ ...options, onStep, signal: stop.signal })).rejects.toThrow('enough');
    expect(shares).toEqual([0.125, 0.25, 0.375, 0.5, 0.625]);
    expect(tf.memory().numTensors).toBe(before);
    variables.dispose();
  });

  test('refuses impossible schedules and counts', async () => {
    expect(() => sigmaSchedule({ sigmaMin: -1 })).toThrow('positive number');
    expect(() => sigmaSchedule({ sigmaMax: NaN })).toThrow('not NaN');
    expect(() => sigmaSchedule({ sigmaMin: 90 })).toThrow('80 is not above 90');
    expect(() => sigmaSchedule({ steps: 1 })).toThrow('at least 2 steps, not 1');
    expect(() => sigmaSchedule({ rho: 0 })).toThrow('rho');
    await expect(draw({ count: 0 })).rejects.toThrow('number of images is a positive integer, not 0');
    await expect(draw({ batchSize: 1.5 })).rejects.toThrow('batch size');
  });
});
