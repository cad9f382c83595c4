import fs from 'node:fs/promises';
import path from 'node:path';
import { describe, expect, test } from 'vitest';
import { denoiseImages } from '../../src/diffusion/denoise';
import { tf } from '../../src/engine/tensorflow';
import { toValue } from '../../src/engine/tensors';
import type { NamedValues } from '../../src/engine/values';
import { createVariables } from '../../src/engine/variables';
import { openModel } from '../../src/experiments/open-model';
import { isDiffusersFolder } from '../../src/models/diffusers/folder';
import { type DiffusersModel, loadDiffusers } from '../../src/models/diffusers/load';
import { createUNet2D } from '../../src/models/diffusers/unet';
import { readUNetConfig } from '../../src/models/diffusers/unet-config';
import { saveSafetensors } from '../../src/store/safetensors';
import { toTensor } from '../reference/compare';
import { hashed, hashedParameters } from '../reference/hashed';
import flat from '../reference/recorded/diffusers-flat.json';
import { withTemporaryFolder } from '../store/temporary';

const unet = flat.unet;
const scheduler = { _class_name: 'DDPMScheduler' };
const network = createUNet2D(readUNetConfig(unet, 'config.json'));
const parameters = hashedParameters(network.parameters, flat.parameterNames);
const weightsName = 'diffusion_pytorch_model.safetensors';

/** In PyTorch's layout: convolution [out, in, height, width], linear [out, in]. */
function torchWeights(rename = (name: string) => name): NamedValues {
  const convert = (name: string) => {
    const tensor = tf.tidy(() => {
      const ours = toTensor(parameters[name]);
      return ours.rank === 4 ? ours.transpose([3, 2, 0, 1]) : ours.transpose();
    });
    const value = toValue(tensor);
    tensor.dispose();
    return value;
  };
  return Object.fromEntries(Object.keys(parameters).map(name => [rename(name), convert(name)]));
}

/** Writes files: objects as JSON, texts as they are, tensors as safetensors. */
async function write(folder: string, files: Readonly<Record<string, unknown>>): Promise<void> {
  for (const [name, content] of Object.entries(files)) {
    const file = path.join(folder, name);
    await fs.mkdir(path.dirname(file), { recursive: true });
    if (name.endsWith('.safetensors') && typeof content !== 'string') {
      await saveSafetensors(file, content as NamedValues);
    } else {
      await fs.writeFile(file, typeof content === 'string' ? content : JSON.stringify(content));
    }
  }
}

/** A folder with the given files, loaded. */
function load(files: Readonly<Record<string, unknown>>, part = '.', options = {}): Promise<DiffusersModel> {
  return withTemporaryFolder(async folder => {
    await write(folder, files);
    return loadDiffusers(path.join(folder, part), options);
  });
}

const weights = torchWeights();
const whole = { 'config.json': unet, 'scheduler_config.json': scheduler, [weightsName]: weights };

describe('a folder is read', () => {
  const pipeline = {
    'model_index.json': {},
    'unet/config.json': unet,
    [`unet/${weightsName}`]: weights,
    'scheduler/scheduler_config.json': scheduler,
  };
  const bare = { 'config.json': unet, [weightsName]: weights };
  const former = torchWeights(name =>
    name
      .replace('to_q', 'query')
      .replace('to_k', 'key')
      .replace('to_v', 'value')
      .replace('to_out.0', 'proj_attn'),
  );

  test.each([
    ['of a pipeline', pipeline],
    ['of a pipeline with everything in one place', { ...whole, 'model_index.json': {} }],
    ['of the network in a pipeline', pipeline, 'unet'],
    ['of a network, with its schedule given', bare, '.', { scheduler }],
    ['with the former names of attention', { ...whole, [weightsName]: former }],
    [
      'with weights named as those of 16 bits',
      { ...whole, [weightsName]: undefined, 'diffusion_pytorch_model.fp16.safetensors': weights },
    ],
  ])('%s', async (_, files: Record<string, unknown>, part?: string, options?: object) => {
    const given = Object.fromEntries(Object.entries(files).filter(([, content]) => content !== undefined));
    const before = tf.memory().numTensors;
    const loaded = await load(given, part, options);
    expect(tf.memory().numTensors).toBe(before);
    expect(loaded.weights).toEqual(parameters);
    expect(loaded.sigmas).toHaveLength(1000);
  });

  test('as a model that is opened by name, like a run', async () => {
    await withTemporaryFolder(async root => {
      const folder = path.join(root, 'ddpm');
      await write(folder, whole);
      const { name, denoiser, weights } = await openModel(folder, { root });
      expect(name).toBe('ddpm');
      const variables = createVariables(await weights());
      const images = hashed([3, 6, 6, 2], 0);
      const denoised = await denoiseImages({ denoiser, variables, images, sigma: 0.5 });
      expect(denoised.shape).toEqual([3, 6, 6, 2]);
      variables.dispose();
      await expect(openModel(folder, { root, step: 3 })).rejects.toThrow(/not those of step 3/);
    });
  });

  test('and told from the folder of a run, which has a config.json too', async () => {
    await withTemporaryFolder(async folder => {
      await write(folder, { 'config.json': {}, 'run.json': {} });
      expect(isDiffusersFolder(folder)).toBe(false);
      await fs.rm(path.join(folder, 'run.json'));
      expect(isDiffusersFolder(folder)).toBe(true);
      expect(isDiffusersFolder(path.join(folder, 'none'))).toBe(false);
    });
  });
});

