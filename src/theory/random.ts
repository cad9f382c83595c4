/**
 * Seeded random numbers in double precision. TensorFlow's generators make float32; the closed forms divide by sigma^2 down to
 * 4e-6 and want all 53 bits.
 */
import { xoshiro128 } from '../data/permutation';

/** A stream of random numbers; the same seed gives the same stream on every machine. */
export interface RandomSource {
  /** Uniform in [0, 1), 53 bits. */
  uniform(): number;
  /** Standard normal. */
  normal(): number;
  /** Fills an array with standard normal numbers and returns it. */
  fillNormal(array: Float64Array): Float64Array;
}

/** Four 32-bit words of state from one seed (splitmix32), so that neighbouring seeds give unrelated streams. */
function seedState(seed: number): [number, number, number, number] {
  let state = seed | 0;
  const next = () => {
    state = (state + 0x9e3779b9) | 0;
    let word = Math.imul(state ^ (state >>> 16), 0x21f0aaad);
    word = Math.imul(word ^ (word >>> 15), 0x735a2d97);
    return word ^ (word >>> 15);
  };
  return [next(), next(), next(), next()];
}

/**
 * A stream of random numbers from a seed.
 * @param seed an integer; only its lowest 32 bits count
 * @throws RangeError when the seed is not an integer
 */
export function randomSource(seed: number): RandomSource {
  if (!Number.isInteger(seed)) throw new RangeError(`Seed ${seed}: a seed is an integer, such as 0.`);
  const word = xoshiro128(seedState(seed)); // 32 random bits a call
  const uniform = () => ((word() >>> 5) * 67108864 + (word() >>> 6)) / 9007199254740992;
  let spare = NaN;

  /** Box and Muller, 1958: two normal numbers from two uniform ones; the second waits for the next call. */
  const normal = () => {
    if (!Number.isNaN(spare)) {
      const value = spare;
      spare = NaN;
      return value;
    }
    const radius = Math.sqrt(-2 * Math.log(1 - uniform()));
    const angle = 2 * Math.PI * uniform();
    spare = radius * Math.sin(angle);
    return radius * Math.cos(angle);
  };

  const fillNormal = (array: Float64Array) => {
    for (let i = 0; i < array.length; i++) array[i] = normal();
    return array;
  };
  return { uniform, normal, fillNormal };
}
