import { describe, expect, test } from 'vitest';
import type { Network } from '../../src/diffusion/network';
import { compile } from '../../src/engine/compile';
import { tf } from '../../src/engine/tensorflow';
import { int32Scalar } from '../../src/engine/values';
import { createVariables } from '../../src/engine/variables';
import { createNetwork } from '../../src/models/create';
import { dropout } from '../../src/models/layers';
import { wave, waveParameters } from '../reference/wave';
import { relativeError, toTensor } from '../reference/compare';

describe('dropout', () => {
  const draw = { seed: 1, counter: 2 };

  test('drops the share that it says and keeps the mean', () => {
    const values = tf.tidy(() => dropout(tf.ones([100_000]), 0.13, 'a', draw).dataSync());
    const dropped = values.filter(value => value === 0).length / values.length;
    // 100,000 draws: standard error 0.0011, four of them allowed
    expect(Math.abs(dropped - 0.13)).toBeLessThan(0.0045);
    expect(new Set(values)).toEqual(new Set([0, Math.fround(1 / 0.87)]));
  });

  test('is a function of seed, counter and name', () => {
    const drop = (name: string, seed: number, counter: number) =>
      tf.tidy(() => dropout(tf.ones([50]), 0.5, name, { seed, counter }).dataSync<'float32'>());
    const first = drop('a', 1, 2);
    expect(drop('a', 1, 2)).toEqual(first);
    for (const other of [drop('b', 1, 2), drop('a', 2, 2), drop('a', 1, 3)]) expect(other).not.toEqual(first);
  });

  test('does nothing without a draw or at a rate of 0', () => {
    tf.tidy(() => {
      const x = tf.ones([4]);
      expect(dropout(x, 0.5, 'a')).toBe(x);
      expect(dropout(x, 0, 'a', draw)).toBe(x);
    });
  });
});

const networks: [string, Network][] = [
  [
    'U-Net',
    createNetwork({ kind: 'unet', channels: 4, multipliers: [1, 1], blocks: 1, dropout: 0.3 }, [4, 4, 1]),
  ],
  ['residual MLP', createNetwork({ kind: 'residual-mlp', width: 8, blocks: 2, dropout: 0.3 }, [4, 4, 1])],
];

describe.each(networks)('dropout in a %s', (_, network) => {
  test('is drawn anew for each counter, alike eagerly and compiled, and not at all in measuring', async () => {
    const x = wave([2, 4, 4, 1], 0.37, 0.1);
    const run = async (compiled: boolean) => {
      const variables = createVariables(waveParameters(network), { compile: compiled });
      const f = compile(
        ({ counter }) => {
          const inputs = [toTensor(x) as tf.Tensor4D, tf.zeros<tf.Rank.R1>([2])] as const;
          const draw = { seed: 7, counter: counter as tf.Scalar };
          return {
            trained: network.apply(variables.tensors, ...inputs, [], draw).output,
            measured: network.apply(variables.tensors, ...inputs).output,
          };
        },
        { variables },
      );
      const results = [await f({ counter: int32Scalar(0) }), await f({ counter: int32Scalar(1) })];
      variables.dispose();
      return results.map(({ trained, measured }) => ({ trained: trained.values, measured: measured.values }));
    };
    const [first, second] = await run(true);
    expect(relativeError(first.measured, second.measured)).toBe(0);
    expect(relativeError(first.trained, first.measured)).toBeGreaterThan(0.01);
    expect(relativeError(second.trained, first.trained)).toBeGreaterThan(0.01);
    for (const [i, eager] of (await run(false)).entries()) {
      // the same ops in float32, perhaps fused
      expect(relativeError([first, second][i].trained, eager.trained)).toBeLessThan(1e-5);
    }
  });
});
