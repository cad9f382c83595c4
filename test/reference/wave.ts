/** Numbers that the reference scripts (`wave` in reference.py) and the tests both compute, so that recorded files stay small. */
import type { TensorValue } from '../../src/engine/values';
import { float32, sizeOf } from '../../src/engine/values';

/** scale * sin(frequency * i + phase) for the row-major index i. */
export function wave(shape: number[], frequency: number, phase: number, scale = 1): TensorValue {
  const values = new Float32Array(sizeOf(shape));
  for (let i = 0; i < values.length; i++) values[i] = scale * Math.sin(frequency * i + phase);
  return float32(values, shape);
}
