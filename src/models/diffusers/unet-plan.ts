/** A UNet2DModel written down module by module, under the names that diffusers gives them; parameters and computation follow it. */
import { type NoiseEmbedding, waveFrequencies } from '../noise-embedding';
import type { BlockNames, BlockSettings, ResidualBlock } from '../residual-block';
import type { AttentionModule } from './attention';
import type { UNet2DConfig } from './unet-config';

/** A "ResnetBlock2D". */
export interface ResidualModule extends ResidualBlock {
  readonly kind: 'residual';
  readonly settings: BlockSettings;
  /** Whether an output of the encoder is concatenated to its input. */
  readonly joins: boolean;
}

/** A convolution before which height and width are doubled, or which halves them: "Upsample2D", "Downsample2D". */
export interface ResamplingModule {
  readonly kind: 'upsampling' | 'downsampling';
  readonly name: string;
  readonly to: number;
}

/** A module of the plan; its output, of `to` channels, is a named activation. */
export type Module = (ResidualModule | AttentionModule | ResamplingModule) & {
  /** Whether the decoder gets its output as well. */
  readonly saved: boolean;
};

/** The plan. */
export interface UNet2DPlan {
  readonly noise: NoiseEmbedding;
  /** In the order in which they are computed, between conv_in, whose output is saved, and conv_norm_out. */
  readonly modules: readonly Module[];
}

/** The plan of a configuration. */
export function planUNet2D(config: UNet2DConfig): UNet2DPlan {
  const { channels, frequencyShift, firstWave, embeddingChannels } = config;
  const encoder = planEncoder(config);
  const saved = [channels[0], ...encoder.filter(module => module.saved).map(module => module.to)];
  return {
    noise: {
      frequencies: waveFrequencies(channels[0] / 2, frequencyShift),
      first: firstWave,
      channels: embeddingChannels,
      layers: ['time_embedding.linear_1', 'time_embedding.linear_2'],
    },
    modules: [...encoder, ...planMiddle(config), ...planDecoder(config, saved)],
  };
}

function planEncoder(config: UNet2DConfig): Module[] {
  const { channels, encoderAttends, layers } = config;
  const encoder: Module[] = [];
  let from = channels[0];
  for (const [level, to] of channels.entries()) {
    const block = `down_blocks.${level}`;
    for (let i = 0; i < layers; i++) {
      const attends = encoderAttends[level];
      encoder.push(residual(config, `${block}.resnets.${i}`, { from, to, saved: !attends }));
      if (attends) encoder.push(attention(config, `${block}.attentions.${i}`, to, { saved: true }));
      from = to;
    }
    if (level < channels.length - 1) {
      encoder.push({ kind: 'downsampling', name: `${block}.downsamplers.0`, to, saved: true });
    }
  }
  return encoder;
}

function planMiddle(config: UNet2DConfig): Module[] {
  const { channels, middle } = config;
  if (!middle) return [];
  const to = channels[channels.length - 1];
  const resnet = (i: number) => residual(config, `mid_block.resnets.${i}`, { from: to, to, ...middle });
  const attentions = middle.attends ? [attention(config, 'mid_block.attentions.0', to, middle)] : [];
  return [resnet(0), ...attentions, resnet(1)];
}

/** @param saved channels of the encoder's outputs, the last of which are joined first */
function planDecoder(config: UNet2DConfig, saved: readonly number[]): Module[] {
  const channels = [...config.channels].reverse();
  const waiting = [...saved];
  const decoder: Module[] = [];
  let before = channels[0];
  for (const [level, to] of channels.entries()) {
    const block = `up_blocks.${level}`;
    for (let i = 0; i <= config.layers; i++) {
      const from = before + (waiting.pop() as number);
      decoder.push(residual(config, `${block}.resnets.${i}`, { from, to, joins: true }));
      if (config.decoderAttends[level]) decoder.push(attention(config, `${block}.attentions.${i}`, to));
      before = to;
    }
    if (level < channels.length - 1) {
      decoder.push({ kind: 'upsampling', name: `${block}.upsamplers.0`, to, saved: false });
    }
  }
  return decoder;
}

const blockNames: BlockNames = {
  norm0: 'norm1',
  conv0: 'conv1',
  affine: 'time_emb_proj',
  norm1: 'norm2',
  conv1: 'conv2',
  skip: 'conv_shortcut',
};

interface ResidualOptions {
  readonly from: number;
  readonly to: number;
  readonly joins?: boolean;
  readonly saved?: boolean;
  readonly divisor?: number;
}

function residual(
  { groups, epsilon, dropout }: UNet2DConfig,
  name: string,
  { from, to, joins = false, saved = false, divisor = 1 }: ResidualOptions,
): Module {
  const normalization = { maxGroups: groups, minGroupSize: 1, epsilon };
  const settings = { normalization, dropout, skipScale: 1 / divisor, names: blockNames };
  return { kind: 'residual', name, from, to, projectsSkip: from !== to, settings, joins, saved };
}

interface AttentionOptions {
  readonly saved?: boolean;
  readonly groups?: number;
  readonly divisor?: number;
}

function attention(
  config: UNet2DConfig,
  name: string,
  to: number,
  { saved = false, groups = config.groups, divisor = 1 }: AttentionOptions = {},
): Module {
  const heads = to / (config.headChannels ?? to);
  const normalization = { maxGroups: groups, minGroupSize: 1, epsilon: config.epsilon };
  return { kind: 'attention', name, to, heads, normalization, divisor, saved };
}
