/** The configuration of diffusers' UNet2DModel, read from its config.json. */
import type { Settings } from './folder';
import {
  count,
  listOf,
  number,
  oneOf,
  type Option,
  orNull,
  positive,
  readOptions,
  required,
} from './options';

/** The shape of a UNet2DModel. Its blocks are counted from the full resolution down, and in the decoder back up. */
export interface UNet2DConfig {
  /** Height, width and channels of the images. */
  readonly imageShape: readonly [number, number, number];
  /** Channels of the blocks of the encoder; each but the last halves height and width at its end. */
  readonly channels: readonly number[];
  /** Does each block of the encoder attend? */
  readonly encoderAttends: readonly boolean[];
  readonly decoderAttends: readonly boolean[];
  /** Residual layers of a block of the encoder; the decoder's have one more. */
  readonly layers: number;
  /** The block between them, if there is one: whether it attends, the groups of its attention's normalization, what its sums are divided by. */
  readonly middle?: { readonly attends: boolean; readonly groups: number; readonly divisor: number };
  /** Channels of an attention head; null for one head of all. */
  readonly headChannels: number | null;
  /** Of the group normalizations. */
  readonly groups: number;
  readonly epsilon: number;
  /** Of the convolutions that halve: rows and columns of zeros on all sides, or (0) one below and one to the right. */
  readonly downsamplePadding: 0 | 1;
  readonly dropout: number;
  /** Of the noise level's embedding: see waveFrequencies. */
  readonly frequencyShift: number;
  readonly firstWave: 'sin' | 'cos';
  readonly embeddingChannels: number;
}

const size: Option<number | readonly number[]> = {
  fallback: undefined as unknown as number,
  accepts: value => sizesOf(value).length === 2 && sizesOf(value).every(count(1).accepts),
  supported: 'the height and width of the images, a number or a pair; write it into the file',
};

/** Every option of UNet2DModel in diffusers 0.35, but `num_train_timesteps`, which only learned embeddings have. */
const options = {
  _class_name: required(oneOf('UNet2DModel')),
  sample_size: size,
  in_channels: count(3),
  out_channels: count(3),
  center_input_sample: oneOf(false),
  time_embedding_type: oneOf('positional'),
  time_embedding_dim: orNull(count(1)),
  freq_shift: count(0, 0),
  flip_sin_to_cos: oneOf(true, false),
  down_block_types: listOf(oneOf('DownBlock2D', 'AttnDownBlock2D'), [
    'DownBlock2D',
    'AttnDownBlock2D',
    'AttnDownBlock2D',
    'AttnDownBlock2D',
  ]),
  mid_block_type: oneOf('UNetMidBlock2D', null),
  up_block_types: listOf(oneOf('UpBlock2D', 'AttnUpBlock2D'), [
    'AttnUpBlock2D',
    'AttnUpBlock2D',
    'AttnUpBlock2D',
    'UpBlock2D',
  ]),
  block_out_channels: listOf(count(1), [224, 448, 672, 896]),
  layers_per_block: count(2),
  mid_block_scale_factor: positive(1),
  downsample_padding: oneOf(1, 0),
  downsample_type: oneOf('conv'),
  upsample_type: oneOf('conv'),
  dropout: number(0, value => value >= 0 && value < 1, 'a probability from 0 to below 1'),
  act_fn: oneOf('silu', 'swish'),
  attention_head_dim: orNull(count(1), 8),
  norm_num_groups: count(32),
  attn_norm_num_groups: orNull(count(1)),
  norm_eps: positive(1e-5),
  resnet_time_scale_shift: oneOf('default'),
  add_attention: oneOf(true, false),
  class_embed_type: oneOf(null),
  num_class_embeds: oneOf(null),
};

/**
 * The configuration in the settings of a config.json.
 * @param file names it in errors
 * @throws RangeError naming an option that is not supported, with what is, or options that contradict each other
 */
export function readUNetConfig(settings: Settings, file: string): UNet2DConfig {
  const given = readOptions(settings, options, file);
  const [height, width] = sizesOf(given.sample_size);
  const config: UNet2DConfig = {
    imageShape: [height, width, given.in_channels],
    channels: given.block_out_channels,
    encoderAttends: given.down_block_types.map(type => type === 'AttnDownBlock2D'),
    decoderAttends: given.up_block_types.map(type => type === 'AttnUpBlock2D'),
    layers: given.layers_per_block,
    middle:
      given.mid_block_type === null
        ? undefined
        : {
            attends: given.add_attention,
            groups: given.attn_norm_num_groups ?? given.norm_num_groups,
            divisor: given.mid_block_scale_factor,
          },
    headChannels: given.attention_head_dim,
    groups: given.norm_num_groups,
    epsilon: given.norm_eps,
    downsamplePadding: given.downsample_padding,
    dropout: given.dropout,
    frequencyShift: given.freq_shift,
    firstWave: given.flip_sin_to_cos ? 'cos' : 'sin',
    embeddingChannels: given.time_embedding_dim ?? 4 * given.block_out_channels[0],
  };
  const contradiction = contradictionIn(config, given.out_channels);
  if (contradiction) throw new RangeError(`${file}: ${contradiction}.`);
  return config;
}

function sizesOf(size: unknown): readonly number[] {
  return (Array.isArray(size) ? size : [size, size]) as number[];
}

/** What contradicts itself, or is possible in diffusers only; undefined when nothing does. */
function contradictionIn(config: UNet2DConfig, outChannels: number): string | undefined {
  const { imageShape, channels, encoderAttends, decoderAttends, groups, middle } = config;
  const [height, width, colours] = imageShape;
  const halvings = channels.length - 1;
  if (outChannels !== colours) {
    return `out_channels is ${outChannels} and in_channels ${colours}; supported are networks whose output is one image, without variances`;
  }
  if (encoderAttends.length !== channels.length || decoderAttends.length !== channels.length) {
    return `block_out_channels has ${channels.length} elements, down_block_types ${encoderAttends.length} and up_block_types ${decoderAttends.length}; they are equally long`;
  }
  if (height % 2 ** halvings !== 0 || width % 2 ** halvings !== 0) {
    return `images of ${height}x${width} (sample_size) cannot be halved ${halvings} times, once for each of block_out_channels but the last`;
  }
  if (channels[0] % 2 !== 0) return `the first of block_out_channels, ${channels[0]}, is not even`;
  return (
    indivisible(channels, 'norm_num_groups', groups) ??
    indivisible(channels.slice(-1), 'attn_norm_num_groups', middle?.groups ?? 1) ??
    indivisible(attendingChannels(config), 'attention_head_dim', config.headChannels ?? 1)
  );
}

function attendingChannels({ channels, encoderAttends, decoderAttends, middle }: UNet2DConfig): number[] {
  const last = channels.length - 1;
  return channels.filter(
    (_, i) => encoderAttends[i] || decoderAttends[last - i] || (i === last && middle?.attends),
  );
}

function indivisible(channels: readonly number[], name: string, divisor: number): string | undefined {
  const wrong = channels.find(count => count % divisor !== 0);
  return wrong === undefined
    ? undefined
    : `${wrong} of block_out_channels is not a multiple of ${name}, ${divisor}`;
}