describe('what does not work is refused with the reason', () => {
  test.each([
    [
      'of another class',
      { _class_name: 'UNet2DConditionModel' },
      /_class_name = "UNet2DConditionModel"\. Supported: "UNet2DModel"/,
    ],
    ['of no class', { _class_name: undefined }, /config\.json has no _class_name/],
    [
      'of unknown size',
      { sample_size: null },
      /sample_size = null\. Supported: the height and width.*write it/,
    ],
    [
      'with other blocks',
      { down_block_types: ['SkipDownBlock2D'] },
      /\["SkipDownBlock2D"\]\. Supported: .*"DownBlock2D" or "AttnDownBlock2D"/,
    ],
    ['with classes', { num_class_embeds: 10 }, /num_class_embeds = 10\. Supported: null/],
    ['with an embedded class', { class_embed_type: 'timestep' }, /class_embed_type = "timestep"/],
    [
      'with scale and shift',
      { resnet_time_scale_shift: 'scale_shift' },
      /resnet_time_scale_shift = "scale_shift"\. Supported: "default"/,
    ],
    [
      'with Fourier features',
      { time_embedding_type: 'fourier' },
      /time_embedding_type = "fourier"\. Supported: "positional"/,
    ],
    ['with another activation', { act_fn: 'gelu' }, /act_fn = "gelu"\. Supported: "silu" or "swish"/],
    ['with resampling in residual layers', { downsample_type: 'resnet' }, /downsample_type = "resnet"/],
    ['with learned variances', { out_channels: 4 }, /out_channels is 4 and in_channels 2/],
    [
      'with a list too short',
      { up_block_types: ['UpBlock2D', 'UpBlock2D'] },
      /has 1 elements.*up_block_types 2/,
    ],
    [
      'with heads that do not fit',
      { attention_head_dim: 5 },
      /16 of block_out_channels is not a multiple of attention_head_dim, 5/,
    ],
    ['with groups that do not fit', { norm_num_groups: 5 }, /not a multiple of norm_num_groups, 5/],
    ['with centred images', { center_input_sample: true }, /center_input_sample = true\. Supported: false/],
  ])('a network %s', async (_, changes, message) => {
    await expect(load({ ...whole, 'config.json': { ...unet, ...changes } })).rejects.toThrow(message);
  });

  test.each([
    [
      'of another kind',
      { _class_name: 'ScoreSdeVeScheduler' },
      /"ScoreSdeVeScheduler"\. Supported: "DDPMScheduler" or/,
    ],
    [
      'with other betas',
      { beta_schedule: 'sigmoid' },
      /beta_schedule = "sigmoid"\. Supported: "linear" or "scaled_linear" or "squaredcos_cap_v2"/,
    ],
    ['that predicts something else', { prediction_type: 'flow' }, /prediction_type = "flow"/],
    ['without a last noise level', { rescale_betas_zero_snr: true }, /rescale_betas_zero_snr = true/],
    ['with impossible betas', { trained_betas: [0.1, 1] }, /trained_betas = \[0\.1,1\]\. Supported: a list/],
  ])('a schedule %s', async (_, changes, message) => {
    await expect(load({ ...whole, 'scheduler_config.json': { ...scheduler, ...changes } })).rejects.toThrow(
      message,
    );
  });

  const without = (name: string) => Object.fromEntries(Object.entries(whole).filter(([key]) => key !== name));
  test.each([
    ['no network', without('config.json'), /holds no config\.json, and no unet\/config\.json/],
    ['no weights', without(weightsName), /holds no diffusion_pytorch_model\.safetensors.*save_pretrained/],
    ['no schedule', without('scheduler_config.json'), /holds no scheduler_config\.json.*save_pretrained/],
    [
      'a damaged configuration',
      { ...whole, 'config.json': '{"_class_name": "UNet2' },
      /config\.json is damaged/,
    ],
    ['a configuration that is a list', { ...whole, 'config.json': '[]' }, /config\.json is damaged/],
    ['damaged weights', { ...whole, [weightsName]: 'none' }, /safetensors is not a usable safetensors file/],
    [
      'weights of another network',
      { ...whole, 'config.json': { ...unet, layers_per_block: 2 } },
      /lacks down_blocks\.0\.resnets\.1/,
    ],
  ])('a folder with %s', async (_, files, message) => {
    await expect(load(files)).rejects.toThrow(message);
  });
});
