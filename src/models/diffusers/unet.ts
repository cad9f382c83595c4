/** The network of a UNet2DModel of diffusers. */
import { biasAdd, silu, upsample2x } from '../../engine/ops';
import { tf } from '../../engine/tensorflow';
import type { Network, Parameters, ParameterSpec } from '../../diffusion/network';
import { requireInputs, requireLayers, requireParameters } from '../../diffusion/network';
import { convolution, convolutionParameters, normalization, normalizationParameters } from '../layers';
import { embedNoise, noiseEmbeddingParameters } from '../noise-embedding';
import { type BlockInputs, residualBlock, residualBlockParameters } from '../residual-block';
import { fanInStart } from '../starts';
import { attention, attentionParameters } from './attention';
import type { UNet2DConfig } from './unet-config';
import { type Module, planUNet2D, type UNet2DPlan } from './unet-plan';

/**
 * The network; its c_noise is the timestep, which may lie between whole ones. Parameters and layers are named as diffusers names its
 * modules: `conv_in`, `down_blocks.0.resnets.0`, `mid_block.attentions.0`, `up_blocks.0.upsamplers.0`, ...
 */
export function createUNet2D(config: UNet2DConfig): Network {
  const plan = planUNet2D(config);
  const network: Network = {
    imageShape: config.imageShape,
    parameters: parametersOf(plan, config),
    layers: ['conv_in', ...plan.modules.map(module => module.name)],
    apply(parameters, x, timestep, layers = [], draw) {
      requireLayers(network, layers);
      requireInputs(network, x, timestep);
      requireParameters(network, parameters);
      const embedding = embedNoise(plan.noise, parameters, timestep);
      return run(plan, config, { parameters, embedding, draw }, x, layers);
    },
  };
  return network;
}

function parametersOf(
  { noise, modules }: UNet2DPlan,
  { imageShape, channels }: UNet2DConfig,
): ParameterSpec[] {
  const [, , colours] = imageShape;
  return [
    ...convolutionParameters('conv_in', 3, { from: colours, to: channels[0] }),
    ...noiseEmbeddingParameters(noise),
    ...modules.flatMap(module => moduleParameters(module, noise.channels)),
    ...normalizationParameters('conv_norm_out', channels[0]),
    ...convolutionParameters('conv_out', 3, { from: channels[0], to: colours }, { role: 'output' }),
  ];
}

function moduleParameters(module: Module, embedding: number): ParameterSpec[] {
  switch (module.kind) {
    case 'residual':
      return residualBlockParameters(module, embedding, module.settings, fanInStart);
    case 'attention':
      return attentionParameters(module);
    case 'upsampling':
    case 'downsampling':
      return convolutionParameters(`${module.name}.conv`, 3, { from: module.to, to: module.to });
  }
}

function run(
  { modules }: UNet2DPlan,
  config: UNet2DConfig,
  inputs: BlockInputs,
  x: tf.Tensor4D,
  layers: readonly string[],
) {
  const { parameters } = inputs;
  const activations: Record<string, tf.Tensor> = {};
  const keep = (layer: string, h: tf.Tensor4D) => {
    if (layers.includes(layer)) activations[layer] = h;
    return h;
  };
  let h = keep('conv_in', convolution(parameters, 'conv_in', x));
  const saved = [h];
  for (const module of modules) {
    if (module.kind === 'residual' && module.joins) h = tf.concat([h, saved.pop() as tf.Tensor4D], 3);
    h = keep(module.name, computed(module, config, inputs, h));
    if (module.saved) saved.push(h);
  }
  const norm = { maxGroups: config.groups, minGroupSize: 1, epsilon: config.epsilon };
  h = silu(normalization(parameters, 'conv_norm_out', h, norm));
  return { output: convolution(parameters, 'conv_out', h), activations };
}

function computed(module: Module, config: UNet2DConfig, inputs: BlockInputs, h: tf.Tensor4D): tf.Tensor4D {
  const { parameters } = inputs;
  switch (module.kind) {
    case 'residual':
      return residualBlock(module, module.settings, h, inputs);
    case 'attention':
      return attention(parameters, module, h);
    case 'upsampling':
      return convolution(parameters, `${module.name}.conv`, upsample2x(h));
    case 'downsampling':
      return halvingConvolution(parameters, `${module.name}.conv`, h, config.downsamplePadding);
  }
}

/** A convolution of every other pixel, with `padding` rows and columns of zeros above and to the left. */
function halvingConvolution(
  parameters: Parameters,
  name: string,
  x: tf.Tensor4D,
  padding: 0 | 1,
): tf.Tensor4D {
  const weight = parameters[`${name}.weight`] as tf.Tensor4D;
  // Heights and widths are even: of a row of zeros on every side, the one below and to the right is never reached.
  const padded = tf.pad(x, [
    [0, 0],
    [padding, 1 - padding],
    [padding, 1 - padding],
    [0, 0],
  ]);
  return biasAdd(tf.conv2d(padded, weight, 2, 'valid'), parameters[`${name}.bias`]);
}
