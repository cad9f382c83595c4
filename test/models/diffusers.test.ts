import fs from 'node:fs/promises';
import path from 'node:path';
import { describe, expect, test } from 'vitest';
import { createDenoiser, type Denoiser } from '../../src/diffusion/denoiser';
import { parameterCount } from '../../src/diffusion/network';
import { compile } from '../../src/engine/compile';
import { tf } from '../../src/engine/tensorflow';
import { float32, type NamedValues } from '../../src/engine/values';
import { createVariables } from '../../src/engine/variables';
import { loadDiffusers } from '../../src/models/diffusers/load';
import { readSettings } from '../../src/models/diffusers/folder';
import { schedulePreconditioning } from '../../src/models/diffusers/preconditioning';
import { readSchedule, timestepOf } from '../../src/models/diffusers/schedule';
import { createUNet2D } from '../../src/models/diffusers/unet';
import { readUNetConfig } from '../../src/models/diffusers/unet-config';
import { hashed, hashedParameters } from '../reference/hashed';
import cifar10 from '../reference/recorded/diffusers-cifar10.json';
import digits from '../reference/recorded/diffusers-digits.json';
import flat from '../reference/recorded/diffusers-flat.json';
import heads from '../reference/recorded/diffusers-heads.json';
import plain from '../reference/recorded/diffusers-plain.json';
import recordedSchedules from '../reference/recorded/diffusers-schedules.json';
import { withTemporaryFolder } from '../store/temporary';

type Sampled = { norm: number; stride: number; values: number[] };
type Recorded = Omit<typeof digits, 'activations'> & { activations: Record<string, Sampled> };

/** The error of the recorded elements, scaled to all, and that of the norm; both relative to the norm. */
function expectAlike(given: ArrayLike<number>, name: string, { norm, stride, values }: Sampled) {
  const errors = values.map((value, i) => given[i * stride] - value);
  const error = Math.hypot(...errors) * Math.sqrt(given.length / values.length);
  expect(error / norm, name).toBeLessThan(1e-4);
  const length = Math.sqrt(Array.from(given).reduce((sum, value) => sum + value * value, 0));
  expect(Math.abs(length / norm - 1), `norm of ${name}`).toBeLessThan(1e-4);
}

/** The network's output and all its activations for the images as they are, and denoised images at several noise levels. */
async function evaluate(denoiser: Denoiser, weights: NamedValues, recorded: Recorded) {
  const { network } = denoiser;
  const shape = [recorded.timesteps.length, ...network.imageShape];
  const variables = createVariables(weights);
  const raw = compile(
    ({ images, timesteps }) => {
      const { output, activations } = network.apply(
        variables.tensors,
        images as tf.Tensor4D,
        timesteps as tf.Tensor1D,
        network.layers,
      );
      return { output, ...activations };
    },
    { variables },
  );
  const denoise = compile(
    ({ images, noise, sigma }) => {
      const noisy: tf.Tensor4D = images.add(noise.mul(sigma.reshape([-1, 1, 1, 1])));
      return { denoised: denoiser.denoise(variables.tensors, noisy, sigma as tf.Tensor1D).denoised };
    },
    { variables },
  );
  const images = hashed(shape, 1000);
  const computed = await raw({ images, timesteps: float32(recorded.timesteps) });
  const denoised: ArrayLike<number>[] = [];
  for (const { sigma } of recorded.denoised) {
    const inputs = { images, noise: hashed(shape, 1001), sigma: float32([sigma, sigma]) };
    denoised.push((await denoise(inputs)).denoised.values);
  }
  variables.dispose();
  return { computed, denoised };
}

/** float32 rounding through some 40 modules, and of timesteps of up to 999, relative to the norm: below 1e-4. */
async function expectParity(denoiser: Denoiser, weights: NamedValues, recorded: Recorded) {
  const { computed, denoised } = await evaluate(denoiser, weights, recorded);
  expectAlike(computed.output.values, 'output', recorded.output);
  expect(denoiser.network.layers).toEqual(Object.keys(recorded.activations));
  for (const [layer, expected] of Object.entries(recorded.activations)) {
    expectAlike(computed[layer].values, layer, expected);
  }
  recorded.denoised.forEach((expected, i) =>
    expectAlike(denoised[i], `denoised at sigma ${expected.sigma}`, expected),
  );
}

// Expected values: diffusers itself in float64 (test/reference/diffusers_unet.py).
describe('a UNet2DModel computes what diffusers does: output, every module, denoised images', () => {
  test.each([
    ['DDPM for CIFAR-10: epsilon, linear', cifar10],
    ['heads of 4 channels, v, cosine, a scaled middle', heads],
    ['no attention, the image, scaled linear', plain],
    ['no middle, one resolution, given betas', flat],
  ])('%s', async (_, recorded) => {
    const network = createUNet2D(readUNetConfig(recorded.unet, 'config.json'));
    expect(parameterCount(network)).toBe(recorded.parameterCount);
    const weights = hashedParameters(network.parameters, recorded.parameterNames);
    const schedule = readSchedule(recorded.scheduler, 'scheduler_config.json');
    const denoiser = createDenoiser(network, schedulePreconditioning(schedule));
    await expectParity(denoiser, weights, recorded);
  });

  test('a pipeline that diffusers trained and saved', async () => {
    const folder = path.join(__dirname, '../../notebooks/models/ddpm-digits');
    const { denoiser, weights } = await loadDiffusers(folder);
    await expectParity(denoiser, weights, digits);
  });
});

test('the DDPM of CIFAR-10 has 35.7 million parameters', () => {
  expect(Math.round(parameterCount(createUNet2D(readUNetConfig(cifar10.unet, ''))) / 1e5) / 10).toBe(35.7);
});

describe('noise schedules', () => {
  test.each(recordedSchedules.schedules.map(schedule => [schedule.name, schedule] as const))(
    '%s has the noise levels of its betas',
    async (_, { config, count, stride, sigmas }) => {
      const computed = await withTemporaryFolder(async folder => {
        const file = path.join(folder, 'scheduler_config.json');
        await fs.writeFile(file, config);
        return readSchedule(await readSettings(file), file).sigmas;
      });
      expect(computed).toHaveLength(count);
      // Both in float64, products of up to 1000 factors.
      sigmas.forEach((sigma, i) => expect(Math.abs(computed[i * stride] / sigma - 1)).toBeLessThan(1e-9));
    },
  );

  test('between timesteps sigma is interpolated in its logarithm, beyond them it is the first or last', () => {
    const { sigmas } = readSchedule({ _class_name: 'DDPMScheduler' }, '');
    const { fractional } = recordedSchedules;
    const timesteps = tf.tidy(() => timestepOf(sigmas, tf.tensor1d(fractional.sigmas)).dataSync());
    // float32: ln sigma to 5e-7 where neighbours are 0.01 apart, and timesteps to 6e-5
    fractional.timesteps.forEach((expected, i) =>
      expect(Math.abs(timesteps[i] - expected)).toBeLessThan(3e-4),
    );
  });
});
