import { expect, test } from 'vitest';
import { initializeParameters } from '../../src/diffusion/network';
import { compile } from '../../src/engine/compile';
import { tf } from '../../src/engine/tensorflow';
import { createVariables } from '../../src/engine/variables';
import { buildModel } from '../../src/experiments/build';
import { resolvePreset } from '../../src/experiments/presets';
import { initialState } from '../../src/training/state';
import { createTrainingStep, imagesName, stepInputs } from '../../src/training/step';
import { wave } from '../reference/wave';

test('1,000 training steps of the default model leave no tensor behind', async () => {
  const before = tf.memory().numTensors;
  const preset = resolvePreset('digits');
  const { training } = preset;
  const { denoiser, noise } = buildModel(preset, [8, 8, 1]);
  const { network } = denoiser;
  const { values } = initialState(initializeParameters(network, 0), network.parameters);
  const images = wave([100, 8, 8, 1], 0.37, 0.1, 0.8);
  const variables = createVariables({ ...values, [imagesName]: images }, { threads: 1 });
  const step = compile(
    createTrainingStep({
      denoiser,
      noise,
      dataset: network,
      config: training,
      seed: 0,
      tensors: variables.tensors,
    }),
    { variables, example: stepInputs(0, training) },
  );
  const recorded = tf.memory().numTensors;
  for (let i = 0; i < 1000; i++) await step(stepInputs(i, training));
  expect(tf.memory().numTensors).toBe(recorded);
  variables.dispose();
  expect(tf.memory().numTensors).toBe(before);
}, 180_000);
