/** Training as TensorFlow.js users write it: tf.variableGrads and tf.train.adam on a variable for each parameter. */
import type { Denoiser } from '../../src/diffusion/denoiser';
import { denoisingLoss } from '../../src/diffusion/loss';
import { initializeParameters } from '../../src/diffusion/network';
import { tf } from '../../src/engine/tensorflow';
import { toTensor } from '../../src/engine/tensors';
import type { TensorValue } from '../../src/engine/values';

/** A function that takes one step on the loss of a batch of the images, updates the weights' average and returns the loss. */
export function stockTrainingStep(denoiser: Denoiser, images: TensorValue, batchSize: number): () => number {
  const data = toTensor(images);
  const weights: Record<string, tf.Variable> = {};
  const averages: Record<string, tf.Variable> = {};
  for (const [name, value] of Object.entries(initializeParameters(denoiser.network, 0))) {
    weights[name] = tf.variable(toTensor(value));
    averages[name] = tf.variable(toTensor(value), false);
  }
  const optimizer = tf.train.adam(4e-3);

  const lossOf = () => {
    const x = tf.gather(data, tf.randomUniform([batchSize], 0, data.shape[0], 'int32')) as tf.Tensor4D;
    const sigma = tf.exp(
      tf.randomNormal<tf.Rank.R1>([batchSize]).mul<tf.Tensor1D>(1.4).sub<tf.Tensor1D>(1.6),
    );
    return denoisingLoss(denoiser, weights, x, sigma, tf.randomNormal<tf.Rank.R4>(x.shape));
  };
  return () =>
    tf.tidy(() => {
      const { value, grads } = tf.variableGrads(lossOf);
      optimizer.applyGradients(Object.entries(grads).map(([name, tensor]) => ({ name, tensor })));
      for (const [name, average] of Object.entries(averages))
        average.assign(average.mul(0.99).add(weights[name].mul(0.01)));
      return value.dataSync()[0];
    });
}
