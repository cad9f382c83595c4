/** How the layers of a network start, before any training. */
import type { InitialValue } from '../diffusion/network';

/**
 * What a layer is for: 'inner'; 'attention', the queries, keys and values; 'residual', the last layer before a skip path is added;
 * 'output', the network's last layer.
 */
export type LayerRole = 'inner' | 'attention' | 'residual' | 'output';

/** Start of a layer's weight and bias, by the numbers of inputs and outputs of one output and input. */
export type Start = (
  fan: { readonly in: number; readonly out: number },
  role: LayerRole,
) => { readonly weight: InitialValue; readonly bias: InitialValue };

/**
 * PyTorch's default, uniform within 1 / sqrt(inputs) of 0 for weights and biases; blocks close to their skip path alone, and an
 * output of 0, so that the denoiser starts as c_skip x.
 */
export const fanInStart: Start = (fan, role) => {
  const uniform = { kind: 'uniform', bound: 1 / Math.sqrt(fan.in) } as const;
  const zeros = { kind: 'zeros' } as const;
  if (role === 'output') return { weight: zeros, bias: zeros };
  return { weight: role === 'residual' ? { kind: 'normal', deviation: 1e-5 } : uniform, bias: uniform };
};

const xavierGains: Record<LayerRole, number> = {
  inner: 1,
  attention: Math.sqrt(0.2),
  residual: 1e-5,
  output: 1e-5,
};

/** EDM's for DDPM++: uniform within sqrt(6 / (inputs + outputs)) ("Xavier") times a gain, biases 0. */
export const xavierStart: Start = (fan, role) => ({
  weight: { kind: 'uniform', bound: xavierGains[role] * Math.sqrt(6 / (fan.in + fan.out)) },
  bias: { kind: 'zeros' },
});
