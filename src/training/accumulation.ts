/**
 * A training step in parts: the batch is drawn as a whole and goes through the network a part at a time, while the parts'
 * gradients are summed. The result is that of the whole batch, up to rounding; activations are kept for one part only.
 */
import { type CallOptions, compile } from '../engine/compile';
import { gatherRows } from '../engine/ops';
import { tf } from '../engine/tensorflow';
import { float32, int32Scalar, type NamedValues } from '../engine/values';
import type { Variables } from '../engine/variables';
import type { TrainingConfig } from './config';
import {
  type Batch,
  createTrainingStep,
  differentiate,
  drawBatch,
  type StepOptions,
  stepInputs,
  update,
} from './step';

/** The name of the summed gradient [P], beside the state; zeros between steps. */
export const gradientName = 'gradient';

/** What a training needs besides its state. */
export function initialGradient({ accumulation }: TrainingConfig, parameters: number): NamedValues {
  return accumulation === 1 ? {} : { [gradientName]: float32(new Float32Array(parameters)) };
}

/** A step is not interrupted: training stops between steps, with a state that can be saved. */
const whole: CallOptions = { signal: null };

/** Compiles the step as configured: a function of the step's index (from 0) that resolves to the loss. */
export function compileTrainingStep(
  options: Omit<StepOptions, 'tensors'>,
  variables: Variables,
): (step: number) => Promise<number> {
  const { config } = options;
  const own = { ...options, tensors: variables.tensors };
  if (config.accumulation === 1) {
    const run = compile(createTrainingStep(own), { variables, example: stepInputs(0, config) });
    return async step => (await run(stepInputs(step, config), whole)).loss.values[0];
  }
  const accumulate = compile(createPart(own), { variables, example: partInputs(0, 0) });
  const apply = compile(createUpdate(own), { variables, example: stepInputs(0, config) });
  return async step => {
    let loss = 0;
    for (let part = 0; part < config.accumulation; part++)
      loss += (await accumulate(partInputs(step, part), whole)).loss.values[0];
    await apply(stepInputs(step, config), whole);
    return loss;
  };
}

function partInputs(step: number, part: number): NamedValues {
  return { step: int32Scalar(step), part: int32Scalar(part) };
}

/** Adds a part's share of the batch's gradient; returns its share of the loss. */
function createPart(options: StepOptions) {
  const { accumulation } = options.config;
  const sum = options.tensors[gradientName];
  return ({ step, part }: Record<string, tf.Tensor>): { loss: tf.Tensor } => {
    const batch = partOf(options, drawBatch(options, step as tf.Scalar), part);
    const counter = step.mul(tf.scalar(accumulation, 'int32')).add<tf.Scalar>(part); // each part has dropout of its own
    const { loss, gradient } = differentiate(options, batch, counter);
    sum.assign(sum.add(gradient.div(accumulation)));
    return { loss: loss.div(accumulation) };
  };
}

function partOf({ config }: StepOptions, { images, sigma, noise }: Batch, part: tf.Tensor): Batch {
  const size = config.batchSize / config.accumulation;
  const rows = tf.range(0, size, 1, 'int32').add<tf.Tensor1D>(part.mul(tf.scalar(size, 'int32')));
  return {
    images: gatherRows(images, rows) as tf.Tensor4D,
    sigma: gatherRows(sigma, rows) as tf.Tensor1D,
    noise: gatherRows(noise, rows) as tf.Tensor4D,
  };
}

function createUpdate(options: StepOptions) {
  const sum = options.tensors[gradientName];
  return (inputs: Record<string, tf.Tensor>): Record<string, never> => {
    update(options, inputs, sum.clone());
    sum.assign(tf.zerosLike(sum));
    return {};
  };
}
