import { beforeAll, describe, expect, test } from 'vitest';
import { createDenoiser } from '../../src/diffusion/denoiser';
import { denoisingLoss } from '../../src/diffusion/loss';
import { edmPreconditioning } from '../../src/diffusion/preconditioning';
import { applyAdam } from '../../src/engine/adam';
import { compile } from '../../src/engine/compile';
import { tf } from '../../src/engine/tensorflow';
import type { NamedValues } from '../../src/engine/values';
import { float32, float32Scalar, int32Scalar } from '../../src/engine/values';
import { createVariables } from '../../src/engine/variables';
import { createUNet } from '../../src/models/unet';
import { pack, unpack, unpackTensor } from '../../src/training/packing';
import { learningRateAt } from '../../src/training/schedule';
import { relativeError } from '../reference/compare';
import recorded from '../reference/recorded/unet-training.json';
import { wave, waveParameters } from '../reference/wave';

// Expected values: PyTorch in float64 (test/reference/unet_training.py), which says what the inputs of each step are.
const { imageShape, maxGroups, epsilon, ...sizes } = recorded.config;
const network = createUNet({
  ...sizes,
  imageShape: imageShape as [number, number, number],
  normalization: { maxGroups, epsilon },
});
const denoiser = createDenoiser(network, edmPreconditioning({ noiseScale: recorded.noiseScale }));
const layout = network.parameters;

function inputsOf(step: number): NamedValues {
  const shape = [recorded.batch, ...imageShape];
  const levels = wave([recorded.batch], 1.9, 0.4 * step, 1.4).values;
  return {
    images: wave(shape, 0.37, 0.1 + 0.9 * step, 0.8),
    noise: wave(shape, 2.3, 0.7 + 1.3 * step, 1.2),
    sigma: float32(Array.from(levels, level => Math.exp(level - 1.6))),
    step: int32Scalar(step + 1),
    learningRate: float32Scalar(learningRateAt(step, recorded)),
  };
}

interface Training {
  losses: number[];
  /** Of the first step. */
  gradients: NamedValues;
  /** After the last step. */
  weights: NamedValues;
}

async function train(options: { compile: boolean }): Promise<Training> {
  const packed = pack(waveParameters(network), layout);
  const zeros = float32(new Float32Array(packed.values.length));
  const variables = createVariables(
    { parameter: packed, firstMoment: zeros, secondMoment: zeros },
    { ...options, threads: 1 },
  );
  const { parameter, firstMoment, secondMoment } = variables.tensors;
  const step = compile(
    inputs => {
      const [images, noise] = [inputs.images as tf.Tensor4D, inputs.noise as tf.Tensor4D];
      const loss = (weights: tf.Tensor) =>
        denoisingLoss(denoiser, unpackTensor(weights, layout), images, inputs.sigma as tf.Tensor1D, noise);
      const { value, grad: gradient } = tf.valueAndGrad(loss)(parameter);
      applyAdam([{ parameter, firstMoment, secondMoment, gradient }], {
        learningRate: inputs.learningRate as tf.Scalar,
        step: inputs.step as tf.Scalar,
      });
      return { loss: value, gradient };
    },
    { variables },
  );
  const outputs = [];
  for (let i = 0; i < recorded.losses.length; i++) outputs.push(await step(inputsOf(i)));
  const { parameter: trained } = await variables.read();
  variables.dispose();
  return {
    losses: outputs.map(({ loss }) => loss.values[0]),
    gradients: unpack(outputs[0].gradient, layout),
    weights: unpack(trained, layout),
  };
}

type Sampled = Record<string, { norm: number; stride: number; values: number[] }>;

/**
 * The largest error of a tensor in units of its norm, by the sampled elements and by the norm itself. An element counts for
 * at least `unit`: the relative error of a number that happens to pass through zero says nothing.
 */
function largestError(computed: NamedValues, expected: Sampled, unit = 0): number {
  const errors = Object.entries(expected).map(([name, { norm, stride, values }]) => {
    const all = Array.from(computed[name].values);
    const sampled = all.filter((_, i) => i % stride === 0);
    const difference = Math.hypot(...sampled.map((value, i) => value - values[i])) * Math.sqrt(stride);
    const scale = Math.max(norm, unit * Math.sqrt(all.length));
    return Math.max(difference, Math.abs(Math.hypot(...all) - norm)) / scale;
  });
  return Math.max(...errors);
}

const largestDifference = (a: NamedValues, b: NamedValues) =>
  Math.max(...layout.map(({ name }) => relativeError(a[name].values, b[name].values)));

describe('50 training steps of the digits U-Net from the same weights and noise', () => {
  let compiled: Training;
  let eager: Training;
  beforeAll(async () => {
    compiled = await train({ compile: true });
    eager = await train({ compile: false });
  }, 300_000);

  // Float32 sums of up to 144 x 512 products keep about six digits; summing in another order costs another one.
  test('each gradient tensor of the first step agrees: compiled with eager to 1e-5, with PyTorch to 1e-4', () => {
    expect(largestDifference(compiled.gradients, eager.gradients)).toBeLessThan(1e-5);
    expect(largestError(compiled.gradients, recorded.gradients)).toBeLessThan(1e-4);
    expect(largestError(eager.gradients, recorded.gradients)).toBeLessThan(1e-4);
  });

  // Adam divides by the gradient's root mean square, so that rounding in small gradients moves weights by whole steps.
  test('the loss after 50 steps agrees: compiled with eager to 1e-4, with PyTorch to 1e-3', () => {
    const last = ({ losses }: Training) => losses.at(-1)!;
    expect(Math.abs(last(compiled) / last(eager) - 1)).toBeLessThan(1e-4);
    expect(Math.abs(last(compiled) / recorded.losses.at(-1)! - 1)).toBeLessThan(1e-3);
    expect(relativeError(compiled.losses, recorded.losses)).toBeLessThan(1e-3);
  });

  test('each weight tensor then agrees to 1e-3 of its norm, with eager and with PyTorch', () => {
    expect(largestDifference(compiled.weights, eager.weights)).toBeLessThan(1e-3);
    // Adam moves each weight by up to the learning rate in a step; the output's only bias ends a tenth of that from zero.
    expect(largestError(compiled.weights, recorded.weights, recorded.learningRate)).toBeLessThan(1e-3);
  });
});
