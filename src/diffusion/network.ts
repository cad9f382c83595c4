/** The network of a diffusion model as the rest of the library sees it: named parameters, named inner activations, one function. */
import { type Counter, deriveSeed, randomNormal, randomUniform } from '../engine/random';
import { tf } from '../engine/tensorflow';
import type { NamedValues } from '../engine/values';
import { float32 } from '../engine/values';

/** A network's parameters by name: variables while training, plain tensors elsewhere. */
export type Parameters = Record<string, tf.Tensor>;

/** How a parameter starts: constant, normal of mean 0, or uniform in [-bound, bound]. */
export type InitialValue =
  | { readonly kind: 'zeros' }
  | { readonly kind: 'ones' }
  | { readonly kind: 'normal'; readonly deviation: number }
  | { readonly kind: 'uniform'; readonly bound: number };

/** A parameter's name, shape and start. Layouts: convolution [height, width, in, out], linear [in, out]. */
export interface ParameterSpec {
  readonly name: string;
  readonly shape: readonly number[];
  readonly initial: InitialValue;
}

/** What a network computes: its output, and the inner activations that were asked for, by layer name. */
export interface NetworkResult {
  readonly output: tf.Tensor4D; // [B, H, W, C]
  readonly activations: Record<string, tf.Tensor>;
}

/** What dropout is drawn from while a network is trained: a pure function of seed and counter, such as the training step's index. */
export interface DropoutDraw {
  readonly seed: number;
  readonly counter: Counter;
}

/** A network F(x, c_noise) of images; it knows nothing of sigma. */
export interface Network {
  /** Height, width and channels of the images. */
  readonly imageShape: readonly [number, number, number];
  readonly parameters: readonly ParameterSpec[];
  /** Names of the inner activations that `apply` can return, in the order in which they are computed. */
  readonly layers: readonly string[];
  /**
   * F(x, c_noise) for x [B, H, W, C] and one c_noise per image [B], with the activations of `layers` (default: none).
   * @param dropout given in training only: the network's dropout is drawn from it. Without it nothing is dropped.
   * @throws Error on an unknown layer, a missing parameter, or images of another shape.
   */
  apply(
    parameters: Parameters,
    x: tf.Tensor4D,
    cNoise: tf.Tensor1D,
    layers?: readonly string[],
    dropout?: DropoutDraw,
  ): NetworkResult;
}

/** Number of trained numbers of a network. */
export function parameterCount(network: Network): number {
  return network.parameters.reduce((sum, spec) => sum + spec.shape.reduce((a, b) => a * b, 1), 0);
}

/** Starting values of all parameters. Each depends on the seed and its own name only. */
export function initializeParameters(network: Network, seed: number): NamedValues {
  return Object.fromEntries(network.parameters.map(spec => [spec.name, initialize(spec, seed)]));
}

function initialize(spec: ParameterSpec, seed: number) {
  const values = tf.tidy(() => initialTensor(spec, deriveSeed(seed, spec.name)).dataSync<'float32'>());
  return float32(values, spec.shape);
}

function initialTensor({ shape, initial }: ParameterSpec, seed: number): tf.Tensor {
  switch (initial.kind) {
    case 'zeros':
      return tf.zeros([...shape]);
    case 'ones':
      return tf.ones([...shape]);
    case 'normal':
      return randomNormal([...shape], seed, 0).mul(initial.deviation);
    case 'uniform':
      return randomUniform([...shape], seed, 0)
        .mul(2)
        .sub(1)
        .mul(initial.bound);
  }
}

/** @throws RangeError naming the layers that exist, when one of `names` does not. */
export function requireLayers(network: Network, names: readonly string[]): void {
  const unknown = names.filter(name => !network.layers.includes(name));
  if (unknown.length > 0) {
    throw new RangeError(
      `The network has no layer ${unknown.map(name => `'${name}'`).join(', ')}. Its layers are: ${network.layers.join(', ')}.`,
    );
  }
}

/** @throws RangeError when the images x are not of the network's shape, or c_noise is not one number an image. */
export function requireInputs(network: Network, x: tf.Tensor, cNoise: tf.Tensor): void {
  const [height, width, channels] = network.imageShape;
  if (x.rank !== 4 || network.imageShape.some((size, i) => x.shape[i + 1] !== size)) {
    throw new RangeError(
      `The network takes images of shape [batch, ${height}, ${width}, ${channels}], not [${x.shape.join(', ')}].`,
    );
  }
  if (cNoise.rank !== 1 || cNoise.shape[0] !== x.shape[0]) {
    throw new RangeError(
      `${x.shape[0]} images need a noise level each, a tensor of shape [${x.shape[0]}], not [${cNoise.shape.join(', ')}].`,
    );
  }
}

/** @throws Error naming the first parameter that is missing or has another shape than the network's. */
export function requireParameters(network: Network, parameters: Parameters): void {
  for (const { name, shape } of network.parameters) {
    const given = parameters[name]?.shape.join(', ');
    if (given === shape.join(', ')) continue;
    const problem = given === undefined ? 'is missing' : `has shape [${given}]`;
    throw new Error(
      `Parameter '${name}' ${problem}; the network needs [${shape.join(', ')}]. Are these the weights of another configuration?`,
    );
  }
}
