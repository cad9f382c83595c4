import { describe, expect, it } from 'vitest';
import { analyseCurve } from '../../src/curve/analysis';
import { molrgCurve } from '../../src/experiments/molrg-curve';
import { createMolrg } from '../../src/theory/molrg';
import { theorySnr } from '../../src/theory/snr';

const sizes = { trainCount: 2000, testCount: 5000 };

describe("the library's unimodality test, on a linear probe of the optimal denoiser's features", () => {
  // A class of mean zero is symmetric, so that a linear probe owes its direction to the training samples: several seeds.
  const seeds = [0, 1, 2, 3, 4, 5];
  const overlapping = createMolrg({ ambient: 50, classes: 5, rank: 5, delta: 0.2 });

  it.each(['noisy', 'clean'] as const)(
    'finds a hill for classes that overlap at the origin: %s input',
    async input => {
      const sigmas = [0.03, 0.28, 0.7, 2, 4];
      const curves = [];
      for (const seed of seeds) curves.push(await molrgCurve(overlapping, { sigmas, input, seed, ...sizes }));
      const { verdict, peak } = analyseCurve(curves, { seed: 0, resamples: 500 });
      expect(verdict).toBe('unimodal');
      expect(peak.sigma).toBeGreaterThan(0.03);
      expect(peak.sigma).toBeLessThan(2);
    },
  );

  it('stops while the probe is fitted', async () => {
    const controller = new AbortController();
    const features = (points: Float64Array) => {
      controller.abort(new Error('enough'));
      return points;
    };
    const options = { ...sizes, sigmas: [1], features, signal: controller.signal };
    await expect(molrgCurve(overlapping, options)).rejects.toThrow('enough');
  });

  it('finds a fall for well-separated means, in accuracy and in SNR', async () => {
    const separated = createMolrg({ ambient: 50, classes: 3, rank: 5, delta: 0.2, means: 8 });
    const sigmas = [0.1, 1, 2, 4, 8, 16];
    const curve = await molrgCurve(separated, { sigmas, ...sizes });
    const { verdict, accuracy } = analyseCurve(curve, { seed: 0, resamples: 500 });
    expect(verdict).toBe('decreasing');
    for (let s = 2; s < sigmas.length; s++) expect(accuracy[s].upper).toBeLessThan(accuracy[s - 1].lower);
    const { snr } = theorySnr(separated, { sigmas, samples: 6000 });
    for (let s = 1; s < sigmas.length; s++) expect(snr[s]).toBeLessThan(snr[s - 1]);
  });
});
