import { expect, test } from 'vitest';
import { tf } from '../../src/engine/tensorflow';
import { loadDigits } from '../../src/data/digits';
import { buildModel, requireConfig } from '../../src/experiments/build';
import type { GridConfig } from '../../src/experiments/config';
import { resolvePreset } from '../../src/experiments/presets';
import type { Changes } from '../../src/experiments/settings';

test("a diffusion of kind 'edm-levels' is trained at its levels alone, with the preconditioning of all of them", () => {
  const build = (diffusion: object) => buildModel(resolvePreset('digits', { diffusion }), [8, 8, 1]);
  const [single, all] = [{ kind: 'edm-levels', sigmas: [0.25] }, {}].map(build);
  tf.tidy(() => {
    expect([...single.noise.sample(5, 1, 0).dataSync()]).toEqual([0.25, 0.25, 0.25, 0.25, 0.25]);
    const sigma = tf.tensor1d([0.02, 0.25, 1]);
    const coefficients = ({ denoiser: { preconditioning } }: typeof single) =>
      Object.values(preconditioning.coefficients(sigma)).map(each => [...(each as tf.Tensor).dataSync()]);
    expect(coefficients(single)).toEqual(coefficients(all));
  });
});

test('a diffusion of no level, or of one that is not positive, is refused before any work', () => {
  const build = (sigmas: number[]) => () =>
    buildModel(resolvePreset('digits', { diffusion: { kind: 'edm-levels', sigmas } }), [8, 8, 1]);
  expect(build([])).toThrow(/at least one noise level/);
  expect(build([0.1, -1])).toThrow(/positive number, not -1/);
});

test.each([
  [{ probe: { sigmas: [0.1, 0.5, 0.3] } }, /probe\.sigmas must increase, but 0\.3 follows 0\.5/],
  [{ probe: { sigmas: [0.1, 0.1] } }, /must increase, but 0\.1 follows 0\.1/],
  [{ probe: { pooling: 'max' } }, /no pooling 'max'/],
  [{ probe: { input: 'blurred' } }, /probe\.input is 'noisy' or 'clean', not 'blurred'/],
  [{ probe: { testDraws: 0 } }, /probe\.testDraws is a positive integer, not 0/],
  [{ probe: { l2: -1 } }, /probe\.l2 is a number from 0, not -1/],
  [{ sampling: { count: 0 } }, /sampling\.count is a positive integer, not 0/],
])('what could only fail after the training is refused before it: %j', (changes, message) => {
  const { sizes, seeds, ...config } = resolvePreset('digits', changes as Changes<GridConfig>);
  expect(() => requireConfig(config, loadDigits(), sizes, seeds)).toThrow(message);
});
