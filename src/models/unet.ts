/**
 * The U-Net of DDPM++ as EDM arranges it ("SongUNet"): blocks named by resolution and index, encoder outputs concatenated in the
 * decoder, the noise level embedded and added in every block. The outputs of the decoder's blocks are its named activations.
 */
import { silu } from '../engine/ops';
import { tf } from '../engine/tensorflow';
import type { Network, Parameters, ParameterSpec } from '../diffusion/network';
import { requireInputs, requireLayers, requireParameters } from '../diffusion/network';
import type { Normalization } from './layers';
import {
  convolution,
  convolutionParameters,
  linear,
  linearParameters,
  normalization,
  normalizationParameters,
} from './layers';
import type { ResidualBlock } from './residual-block';
import { residualBlock, residualBlockParameters } from './residual-block';

/** The shape of a U-Net. */
export interface UNetConfig {
  /** Height, width and channels of the images; height and width must halve once for every multiplier but the first. */
  readonly imageShape: readonly [number, number, number];
  /** Channels at the full resolution, before the multiplier. A multiple of 4. */
  readonly channels: number;
  /** Channels at each resolution, from the full one down, as multiples of `channels`. */
  readonly multipliers: readonly number[];
  /** Residual blocks at each resolution of the encoder; the decoder has one more. */
  readonly blocks: number;
  /** Sines and cosines that the noise level is turned into. Even. Default: `channels`. */
  readonly noiseChannels?: number;
  /** Group normalization. Default: at most 8 groups, epsilon 1e-5. */
  readonly normalization?: Normalization;
}

/** A decoder block; `joins` is the number of channels of the encoder output concatenated to its input, if any. */
interface DecoderBlock extends ResidualBlock {
  readonly layer: string;
  readonly joins: number;
}

/** The network written down block by block; parameters and computation both follow it. */
interface Plan {
  readonly embedding: number;
  readonly noiseChannels: number;
  readonly normalization: Normalization;
  readonly input: string;
  readonly encoder: readonly ResidualBlock[];
  readonly decoder: readonly DecoderBlock[];
  readonly outputNormalization: string;
  readonly output: string;
  /** Channels that leave the last decoder block. */
  readonly lastChannels: number;
}

/**
 * A U-Net of the given shape.
 * @throws RangeError when the configuration is impossible.
 */
export function createUNet(config: UNetConfig): Network {
  requireConfig(config);
  const plan = planUNet(config);
  const network: Network = {
    imageShape: config.imageShape,
    parameters: parametersOf(plan, config),
    layers: plan.decoder.map(block => block.layer),
    apply(parameters, x, cNoise, layers = []) {
      requireLayers(network, layers);
      requireInputs(network, x, cNoise);
      requireParameters(network, parameters);
      return run(plan, parameters, x, cNoise, layers);
    },
  };
  return network;
}

function planUNet(config: UNetConfig): Plan {
  const { channels, multipliers } = config;
  const [height, width] = config.imageShape;
  const resolution = (level: number) => `${height >> level}x${width >> level}`;
  const { encoder, outputs } = planEncoder(config, resolution);
  return {
    embedding: 4 * channels,
    noiseChannels: config.noiseChannels ?? channels,
    normalization: config.normalization ?? { maxGroups: 8, epsilon: 1e-5 },
    input: `enc.${resolution(0)}_conv`,
    encoder,
    decoder: planDecoder(config, resolution, outputs),
    outputNormalization: `dec.${resolution(0)}_aux_norm`,
    output: `dec.${resolution(0)}_aux_conv`,
    lastChannels: channels * multipliers[0],
  };
}

/** The encoder's blocks, and the channels of all its outputs (the first convolution's included). */
function planEncoder(config: UNetConfig, resolution: (level: number) => string) {
  const encoder: ResidualBlock[] = [];
  const outputs = [config.channels];
  const add = (block: ResidualBlock) => outputs.push(encoder[encoder.push(block) - 1].to);
  let from = config.channels;
  for (const [level, multiplier] of config.multipliers.entries()) {
    if (level > 0) add({ name: `enc.${resolution(level)}_down`, from, to: from, resample: 'down' });
    for (let i = 0; i < config.blocks; i++) {
      const to = config.channels * multiplier;
      add({ name: `enc.${resolution(level)}_block${i}`, from, to });
      from = to;
    }
  }
  return { encoder, outputs };
}

