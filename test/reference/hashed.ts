/** Numbers like random ones that the reference script diffusers_unet.py and its test both compute, so that recorded files stay small. */
import type { ParameterSpec } from '../../src/diffusion/network';
import type { NamedValues, TensorValue } from '../../src/engine/values';
import { float32, sizeOf } from '../../src/engine/values';

/** Numbers even in [-1, 1): a 32-bit hash (Murmur3's finalizer) of seed and row-major index, over 2^31, less 1. */
export function hashed(shape: readonly number[], seed: number): TensorValue {
  const values = new Float32Array(sizeOf(shape));
  for (let i = 0; i < values.length; i++) {
    let bits = (i + Math.imul(seed, 0x9e3779b1)) | 0;
    bits = Math.imul(bits ^ (bits >>> 16), 0x85ebca6b);
    bits = Math.imul(bits ^ (bits >>> 13), 0xc2b2ae35);
    values[i] = ((bits ^ (bits >>> 16)) >>> 0) / 2 ** 31 - 1;
  }
  return float32(values, shape);
}

/**
 * Parameters in the order of `names`, the i-th from hashed numbers of seed i: weights times sqrt(3 / inputs), which keeps the size of
 * activations, vectors times 0.2; scales of normalizations are shifted by 1.
 */
export function hashedParameters(specs: readonly ParameterSpec[], names: readonly string[]): NamedValues {
  const shapes = new Map(specs.map(({ name, shape }) => [name, shape]));
  return Object.fromEntries(
    names.map((name, i) => {
      const shape = shapes.get(name) ?? [];
      const scale = shape.length > 1 ? Math.sqrt(3 / sizeOf(shape.slice(0, -1))) : 0.2;
      const shift = name.includes('norm') && name.endsWith('weight') ? 1 : 0;
      return [
        name,
        float32(
          hashed(shape, i).values.map(value => value * scale + shift),
          shape,
        ),
      ];
    }),
  );
}
