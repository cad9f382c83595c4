/**
 * The U-Net of DDPM++ as EDM arranges it ("SongUNet"), and a basic one for small images: blocks named by resolution and index, encoder
 * outputs concatenated in the decoder, the noise level embedded and added in every block. The outputs of all blocks are named activations.
 */
import { silu } from '../engine/ops';
import { tf } from '../engine/tensorflow';
import type { DropoutDraw, Network, Parameters, ParameterSpec } from '../diffusion/network';
import { requireInputs, requireLayers, requireParameters } from '../diffusion/network';
import { convolution, convolutionParameters, normalization, normalizationParameters } from './layers';
import { embedNoise, noiseEmbeddingParameters } from './noise-embedding';
import { residualBlock, residualBlockParameters } from './residual-block';
import { planUNet, requireUNetConfig, type UNetConfig, type UNetPlan } from './unet-plan';

export type { UNetConfig, UNetDesign } from './unet-plan';

/**
 * A U-Net of the given shape. Its layers are the encoder's blocks as `enc.32x32_conv`, `enc.32x32_block0`, ... and the decoder's as
 * `8x8_in0`, `8x8_block0`, ..., `16x16_up`, ...
 * @throws RangeError when the configuration is impossible.
 */
export function createUNet(config: UNetConfig): Network {
  requireUNetConfig(config);
  const plan = planUNet(config);
  const network: Network = {
    imageShape: config.imageShape,
    parameters: parametersOf(plan, config),
    layers: [plan.input, ...[...plan.encoder, ...plan.decoder].map(block => block.layer)],
    apply(parameters, x, cNoise, layers = [], dropout) {
      requireLayers(network, layers);
      requireInputs(network, x, cNoise);
      requireParameters(network, parameters);
      return run(plan, parameters, x, cNoise, layers, dropout);
    },
  };
  return network;
}

function parametersOf(plan: UNetPlan, { imageShape: [, , colours], channels }: UNetConfig): ParameterSpec[] {
  const { noise, start, lastChannels } = plan;
  return [
    ...noiseEmbeddingParameters(noise, start),
    ...convolutionParameters(plan.input, 3, { from: colours, to: channels }, { start }),
    ...[...plan.encoder, ...plan.decoder].flatMap(block =>
      residualBlockParameters(block, noise.channels, plan.blocks, start),
    ),
    ...normalizationParameters(plan.outputNormalization, lastChannels),
    ...convolutionParameters(plan.output, 3, { from: lastChannels, to: colours }, { start, role: 'output' }),
  ];
}

function run(
  plan: UNetPlan,
  parameters: Parameters,
  x: tf.Tensor4D,
  cNoise: tf.Tensor1D,
  layers: readonly string[],
  draw?: DropoutDraw,
) {
  const activations: Record<string, tf.Tensor> = {};
  const keep = (layer: string, h: tf.Tensor4D) => {
    if (layers.includes(layer)) activations[layer] = h;
    return h;
  };
  const inputs = { parameters, embedding: embedNoise(plan.noise, parameters, cNoise), draw };
  let h = keep(plan.input, convolution(parameters, plan.input, x));
  const outputs = [h];
  for (const block of plan.encoder) {
    h = keep(block.layer, residualBlock(block, plan.blocks, h, inputs));
    outputs.push(h);
  }
  for (const block of plan.decoder) {
    if (block.joins > 0) h = tf.concat([h, outputs.pop() as tf.Tensor4D], 3);
    h = keep(block.layer, residualBlock(block, plan.blocks, h, inputs));
  }
  h = silu(normalization(parameters, plan.outputNormalization, h, plan.blocks.normalization));
  return { output: convolution(parameters, plan.output, h), activations };
}
