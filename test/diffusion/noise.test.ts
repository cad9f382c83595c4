import { describe, expect, it } from 'vitest';
import { fixedNoise } from '../../src/diffusion/noise';
import { compile } from '../../src/engine/compile';
import { tf } from '../../src/engine/tensorflow';
import { int32Scalar } from '../../src/engine/values';
import { createVariables } from '../../src/engine/variables';

describe('fixedNoise', () => {
  const drawn = (sigmas: number[], counter = 0) =>
    tf.tidy(() => [...fixedNoise(sigmas).sample(3000, 7, counter).dataSync()]);

  it('is one level always, or each of several equally often', () => {
    expect(new Set(drawn([0.25]))).toEqual(new Set([0.25]));
    const levels = drawn([0.25, 0.5, 2]);
    for (const sigma of [0.25, 0.5, 2]) {
      const count = levels.filter(level => level === sigma).length;
      expect(Math.abs(count - 1000)).toBeLessThan(130); // five standard deviations of a binomial
    }
  });

  it('is a function of seed and counter, recorded as well as eager', async () => {
    const noise = fixedNoise([0.25, 0.5, 2]);
    const variables = createVariables({});
    const sample = compile(({ step }) => ({ sigma: noise.sample(3000, 7, step as tf.Scalar) }), {
      variables,
    });
    const { sigma } = await sample({ step: int32Scalar(4) });
    expect([...sigma.values]).toEqual(drawn([0.25, 0.5, 2], 4));
    expect(drawn([0.25, 0.5, 2], 5)).not.toEqual(drawn([0.25, 0.5, 2], 4));
    variables.dispose();
  });

  it('refuses no level and levels that are not positive', () => {
    expect(() => fixedNoise([])).toThrow(/at least one/);
    expect(() => fixedNoise([0.1, 0])).toThrow(/positive number, not 0/);
  });
});
