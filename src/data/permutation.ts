/**
 * Seeded random order: the generator xoshiro128** (Blackman and Vigna, "Scrambled linear pseudorandom number generators",
 * 2021) and the Fisher-Yates shuffle. Plain JavaScript, so that which images belong to a split depends on the seed alone:
 * not on TensorFlow, its version or the device.
 */

/** The next of a sequence of uniform integers in [0, 2^32). */
export type RandomIntegers = () => number;

/** xoshiro128** from a state of four 32-bit integers, not all zero. */
export function xoshiro128(state: readonly [number, number, number, number]): RandomIntegers {
  let [a, b, c, d] = state;
  return () => {
    const result = Math.imul(rotate(Math.imul(b, 5), 7), 9) >>> 0;
    const shifted = b << 9;
    c ^= a;
    d ^= b;
    b ^= c;
    a ^= d;
    c ^= shifted;
    d = rotate(d, 11);
    return result;
  };
}

/**
 * The integers 0 .. count - 1 in an order that the seed decides, every order equally likely.
 * @param seed any integer from 0 to 2^53 - 1
 * @throws RangeError when `count` or `seed` is not such an integer
 */
export function permutation(count: number, seed: number): Int32Array {
  if (!Number.isInteger(count) || count < 0 || count > 0x7fffffff) {
    throw new RangeError(`A permutation orders a whole number of things, not ${count}.`);
  }
  const below = integersBelow(seed);
  const order = Int32Array.from({ length: count }, (_, i) => i);
  for (let i = count - 1; i > 0; i--) {
    const j = below(i + 1);
    [order[i], order[j]] = [order[j], order[i]];
  }
  return order;
}

/**
 * A sequence of uniform integers, each in [0, limit) of its call: draws in the last, incomplete multiple of the limit are drawn again.
 * @param seed any integer from 0 to 2^53 - 1
 * @throws RangeError when `seed` is not such an integer
 */
export function integersBelow(seed: number): (limit: number) => number {
  const next = xoshiro128(stateOf(seed));
  return limit => {
    const complete = 2 ** 32 - (2 ** 32 % limit);
    let draw = next();
    while (draw >= complete) draw = next();
    return draw % limit;
  };
}

/** Four well-mixed words from one seed, so that neighbouring seeds give unrelated orders. */
function stateOf(seed: number): [number, number, number, number] {
  if (!Number.isSafeInteger(seed) || seed < 0) {
    throw new RangeError(`A seed is an integer from 0 to 2^53 - 1, not ${seed}.`);
  }
  const low = mix(seed | 0);
  const high = mix(Math.trunc(seed / 2 ** 32) ^ low);
  // The last word is odd, so the state is never all zero.
  return [mix(high + 0x9e3779b9), mix(high + 0x3c6ef372), mix(high + 0xdaa66d2b), mix(low ^ high) | 1];
}

/** The finalizer of MurmurHash3. */
function mix(word: number): number {
  let hash = Math.imul(word ^ (word >>> 16), 0x85ebca6b);
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35);
  return hash ^ (hash >>> 16);
}

function rotate(word: number, bits: number): number {
  return (word << bits) | (word >>> (32 - bits));
}