function planDecoder(config: UNetConfig, resolution: (level: number) => string, encoderOutputs: number[]) {
  const decoder: DecoderBlock[] = [];
  const waiting = [...encoderOutputs];
  const add = (layer: string, from: number, to: number, joins: number, resample?: 'up') =>
    decoder.push({ layer, name: `dec.${layer}`, from: from + joins, to, joins, resample });
  let from = waiting[waiting.length - 1];
  const last = config.multipliers.length - 1;
  for (let level = last; level >= 0; level--) {
    if (level === last) add(`${resolution(level)}_in0`, from, from, 0);
    else add(`${resolution(level)}_up`, from, from, 0, 'up');
    for (let i = 0; i <= config.blocks; i++) {
      const to = config.channels * config.multipliers[level];
      add(`${resolution(level)}_block${i}`, from, to, waiting.pop() as number);
      from = to;
    }
  }
  return decoder;
}

function parametersOf(plan: Plan, { imageShape: [, , colours], channels }: UNetConfig): ParameterSpec[] {
  const zeros = { kind: 'zeros' } as const;
  return [
    ...linearParameters('map_layer0', plan.noiseChannels, plan.embedding),
    ...linearParameters('map_layer1', plan.embedding, plan.embedding),
    ...convolutionParameters(plan.input, 3, { from: colours, to: channels }),
    ...[...plan.encoder, ...plan.decoder].flatMap(block => residualBlockParameters(block, plan.embedding)),
    ...normalizationParameters(plan.outputNormalization, plan.lastChannels),
    // F starts at 0, so that the denoiser starts as c_skip x.
    ...convolutionParameters(
      plan.output,
      3,
      { from: plan.lastChannels, to: colours },
      { weight: zeros, bias: zeros },
    ),
  ];
}

function run(
  plan: Plan,
  parameters: Parameters,
  x: tf.Tensor4D,
  cNoise: tf.Tensor1D,
  layers: readonly string[],
) {
  const activations: Record<string, tf.Tensor> = {};
  const embedding = embedNoise(plan, parameters, cNoise); // [B, E]
  let h = convolution(parameters, plan.input, x);
  const outputs = [h];
  for (const block of plan.encoder) {
    h = residualBlock(block, parameters, h, embedding, plan.normalization);
    outputs.push(h);
  }
  for (const block of plan.decoder) {
    if (block.joins > 0) h = tf.concat([h, outputs.pop() as tf.Tensor4D], 3);
    h = residualBlock(block, parameters, h, embedding, plan.normalization);
    if (layers.includes(block.layer)) activations[block.layer] = h;
  }
  h = silu(normalization(parameters, plan.outputNormalization, h, plan.normalization));
  return { output: convolution(parameters, plan.output, h), activations };
}

/** Sines and cosines of c_noise at frequencies 10000^(-i / half), then two linear layers with SiLU. */
function embedNoise(plan: Plan, parameters: Parameters, cNoise: tf.Tensor1D): tf.Tensor2D {
  const half = plan.noiseChannels / 2;
  const frequencies = Array.from({ length: half }, (_, i) => 10_000 ** (-i / half));
  const angles = tf.outerProduct(cNoise, tf.tensor1d(frequencies)); // [B, half]
  const waves = tf.concat([angles.sin(), angles.cos()], 1); // [B, noiseChannels]
  return silu(linear(parameters, 'map_layer1', silu(linear(parameters, 'map_layer0', waves))));
}

function requireConfig(config: UNetConfig): void {
  const { imageShape, channels, multipliers, blocks, noiseChannels = channels } = config;
  const integer = (value: number, name: string, minimum = 1) => {
    if (!Number.isInteger(value) || value < minimum) {
      throw new RangeError(`A U-Net's ${name} must be an integer of at least ${minimum}, not ${value}.`);
    }
  };
  for (const size of imageShape) integer(size, 'image height, width and channels');
  integer(channels, 'channels', 4);
  integer(blocks, 'blocks');
  integer(noiseChannels, 'noiseChannels', 2);
  integer(multipliers.length, 'number of multipliers');
  for (const multiplier of multipliers) integer(multiplier, 'multipliers');
  if (channels % 4 !== 0)
    throw new RangeError(`A U-Net's channels must be a multiple of 4, not ${channels}.`);
  if (noiseChannels % 2 !== 0)
    throw new RangeError(`A U-Net's noiseChannels must be even, not ${noiseChannels}.`);
  const factor = 2 ** (multipliers.length - 1);
  const [height, width] = imageShape;
  if (height % factor !== 0 || width % factor !== 0) {
    throw new RangeError(
      `Images of ${height}x${width} cannot be halved ${multipliers.length - 1} times: give fewer multipliers, or resize the images.`,
    );
  }
}
