/** Floating point numbers of 16 bits, as weights are stored to save space. */

/** The numbers of IEEE 754 half precision, "F16": 1 sign, 5 exponent and 10 fraction bits. */
export function fromHalf(bits: Uint16Array): Float32Array {
  return Float32Array.from(bits, halfOf);
}

function halfOf(bits: number): number {
  const sign = bits & 0x8000 ? -1 : 1;
  const exponent = (bits >> 10) & 0x1f;
  const fraction = (bits & 0x3ff) / 1024;
  if (exponent === 0) return sign * fraction * 2 ** -14; // subnormal
  if (exponent === 0x1f) return fraction === 0 ? sign * Infinity : NaN;
  return sign * (1 + fraction) * 2 ** (exponent - 15);
}

/** The numbers of "BF16": the upper half of a float32. */
export function fromBfloat16(bits: Uint16Array): Float32Array {
  return new Float32Array(Uint32Array.from(bits, half => half << 16).buffer);
}
