/** Networks that predict the noise, v or the image, as denoisers. */
import { tf } from '../../engine/tensorflow';
import type { Preconditioning } from '../../diffusion/preconditioning';
import { type DiffusersSchedule, type Prediction, timestepOf } from './schedule';

/**
 * D(x, sigma) for a network F that sees sqrt(abar) x = x / sqrt(s^2 + 1) and the timestep (v: Salimans and Ho 2022, appendix D):
 * epsilon: x - s F; v: x / (s^2 + 1) - s / sqrt(s^2 + 1) F; sample: F. The loss weight is 1 / c_out^2, so that the loss is the mean
 * squared error of what the network predicts.
 */
export function schedulePreconditioning({ sigmas, prediction }: DiffusersSchedule): Preconditioning {
  return {
    coefficients(sigma) {
      const cIn = imageScale(sigma);
      return { ...outputCoefficients(prediction, sigma), cIn, cNoise: timestepOf(sigmas, sigma) };
    },
    lossWeight: sigma => outputCoefficients(prediction, sigma).cOut.square().reciprocal(),
  };
}

/** sqrt(abar) = 1 / sqrt(s^2 + 1). */
function imageScale(sigma: tf.Tensor1D): tf.Tensor1D {
  return sigma.square().add(1).rsqrt() as tf.Tensor1D;
}

function outputCoefficients(prediction: Prediction, sigma: tf.Tensor1D) {
  switch (prediction) {
    case 'epsilon':
      return { cSkip: tf.onesLike(sigma), cOut: sigma.neg() };
    case 'v_prediction': {
      const scale = imageScale(sigma);
      return { cSkip: scale.square(), cOut: sigma.mul(scale).neg() as tf.Tensor1D };
    }
    case 'sample':
      return { cSkip: tf.zerosLike(sigma), cOut: tf.onesLike(sigma) };
  }
}
