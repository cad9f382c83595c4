/** Adam's update of many parameters at once: TensorFlow's fused op in a compiled function, plain ops eagerly. */
import { activeRecorder } from './recorder';
import { tf } from './tensorflow';

/** One parameter with its gradient and its moments, all of one shape. */
export interface AdamSlot {
  readonly parameter: tf.Variable;
  readonly firstMoment: tf.Variable;
  readonly secondMoment: tf.Variable;
  readonly gradient: tf.Tensor;
}

/** Settings of one Adam update (Kingma & Ba 2015, algorithm 1, as PyTorch's `torch.optim.Adam` computes it). */
export interface AdamStep {
  readonly learningRate: tf.Scalar | number;
  /** Number of this update, from 1, as an int32 or float32 scalar. */
  readonly step: tf.Scalar;
  /** Decay of the first moment; default 0.9. */
  readonly beta1?: number;
  /** Decay of the second moment; default 0.999. */
  readonly beta2?: number;
  /** Added to the root of the bias-corrected second moment; default 1e-8. */
  readonly epsilon?: number;
}

/** Updates every slot's parameter and moments in place. */
export function applyAdam(
  slots: readonly AdamSlot[],
  { learningRate, step, beta1 = 0.9, beta2 = 0.999, epsilon = 1e-8 }: AdamStep,
): void {
  const recorder = activeRecorder();
  tf.tidy(() => {
    // 1 - beta^t, by expm1: in float32 1 - 0.999 alone would lose five digits.
    const count = step.toFloat();
    const correction1 = count.mul(Math.log(beta1)).expm1().neg();
    const correction2 = count.mul(Math.log(beta2)).expm1().neg().sqrt();
    // lr m^/(sqrt(v^) + eps) = lr c2/c1 m / (sqrt(v) + eps c2): one rate and one epsilon serve all parameters.
    const rate = tf.mul(learningRate, correction2.div(correction1));
    const offset = correction2.mul(epsilon);
    if (recorder) {
      const zero = tf.scalar(0); // TensorFlow's own bias correction (powers of beta) switched off: `rate` has it
      const settings = [zero, zero, rate, tf.scalar(beta1), tf.scalar(beta2), offset];
      for (const { parameter, firstMoment, secondMoment, gradient } of slots) {
        recorder.update(
          'ResourceApplyAdam',
          [parameter, firstMoment, secondMoment],
          [...settings, gradient],
          {},
        );
      }
      return;
    }
    for (const { parameter, firstMoment, secondMoment, gradient } of slots) {
      firstMoment.assign(firstMoment.mul(beta1).add(gradient.mul(1 - beta1)));
      secondMoment.assign(secondMoment.mul(beta2).add(gradient.square().mul(1 - beta2)));
      parameter.assign(parameter.sub(rate.mul(firstMoment).div(secondMoment.sqrt().add(offset))));
    }
  });
}
