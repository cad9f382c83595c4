/** An ensemble of small multilayer perceptrons that say the class of a pixel from its features. */
import { applyAdam } from '../engine/adam';
import { compile } from '../engine/compile';
import { gatherRows } from '../engine/ops';
import { deriveSeed, randomIntegers, randomNormal } from '../engine/random';
import { tf } from '../engine/tensorflow';
import { toValue } from '../engine/tensors';
import { float32, int32, int32Scalar, type NamedValues, type TensorValue } from '../engine/values';
import { createVariables, type Variables } from '../engine/variables';

/** What the ensemble is, and how it is trained. */
export interface PixelClassifierOptions {
  /** Number of perceptrons. Default 5. */
  readonly members?: number;
  /** Width of the one hidden layer. Default 64. */
  readonly hidden?: number;
  /** Steps of Adam. Default 300. */
  readonly steps?: number;
  /** Pixels of a step, drawn anew for each member. Default 512. */
  readonly batchSize?: number;
  /** Default 5e-3. */
  readonly learningRate?: number;
  /** Determines initial weights and batches. Default 0. */
  readonly seed?: number;
  readonly signal?: AbortSignal;
}

/** The classes [n] of pixels with given features [n, F]. */
export type PixelClassifier = (features: TensorValue) => Promise<Int32Array>;

/**
 * Trains perceptrons h -> softmax(relu(h W1 + b1) W2 + b2) by cross-entropy, all at the same time and each on batches of its own,
 * and hands the classifier to `use`: the class with the largest mean probability. Weights are freed afterwards.
 * @param features [n, F], brought to a common scale before
 * @param classes [n], indices below `classCount`
 * @throws RangeError when a number is not positive, or there is not one class a pixel
 */
export async function withPixelClassifier<T>(
  features: TensorValue,
  classes: Uint8Array,
  classCount: number,
  options: PixelClassifierOptions,
  use: (classify: PixelClassifier) => Promise<T>,
): Promise<T> {
  const settings = { members: 5, hidden: 64, steps: 300, batchSize: 512, learningRate: 5e-3, seed: 0 };
  const resolved = { ...settings, ...options };
  for (const name of ['members', 'hidden', 'steps', 'batchSize', 'learningRate'] as const) {
    if (!(resolved[name] > 0))
      throw new RangeError(`The pixel classifier's ${name} is positive, not ${resolved[name]}.`);
  }
  const [count, width] = features.shape;
  if (features.shape.length !== 2 || classes.length !== count) {
    throw new RangeError(
      `A pixel classifier needs features [n, F] and n classes, not [${features.shape.join(', ')}] and ${classes.length}.`,
    );
  }
  const { members, hidden, steps, batchSize, seed, signal } = resolved;
  const weights = initialWeights(members, [width, hidden, classCount], seed);
  const variables = createVariables({
    ...weights,
    ...momentsOf(weights),
    features,
    classes: int32(Int32Array.from(classes), [count]),
  });
  try {
    const draw = (step: tf.Scalar) =>
      randomIntegers([members, batchSize], count, deriveSeed(seed, 'pixels'), step);
    const train = trainingStep(variables, classCount, resolved.learningRate, draw);
    for (let step = 0; step < steps; step++) await train({ step: int32Scalar(step) }, { signal });
    return await use(classifier(variables));
  } finally {
    variables.dispose();
  }
}

const weightNames = ['weight1', 'bias1', 'weight2', 'bias2'] as const;

/** He's initialization for the hidden layer, Glorot's for the last; biases 0. [members, ...] each. */
export function initialWeights(
  members: number,
  [width, hidden, classes]: readonly [number, number, number],
  seed: number,
): NamedValues {
  const drawn = (shape: number[], deviation: number, name: string) => {
    const values = tf.tidy(() => randomNormal(shape, deriveSeed(seed, name), 0).mul(deviation));
    const value = toValue(values);
    values.dispose();
    return value;
  };
  return {
    weight1: drawn([members, width, hidden], Math.sqrt(2 / width), 'weight1'),
    bias1: float32(new Float32Array(members * hidden), [members, 1, hidden]),
    weight2: drawn([members, hidden, classes], Math.sqrt(2 / (hidden + classes)), 'weight2'),
    bias2: float32(new Float32Array(members * classes), [members, 1, classes]),
  };
}

