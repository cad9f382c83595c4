import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { createDenoiser } from '../../src/diffusion/denoiser';
import { denoisingLoss } from '../../src/diffusion/loss';
import type { Network } from '../../src/diffusion/network';
import { initializeParameters, parameterCount } from '../../src/diffusion/network';
import { edmPreconditioning } from '../../src/diffusion/preconditioning';
import { tf } from '../../src/engine/tensorflow';
import { createUNet } from '../../src/models/unet';
import digits from '../reference/recorded/unet-digits.json';
import wide from '../reference/recorded/unet-wide.json';
import { wave, waveParameters } from '../reference/wave';
import { relativeError, toTensor } from '../reference/compare';

type Sampled = { norm: number; stride: number; values: number[] };
const everyNth = ({ stride }: Sampled, values: ArrayLike<number>) =>
  Array.from(values).filter((_, i) => i % stride === 0);

function build(recorded: typeof digits): Network {
  const { imageShape, maxGroups, epsilon, ...shape } = recorded.config;
  return createUNet({
    ...shape,
    imageShape: imageShape as [number, number, number],
    normalization: { maxGroups, epsilon },
  });
}

// Expected values: PyTorch in float64 (test/reference/unet.py).
describe.each([
  ['digits', digits],
  ['wide', wide as unknown as typeof digits],
])('the U-Net "%s" against PyTorch', (_, recorded) => {
  const network = build(recorded);
  const denoiser = createDenoiser(network, edmPreconditioning({ noiseScale: recorded.noiseScale }));
  const shape = [recorded.sigma.length, ...recorded.config.imageShape];
  let parameters: Record<string, tf.Variable>;

  beforeAll(() => {
    parameters = Object.fromEntries(
      Object.entries(waveParameters(network)).map(([name, value]) => [name, tf.variable(toTensor(value))]),
    );
  });
  afterAll(() => tf.dispose(parameters));

  const inputs = () => ({
    images: toTensor(wave(shape, 0.37, 0.1, 0.8)) as tf.Tensor4D,
    noise: toTensor(wave(shape, 2.3, 0.7, 1.2)) as tf.Tensor4D,
    sigma: tf.tensor1d(recorded.sigma),
  });

  test('has its parameters, in name and number', () => {
    expect(parameterCount(network)).toBe(recorded.parameterCount);
    expect(network.parameters.map(spec => spec.name)).toEqual(recorded.parameterNames);
  });

  test('denoises alike, with the same activation after every decoder block', () => {
    const result = tf.tidy(() => {
      const { images, noise, sigma } = inputs();
      const noisy: tf.Tensor4D = images.add(noise.mul(sigma.reshape([-1, 1, 1, 1])));
      const { denoised, activations } = denoiser.denoise(parameters, noisy, sigma, network.layers);
      return {
        denoised: denoised.dataSync(),
        activations: Object.fromEntries(Object.entries(activations).map(([k, a]) => [k, a.dataSync()])),
      };
    });
    // float32 rounding through some 20 layers, relative to the norm
    expect(relativeError(result.denoised, recorded.denoised)).toBeLessThan(1e-5);
    expect(Object.keys(result.activations)).toEqual(network.layers);
    for (const [layer, values] of Object.entries(recorded.activations as Record<string, Sampled>)) {
      const computed = everyNth(values, result.activations[layer]);
      expect(relativeError(computed, values.values), layer).toBeLessThan(1e-5);
      expect(Math.hypot(...result.activations[layer]) / values.norm, layer).toBeCloseTo(1, 5);
    }
  });

  test('has the same loss and gradients', () => {
    const { loss, gradients } = tf.tidy(() => {
      const { images, noise, sigma } = inputs();
      const { value, grads } = tf.variableGrads(
        () => denoisingLoss(denoiser, parameters, images, sigma, noise),
        Object.values(parameters),
      );
      const named = Object.entries(parameters).map(([name, p]) => [name, grads[p.name].dataSync()] as const);
      return { loss: value.dataSync()[0], gradients: Object.fromEntries(named) };
    });
    expect(Math.abs(loss / recorded.loss - 1)).toBeLessThan(1e-5);
    for (const [name, expected] of Object.entries(recorded.gradients as Record<string, Sampled>)) {
      // float32 forward and backward: within 1e-4 of the gradient's norm
      expect(relativeError(everyNth(expected, gradients[name]), expected.values), name).toBeLessThan(1e-4);
      expect(Math.abs(Math.hypot(...gradients[name]) / expected.norm - 1), name).toBeLessThan(1e-4);
    }
  });
});

