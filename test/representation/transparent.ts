/** A "network" whose activations are known: its input, and a fifth of it rounded to whole numbers. */
import { afterEach } from 'vitest';
import type { Denoiser } from '../../src/diffusion/denoiser';
import type { Parameters } from '../../src/diffusion/network';
import type { tf } from '../../src/engine/tensorflow';
import { float32Scalar } from '../../src/engine/values';
import { createVariables, type Variables } from '../../src/engine/variables';

const open: Variables[] = [];
afterEach(() => open.splice(0).forEach(variables => variables.dispose()));

/** Of images [8, 8, 1]: layer 'pixels' is the input, 'blurred' worse features; the estimate is half the input. */
export function transparent(): { denoiser: Denoiser; variables: Variables } {
  const variables = createVariables({ gain: float32Scalar(1) });
  open.push(variables);
  const denoiser = {
    network: { imageShape: [8, 8, 1], layers: ['pixels', 'blurred'], parameters: [] },
    denoise: (parameters: Parameters, noisy: tf.Tensor4D) => {
      const pixels = noisy.mul(parameters.gain);
      return { denoised: noisy.mul(0.5), activations: { pixels, blurred: pixels.mul(0.8).round() } };
    },
  } as unknown as Denoiser;
  return { denoiser, variables };
}