/** Adam's moments of the weights, at 0. */
export function momentsOf(weights: NamedValues): NamedValues {
  return Object.fromEntries(
    Object.entries(weights).flatMap(([name, { shape, values }]) =>
      ['first', 'second'].map(
        moment => [`${moment}.${name}`, float32(new Float32Array(values.length), shape)] as const,
      ),
    ),
  );
}

/**
 * One step of Adam on the sum of the members' mean cross-entropies, `step` counted from 0.
 * @param variables weights, their moments, `features` [n, F] and `classes` [n]
 * @param draw the pixels [members, B] of a step
 * @returns a compiled function that gives the members' losses [members]
 */
export function trainingStep(
  variables: Variables,
  classCount: number,
  learningRate: number,
  draw: (step: tf.Scalar) => tf.Tensor,
) {
  const { tensors } = variables;
  return compile(
    ({ step }) => {
      const pixels = draw(step as tf.Scalar); // [M, B]
      const rows = pixels.flatten();
      const features = gatherRows(tensors.features, rows).reshape<tf.Tensor3D>([...pixels.shape, -1]); // [M, B, F]
      const classes = gatherRows(tensors.classes, rows).reshape(pixels.shape).toInt();
      const wanted = tf.oneHot(classes, classCount); // [M, B, K]
      const weights = weightNames.map(name => tensors[name]);
      const lossOf = (...values: tf.Tensor[]) => {
        const logProbabilities = tf.logSoftmax(logits(values, features));
        return logProbabilities.mul(wanted).sum(2).mean(1).neg(); // [M]
      };
      const members = tf.ones([pixels.shape[0]]); // their losses are summed
      const { value: losses, grads: gradients } = tf.valueAndGrads(lossOf)(weights, members);
      const slots = weightNames.map((name, i) => ({
        parameter: tensors[name],
        firstMoment: tensors[`first.${name}`],
        secondMoment: tensors[`second.${name}`],
        gradient: gradients[i],
      }));
      applyAdam(slots, { learningRate, step: step.add<tf.Scalar>(tf.scalar(1, 'int32')) });
      return { losses };
    },
    { variables },
  );
}

/** Logits [M, B, K] of features [M, B, F] or [1, B, F]. */
function logits([weight1, bias1, weight2, bias2]: readonly tf.Tensor[], features: tf.Tensor3D): tf.Tensor {
  const hidden = tf
    .matMul(features, weight1 as tf.Tensor3D)
    .add(bias1)
    .relu();
  return tf.matMul(hidden as tf.Tensor3D, weight2 as tf.Tensor3D).add(bias2);
}

function classifier(variables: Variables): PixelClassifier {
  const run = compile(
    ({ features }) => {
      const weights = weightNames.map(name => variables.tensors[name]);
      const [members] = weights[0].shape;
      const shown = tf.tile(features.expandDims<tf.Tensor3D>(0), [members, 1, 1]); // [M, B, F]
      const probabilities = tf.softmax(logits(weights, shown)).mean(0); // [B, K]
      return { classes: probabilities.argMax(1) };
    },
    { variables },
  );
  return async ({ values, shape: [count, width] }) => {
    const found = new Int32Array(count);
    for (let start = 0; start < count; start += largestBatch) {
      const end = Math.min(count, start + largestBatch);
      const features = float32(values.slice(start * width, end * width), [end - start, width]);
      found.set((await run({ features })).classes.values, start);
    }
    return found;
  };
}

/** Pixels that are classified together; changes memory only. */
const largestBatch = 16_384;
