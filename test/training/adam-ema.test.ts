import { describe, expect, test } from 'vitest';
import { applyAdam } from '../../src/engine/adam';
import { compile } from '../../src/engine/compile';
import type { tf } from '../../src/engine/tensorflow';
import { float32, float32Scalar, int32Scalar, type NamedValues } from '../../src/engine/values';
import { createVariables } from '../../src/engine/variables';
import { emaDecayAt, learningRateAt } from '../../src/training/schedule';
import { follow } from '../../src/training/step';
import { pack, unpack } from '../../src/training/packing';
import { initialState } from '../../src/training/state';
import recorded from '../reference/recorded/adam-ema.json';

const settings = {
  ...recorded,
  warmUpSteps: recorded.warmupSteps,
  emaHalfLife: recorded.halfLifeImages,
};
const names = ['matrix', 'vector'] as const;
const layout = names.map(name => ({ name, shape: recorded.shapes[name] }));
type ByName = Record<(typeof names)[number], number[]>;

function valuesOf(flat: ByName): NamedValues {
  return Object.fromEntries(names.map(name => [name, float32(flat[name], recorded.shapes[name])]));
}

test('warm-up and averaging weights are those of the reference', () => {
  recorded.rates.forEach((rate, step) => expect(learningRateAt(step, settings)).toBeCloseTo(rate, 12));
  recorded.emaBetas.forEach((beta, step) => expect(emaDecayAt(step, settings)).toBeCloseTo(beta, 12));
});

test('without warm-up the learning rate is full from the first step', () => {
  expect(learningRateAt(0, { learningRate: 0.1, warmUpSteps: 0 })).toBe(0.1);
});

describe.each([true, false])('Adam with warm-up and averaging, compiled: %s', isCompiled => {
  test('20 steps give the weights and averages of torch.optim.Adam', async () => {
    const variables = createVariables(initialState(valuesOf(recorded.initial), layout).values, {
      compile: isCompiled,
    });
    const step = compile(inputs => updateOnce(variables.tensors, inputs), { variables });
    for (let i = 0; i < recorded.rates.length; i++) {
      await step({
        gradient: pack(valuesOf(recorded.gradients[i]), layout),
        step: int32Scalar(i + 1),
        learningRate: float32Scalar(learningRateAt(i, settings)),
        emaDecay: float32Scalar(emaDecayAt(i, settings)),
      });
      const values = await variables.read();
      expectClose(unpack(values.raw, layout), recorded.parameters[i]);
      expectClose(unpack(values.ema, layout), recorded.ema[i]);
    }
    variables.dispose();
  });
});

function updateOnce(tensors: Readonly<Record<string, tf.Variable>>, inputs: Record<string, tf.Tensor>) {
  const { raw: parameter, 'adam.m': firstMoment, 'adam.v': secondMoment, ema } = tensors;
  const scalars = { learningRate: inputs.learningRate as tf.Scalar, step: inputs.step as tf.Scalar };
  applyAdam([{ parameter, firstMoment, secondMoment, gradient: inputs.gradient }], {
    ...settings,
    ...scalars,
  });
  follow(ema, parameter, inputs.emaDecay as tf.Scalar);
  return { step: inputs.step.toFloat() };
}

/** float32 against float64: the steps are about 1e-3, the weights about 1, rounding accumulates over 20 steps. */
const tolerance = 1e-6;

function expectClose(given: NamedValues, expected: ByName): void {
  for (const name of names) {
    expected[name].forEach((value, i) => {
      expect(Math.abs(given[name].values[i] - value), `${name}[${i}]`).toBeLessThan(tolerance);
    });
  }
}
