/** A U-Net written down block by block; its parameters and its computation both follow this plan. */
import { groupsOf, type Normalization } from './layers';
import { type NoiseEmbedding, waveFrequencies } from './noise-embedding';
import { type BlockSettings, edmBlockNames, type ResidualBlock } from './residual-block';
import { fanInStart, type Start, xavierStart } from './starts';

/** The shape of a U-Net. */
export interface UNetConfig {
  /** Height, width and channels of the images; height and width must halve once for every multiplier but the first. */
  readonly imageShape: readonly [number, number, number];
  /** See {@link UNetDesign}. Default 'basic'. */
  readonly design?: UNetDesign;
  /** Channels at the full resolution, before the multiplier. A multiple of 4, such that groups divide the channels of all blocks. */
  readonly channels: number;
  /** Channels at each resolution, from the full one down, as multiples of `channels`. */
  readonly multipliers: readonly number[];
  /** Residual blocks at each resolution of the encoder; the decoder has one more. */
  readonly blocks: number;
  /** Heights at which all blocks of the encoder and the last of the decoder have self-attention. Default: none. */
  readonly attentionResolutions?: readonly number[];
  /** Probability with which a block's inner activations are dropped in training. Default 0. */
  readonly dropout?: number;
  /** Sines and cosines that the noise level is turned into. Even. Default: `channels`. */
  readonly noiseChannels?: number;
  /** Group normalization. Default: the design's. */
  readonly normalization?: Normalization;
}

/**
 * 'ddpm++' is EDM's "SongUNet" to the letter: two blocks at the lowest resolution begin the decoder, the first with attention, and
 * skip paths that halve or double have a convolution. 'basic' does without, with one block there, for small images.
 */
export type UNetDesign = 'basic' | 'ddpm++';

interface Design {
  readonly normalization: Normalization;
  /** See waveFrequencies. */
  readonly frequencyShift: 0 | 1;
  /** The blocks that begin the decoder: does each attend? */
  readonly innermost: readonly boolean[];
  /** Whether skip paths that halve or double have a convolution. */
  readonly projectsResampled: boolean;
  readonly start: Start;
}

const designs: Record<UNetDesign, Design> = {
  basic: {
    normalization: { maxGroups: 8, epsilon: 1e-5 },
    frequencyShift: 0,
    innermost: [false],
    projectsResampled: false,
    start: fanInStart,
  },
  'ddpm++': {
    normalization: { maxGroups: 32, epsilon: 1e-6 },
    frequencyShift: 1,
    innermost: [true, false],
    projectsResampled: true,
    start: xavierStart,
  },
};

/** A block whose output is a named activation. */
export interface NamedBlock extends ResidualBlock {
  readonly layer: string;
}

/** A decoder block; `joins` is the number of channels of the encoder output concatenated to its input, if any. */
export interface DecoderBlock extends NamedBlock {
  readonly joins: number;
}

/** The plan. */
export interface UNetPlan {
  readonly noise: NoiseEmbedding;
  readonly blocks: BlockSettings;
  readonly start: Start;
  /** The first convolution, also the name of its activation. */
  readonly input: string;
  readonly encoder: readonly NamedBlock[];
  readonly decoder: readonly DecoderBlock[];
  readonly outputNormalization: string;
  readonly output: string;
  /** Channels that leave the last decoder block. */
  readonly lastChannels: number;
}

/** The plan of a configuration. */
export function planUNet(config: UNetConfig): UNetPlan {
  const { channels, multipliers, noiseChannels = channels } = config;
  const design = designs[config.design ?? 'basic'];
  const { encoder, outputs } = planEncoder(config, design);
  return {
    noise: {
      frequencies: waveFrequencies(noiseChannels / 2, design.frequencyShift),
      channels: 4 * channels,
      layers: ['map_layer0', 'map_layer1'],
    },
    blocks: {
      normalization: config.normalization ?? design.normalization,
      dropout: config.dropout ?? 0,
      skipScale: Math.SQRT1_2,
      names: edmBlockNames,
    },
    start: design.start,
    input: `enc.${resolution(config, 0)}_conv`,
    encoder,
    decoder: planDecoder(config, design, outputs),
    outputNormalization: `dec.${resolution(config, 0)}_aux_norm`,
    output: `dec.${resolution(config, 0)}_aux_conv`,
    lastChannels: channels * multipliers[0],
  };
}

function resolution({ imageShape: [height, width] }: UNetConfig, level: number): string {
  return `${height >> level}x${width >> level}`;
}

function attendsAt({ imageShape: [height], attentionResolutions = [] }: UNetConfig, level: number): boolean {
  return attentionResolutions.includes(height >> level);
}

/** The encoder's blocks, and the channels of all its outputs (the first convolution's included). */
function planEncoder(config: UNetConfig, { projectsResampled }: Design) {
  const encoder: NamedBlock[] = [];
  const outputs = [config.channels];
  const add = (name: string, block: Omit<NamedBlock, 'name' | 'layer'>) => {
    encoder.push({ name: `enc.${name}`, layer: `enc.${name}`, ...block });
    outputs.push(block.to);
  };
  let from = config.channels;
  for (const [level, multiplier] of config.multipliers.entries()) {
    const at = resolution(config, level);
    const attends = attendsAt(config, level);
    if (level > 0) add(`${at}_down`, { from, to: from, resample: 'down', projectsSkip: projectsResampled });
    for (let i = 0; i < config.blocks; i++) {
      const to = config.channels * multiplier;
      add(`${at}_block${i}`, { from, to, projectsSkip: from !== to, attends });
      from = to;
    }
  }
  return { encoder, outputs };
}