describe('a U-Net', () => {
  const config = { imageShape: [8, 8, 1] as const, channels: 16, multipliers: [1, 1], blocks: 1 };
  const network = createUNet(config);

  test('of the digits configuration has 68,737 parameters and names the blocks of encoder and decoder', () => {
    expect(parameterCount(network)).toBe(68_737);
    expect(network.layers).toEqual([
      'enc.8x8_conv',
      'enc.8x8_block0',
      'enc.4x4_down',
      'enc.4x4_block0',
      '4x4_in0',
      '4x4_block0',
      '4x4_block1',
      '8x8_up',
      '8x8_block0',
      '8x8_block1',
    ]);
  });

  test('starts as PyTorch starts its layers: uniform within 1 / sqrt(inputs), an output of zero, blocks near their skip', () => {
    const initial = initializeParameters(network, 7);
    const deviation = (name: string) => {
      const { values } = initial[name];
      return Math.hypot(...values) / Math.sqrt(values.length);
    };
    // standard deviation of U(-b, b) is b / sqrt(3); 4,096 and 2,304 draws: 3 % is over three standard errors
    expect(deviation('map_layer1.weight')).toBeCloseTo(1 / Math.sqrt(64 * 3), 2);
    expect(deviation('enc.8x8_block0.conv0.weight') * Math.sqrt(144 * 3)).toBeCloseTo(1, 1);
    expect(Math.max(...initial['enc.8x8_block0.conv0.weight'].values)).toBeLessThanOrEqual(1 / 12);
    expect(deviation('dec.8x8_up.conv1.weight') * 1e5).toBeCloseTo(1, 1);
    expect(deviation('dec.8x8_aux_conv.weight')).toBe(0);
    expect(new Set(initial['dec.8x8_block1.norm0.weight'].values)).toEqual(new Set([1]));
    expect(initializeParameters(network, 7)).toEqual(initial);
    expect(initializeParameters(network, 8)['map_layer0.bias']).not.toEqual(initial['map_layer0.bias']);
  });

  test('names its layers when asked for one that it does not have', () => {
    tf.tidy(() => {
      const apply = () => network.apply({}, tf.zeros([1, 8, 8, 1]), tf.zeros([1]), ['8x8_down']);
      expect(apply).toThrow(/no layer '8x8_down'.*4x4_in0, 4x4_block0, .*8x8_block1/);
    });
  });

  test('refuses images of another shape, a noise level too few, and parameters of another network', () => {
    tf.tidy(() => {
      const parameters = Object.fromEntries(network.parameters.map(p => [p.name, tf.zeros([...p.shape])]));
      const apply = (shape: [number, number, number, number], levels: number) =>
        network.apply(parameters, tf.zeros(shape), tf.zeros([levels]));
      expect(() => apply([2, 16, 16, 1], 2)).toThrow('[batch, 8, 8, 1], not [2, 16, 16, 1]');
      expect(() => apply([2, 8, 8, 1], 1)).toThrow('shape [2], not [1]');
      parameters['map_layer0.bias'] = tf.zeros([3]);
      expect(() => apply([2, 8, 8, 1], 2)).toThrow("'map_layer0.bias' has shape [3]");
      delete parameters['map_layer0.bias'];
      expect(() => apply([2, 8, 8, 1], 2)).toThrow("'map_layer0.bias' is missing");
    });
  });

  test('refuses impossible configurations', () => {
    expect(() => createUNet({ ...config, multipliers: [1, 1, 1, 1, 1] })).toThrow('cannot be halved 4 times');
    expect(() => createUNet({ ...config, channels: 18 })).toThrow('multiple of 4, not 18');
    expect(() => createUNet({ ...config, blocks: 0 })).toThrow('at least 1, not 0');
    expect(() => createUNet({ ...config, normalization: { maxGroups: 0, epsilon: 1e-5 } })).toThrow(
      'maxGroups must be an integer of at least 1, not 0',
    );
    expect(() => createUNet({ ...config, noiseChannels: 5 })).toThrow('even, not 5');
    expect(() => createUNet({ ...config, multipliers: [] })).toThrow('multipliers');
    expect(() => createUNet({ ...config, dropout: 1 })).toThrow('from 0 to below 1, not 1');
    expect(() => createUNet({ ...config, attentionResolutions: [16] })).toThrow(
      'no resolution 16 for attention: its heights are 8, 4',
    );
    expect(() => createUNet({ ...config, design: 'ncsn++' as 'ddpm++' })).toThrow(
      'basic or ddpm++, not "ncsn++"',
    );
  });

  test('takes any channels that groups divide, and for others names the nearest ones', () => {
    // [1, 1] normalizes C and 2 C channels, [1, 2] also 3 C and 4 C, in min(8, floor(n / 4)) groups.
    const normalized = { '1,1': [1, 2], '1,2': [1, 2, 3, 4] };
    for (const [multipliers, times] of Object.entries(normalized)) {
      const isValid = (channels: number) =>
        times.every(factor => (factor * channels) % Math.min(8, Math.floor((factor * channels) / 4)) === 0);
      for (let channels = 4; channels <= 72; channels += 4) {
        const create = () =>
          createUNet({ ...config, channels, multipliers: multipliers.split(',').map(Number) });
        const [below, above] = [-4, 4].map(step => {
          let near = channels + step;
          while (!isValid(near)) near += step;
          return near;
        });
        if (isValid(channels)) expect(create).not.toThrow();
        else expect(create).toThrow(`Give ${below} or ${above} channels`);
      }
    }
    expect(() => createUNet({ ...config, channels: 36 })).toThrow(
      '36 channels with the multipliers 1, 1 normalizes 36 channels, which cannot be divided into 8 groups. Give 32 or 40',
    );
  });

  test('leaves no tensor behind', () => {
    const parameters = Object.fromEntries(network.parameters.map(p => [p.name, tf.ones([...p.shape])]));
    const before = tf.memory().numTensors;
    tf.tidy(() => {
      network.apply(parameters, tf.ones([1, 8, 8, 1]), tf.ones([1]), ['8x8_up']);
    });
    initializeParameters(network, 0);
    expect(tf.memory().numTensors).toBe(before);
    tf.dispose(parameters);
  });
});
