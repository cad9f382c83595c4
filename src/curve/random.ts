/** Seeded random numbers in plain JavaScript, for resampling; the networks' own come from TensorFlow. */

/**
 * Uniform numbers in [0, 1) from a seed: sfc32 (Chris Doty-Humphrey, PractRand), a 128-bit generator of few operations.
 * @throws RangeError when the seed is not a safe integer.
 */
export function seededRandom(seed: number): () => number {
  if (!Number.isSafeInteger(seed)) {
    throw new RangeError(`A seed must be a whole number, but it is ${seed}. Give for example 0.`);
  }
  let a = seed | 0;
  let b = Math.floor(seed / 2 ** 32) | 0;
  let c = 0x9e3779b9;
  let counter = 1;
  const next = () => {
    const value = (((a + b) | 0) + counter) | 0;
    counter = (counter + 1) | 0;
    a = b ^ (b >>> 9);
    b = (c + (c << 3)) | 0;
    c = ((c << 21) | (c >>> 11)) + value;
    return (value >>> 0) / 2 ** 32;
  };
  // Similar seeds start alike; a dozen rounds part them.
  for (let i = 0; i < 12; i++) next();
  return next;
}
