import { expect, test } from 'vitest';
import { tf } from '../../src/engine/tensorflow';
import { buildModel } from '../../src/experiments/build';
import { resolvePreset } from '../../src/experiments/presets';

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
