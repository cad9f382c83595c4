import { describe, expect, test } from 'vitest';
import { initializeParameters, parameterCount } from '../../src/diffusion/network';
import { tf } from '../../src/engine/tensorflow';
import { createNetwork } from '../../src/models/create';
import { createResidualMlp } from '../../src/models/residual-mlp';
import recorded from '../reference/recorded/residual-mlp.json';
import { relativeError, toTensor } from '../reference/compare';
import { wave, waveParameters } from '../reference/wave';

const { imageShape, width, blocks, cNoise } = recorded;
const network = createResidualMlp({ imageShape: imageShape as [number, number, number], width, blocks });

// Expected values: PyTorch in float64 (test/reference/residual_mlp.py).
test('the residual MLP computes what it does in PyTorch, with the same activation after every block', () => {
  expect(network.parameters.map(spec => spec.name)).toEqual(recorded.parameterNames);
  expect(parameterCount(network)).toBe(recorded.parameterCount);
  const result = tf.tidy(() => {
    const parameters = Object.fromEntries(
      Object.entries(waveParameters(network)).map(([name, value]) => [name, toTensor(value)]),
    );
    const x = toTensor(wave([cNoise.length, ...imageShape], 0.37, 0.1, 0.8)) as tf.Tensor4D;
    const { output, activations } = network.apply(parameters, x, tf.tensor1d(cNoise), network.layers);
    expect(output.shape).toEqual(x.shape);
    return {
      output: output.dataSync(),
      activations: Object.entries(activations).map(([name, a]) => [name, a.dataSync()] as const),
    };
  });
  // float32 rounding through some 10 layers, relative to the norm
  expect(relativeError(result.output, recorded.output)).toBeLessThan(1e-5);
  expect(result.activations.map(([name]) => name)).toEqual(network.layers);
  for (const [name, values] of result.activations) {
    const expected = (recorded.activations as Record<string, number[]>)[name];
    expect(relativeError(values, expected), name).toBeLessThan(1e-5);
  }
});

test('a residual MLP starts with an output of zero', () => {
  const output = tf.tidy(() => {
    const initial = Object.entries(initializeParameters(network, 1));
    const parameters = Object.fromEntries(initial.map(([name, value]) => [name, toTensor(value)]));
    return network.apply(parameters, tf.ones([1, 4, 4, 2]), tf.ones([1])).output.dataSync();
  });
  expect(Math.max(...output.map(Math.abs))).toBe(0);
});

describe('a network by configuration', () => {
  test('is of the kind that is asked for', () => {
    const mlp = createNetwork({ kind: 'residual-mlp', width: 8, blocks: 2 }, [4, 4, 1]);
    expect(mlp.layers).toEqual(['block0', 'block1']);
    const unet = createNetwork({ kind: 'unet', channels: 4, multipliers: [1], blocks: 1 }, [4, 4, 1]);
    expect(unet.layers).toContain('4x4_block0');
  });

  test('refuses another kind, and sizes that are impossible', () => {
    expect(() =>
      createNetwork({ kind: 'gan' as 'unet', channels: 4, multipliers: [], blocks: 1 }, [4, 4, 1]),
    ).toThrow('no network of kind "gan". The kinds are: unet, dit, residual-mlp.');
    expect(() => createNetwork({ kind: 'residual-mlp', width: 0, blocks: 2 }, [4, 4, 1])).toThrow(
      'width is a positive',
    );
    expect(() =>
      createNetwork({ kind: 'residual-mlp', width: 8, blocks: 2, dropout: -1 }, [4, 4, 1]),
    ).toThrow('not -1');
  });
});
