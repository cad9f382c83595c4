/** Numbers that the reference scripts (reference.py, networks.py) and the tests both compute, so that recorded files stay small. */
import type { Network } from '../../src/diffusion/network';
import type { NamedValues, TensorValue } from '../../src/engine/values';
import { float32, sizeOf } from '../../src/engine/values';

/** scale * sin(frequency * i + phase) for the row-major index i. */
export function wave(shape: readonly number[], frequency: number, phase: number, scale = 1): TensorValue {
  const values = new Float32Array(sizeOf(shape));
  for (let i = 0; i < values.length; i++) values[i] = scale * Math.sin(frequency * i + phase);
  return float32(values, shape);
}

/** The parameters that `set_waves` of networks.py gives a network. */
export function waveParameters(network: Network): NamedValues {
  return Object.fromEntries(
    network.parameters.map(({ name, shape }, i) => {
      const scale = shape.length > 1 ? 1.5 / Math.sqrt(sizeOf(shape.slice(0, -1))) : 0.2;
      const { values } = wave(shape, 1.1 + 0.017 * i, 0.5 * i, scale);
      const shift = name.includes('norm') && name.endsWith('weight') ? 1 : 0;
      return [
        name,
        float32(
          values.map(value => value + shift),
          shape,
        ),
      ];
    }),
  );
}
