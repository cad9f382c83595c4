/**
 * Random numbers as pure functions of a seed and a counter, drawn by TensorFlow's stateless generators (Philox): the same
 * pair gives the same numbers, eagerly or compiled, whatever was drawn before. A training step passes its step number as
 * the counter, so that a run can be repeated and resumed.
 */
import { executeOp, typeAttribute } from './backend';
import { tf } from './tensorflow';

/** An integer, or an int32 scalar tensor where the counter is an input of a compiled function. */
export type Counter = number | tf.Scalar;

/** Standard normal float32 numbers of the given shape. */
export function randomNormal(shape: number[], seed: number, counter: Counter): tf.Tensor {
  return draw('StatelessRandomNormal', 'float32', shape, seed, counter);
}

/** Uniform float32 numbers in [0, 1) of the given shape. */
export function randomUniform(shape: number[], seed: number, counter: Counter): tf.Tensor {
  return draw('StatelessRandomUniform', 'float32', shape, seed, counter);
}

/**
 * Uniform int32 numbers in [0, maximum) of the given shape.
 * @throws RangeError when `maximum` is not a positive integer.
 */
export function randomIntegers(shape: number[], maximum: number, seed: number, counter: Counter): tf.Tensor {
  if (!Number.isInteger(maximum) || maximum < 1) {
    throw new RangeError(`Random integers are drawn below a positive integer, not ${maximum}.`);
  }
  return tf.tidy(() =>
    draw('StatelessRandomUniformInt', 'int32', shape, seed, counter, [
      tf.scalar(0, 'int32'),
      tf.scalar(maximum, 'int32'),
    ]),
  );
}

/** A seed for an independent stream of random numbers: one for each named purpose of a run's seed. */
export function deriveSeed(seed: number, name: string): number {
  if (!Number.isInteger(seed)) throw new RangeError(`A seed is an integer, not ${seed}.`);
  // FNV-1a over the name, started from the seed, then the finalizer of MurmurHash3 to spread neighbouring seeds.
  let hash = Math.imul(seed ^ 0x811c9dc5, 0x01000193) ^ Math.trunc(seed / 2 ** 32);
  for (let i = 0; i < name.length; i++) hash = Math.imul(hash ^ name.charCodeAt(i), 0x01000193);
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35);
  return (hash ^ (hash >>> 16)) & 0x7fffffff;
}

function draw(
  op: string,
  dtype: 'float32' | 'int32',
  shape: number[],
  seed: number,
  counter: Counter,
  bounds: tf.Tensor[] = [],
): tf.Tensor {
  if (!Number.isInteger(seed)) throw new RangeError(`A seed is an integer, not ${seed}.`);
  return tf.tidy(() => {
    const key =
      typeof counter === 'number'
        ? tf.tensor1d([seed | 0, counter], 'int32')
        : tf.stack([tf.scalar(seed | 0, 'int32'), counter]); // [2]
    const attributes = [
      typeAttribute('dtype', dtype),
      typeAttribute('T', 'int32'),
      typeAttribute('Tseed', 'int32'),
    ];
    const [values] = executeOp(op, attributes, [tf.tensor1d(shape, 'int32'), key, ...bounds], 1);
    return values;
  });
}