function planDecoder(config: UNetConfig, design: Design, encoderOutputs: readonly number[]): DecoderBlock[] {
  const { channels, multipliers, blocks } = config;
  const decoder: DecoderBlock[] = [];
  const waiting = [...encoderOutputs];
  const add = (layer: string, block: Omit<DecoderBlock, 'name' | 'layer'>) =>
    decoder.push({ name: `dec.${layer}`, layer, ...block });
  let from = waiting[waiting.length - 1];
  const last = multipliers.length - 1;
  for (let level = last; level >= 0; level--) {
    const at = resolution(config, level);
    const same = { from, to: from, joins: 0 };
    if (level === last) {
      design.innermost.forEach((attends, i) =>
        add(`${at}_in${i}`, { ...same, projectsSkip: false, attends }),
      );
    } else {
      add(`${at}_up`, { ...same, resample: 'up', projectsSkip: design.projectsResampled });
    }
    for (let i = 0; i <= blocks; i++) {
      const to = channels * multipliers[level];
      const joins = waiting.pop() as number;
      const attends = i === blocks && attendsAt(config, level);
      add(`${at}_block${i}`, { from: from + joins, to, joins, projectsSkip: from + joins !== to, attends });
      from = to;
    }
  }
  return decoder;
}

/** @throws RangeError naming what is impossible. */
export function requireUNetConfig(config: UNetConfig): void {
  const { imageShape, channels, multipliers, blocks, noiseChannels = channels, normalization } = config;
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
  integer(normalization?.maxGroups ?? 1, 'normalization.maxGroups');
  integer(normalization?.minGroupSize ?? 1, 'normalization.minGroupSize');
  if (channels % 4 !== 0)
    throw new RangeError(`A U-Net's channels must be a multiple of 4, not ${channels}.`);
  if (noiseChannels % 2 !== 0)
    throw new RangeError(`A U-Net's noiseChannels must be even, not ${noiseChannels}.`);
  requireResolutions(config);
  requireDesign(config);
  requireGroups(config);
}

function requireResolutions({ imageShape, multipliers, attentionResolutions = [] }: UNetConfig): void {
  const halvings = multipliers.length - 1;
  const [height, width] = imageShape;
  if (height % 2 ** halvings !== 0 || width % 2 ** halvings !== 0) {
    throw new RangeError(
      `Images of ${height}x${width} cannot be halved ${halvings} times: give fewer multipliers, or resize the images.`,
    );
  }
  const heights = multipliers.map((_, level) => height >> level);
  const absent = attentionResolutions.find(resolution => !heights.includes(resolution));
  if (absent !== undefined) {
    throw new RangeError(
      `A U-Net for ${height}x${width} with ${multipliers.length} multipliers has no resolution ${absent} for attention: its heights are ${heights.join(', ')}.`,
    );
  }
}

function requireDesign({ design = 'basic', dropout = 0 }: UNetConfig): void {
  if (!Object.hasOwn(designs, design)) {
    throw new RangeError(
      `A U-Net's design is ${Object.keys(designs).join(' or ')}, not ${JSON.stringify(design)}.`,
    );
  }
  if (!(dropout >= 0 && dropout < 1)) {
    throw new RangeError(`A U-Net's dropout is a probability from 0 to below 1, not ${dropout}.`);
  }
}

/** Groups must divide whatever is normalized: the channels of a block's input, often of two outputs joined, and of its output. */
function requireGroups(config: UNetConfig): void {
  const { channels, multipliers } = config;
  const wrong = undividedChannels(config);
  if (wrong === undefined) return;
  const { normalization } = planUNet(config).blocks;
  const valid = [-4, 4].flatMap(step => nearestChannels(config, step) ?? []);
  throw new RangeError(
    `A U-Net of ${channels} channels with the multipliers ${multipliers.join(', ')} normalizes ${wrong} channels, which cannot be divided into ${groupsOf(wrong, normalization)} groups. Give ${valid.join(' or ')} channels.`,
  );
}

/** Channels that groups do not divide; undefined where they divide all. */
function undividedChannels(config: UNetConfig): number | undefined {
  const { encoder, decoder, blocks } = planUNet(config);
  const normalized = [...encoder, ...decoder].flatMap(({ from, to }) => [from, to]);
  return normalized.find(channels => channels % groupsOf(channels, blocks.normalization) !== 0);
}

/** The nearest number of channels that groups divide, upwards or downwards in steps of 4; undefined where there is none. */
function nearestChannels(config: UNetConfig, step: number): number | undefined {
  const { maxGroups, minGroupSize = 4 } = planUNet(config).blocks.normalization;
  const whole = 4 * maxGroups * minGroupSize; // groups divide any multiple of it, whatever the multipliers
  const most = config.channels + whole;
  for (let channels = config.channels + step; channels > 0 && channels <= most; channels += step) {
    if (undividedChannels({ ...config, channels }) === undefined) return channels;
  }
  return undefined;
}
