import { describe, expect, it } from 'vitest';
import { createMolrg } from '../../src/theory/molrg';
import { closedFormEstimator, measureSnr, theorySnr } from '../../src/theory/snr';
import { approximateSnr, theorem1 } from '../../src/theory/theorem1';
import recorded from '../reference/recorded/theory.json';

const sigmas = [0.002, 0.008, 0.023, 0.06, 0.14, 0.296, 0.585, 1.088, 1.923];

function peak(values: readonly number[]): number {
  return values.indexOf(Math.max(...values));
}

describe('the signal-to-noise ratio of the closed form', () => {
  const model = createMolrg({ ambient: 50, rank: 5, delta: 0.2 });

  it("meets the paper's table for two orthogonal classes within 3 % or 3 standard errors", () => {
    const paper = [24.88, 25.15, 26.95, 35.84, 58.27, 20.84, 4.05, 1.57];
    const { snr, stderr } = theorySnr(model, { sigmas: sigmas.slice(1), samples: 40_000 });
    paper.forEach((value, s) => {
      expect(Math.abs(snr[s] - value)).toBeLessThan(Math.max(0.03 * value, 3 * stderr[s]));
    });
  });

  it('is d_k / (delta^2 D_k) as sigma goes to 0, where the estimate is x_0 itself', () => {
    const unequal = createMolrg({ ambient: 50, rank: [10, 2], delta: 0.2 });
    const { perClass, perClassStderr } = theorySnr(unequal, { sigmas: [1e-4], samples: 40_000 });
    [125, 5].forEach((value, k) => {
      expect(Math.abs(perClass[k][0] - value)).toBeLessThan(4 * perClassStderr[k][0]);
    });
  });

  it.each([
    ['snr', 'stderr', model],
    ['pooled', 'pooledStderr', createMolrg({ ambient: 50, rank: [10, 2], delta: 0.2, weights: [0.7, 0.3] })],
  ] as const)('has a standard error that is the spread over seeds: %s', (value, stderr, mixture) => {
    const runs = Array.from({ length: 60 }, (_, seed) =>
      theorySnr(mixture, { sigmas: [0.296], samples: 400, seed }),
    );
    const values = runs.map(run => run[value][0]);
    const mean = values.reduce((a, b) => a + b) / values.length;
    const spread = Math.sqrt(values.reduce((sum, v) => sum + (v - mean) ** 2, 0) / (values.length - 1));
    const stated = runs.reduce((sum, run) => sum + run[stderr][0], 0) / runs.length;
    // A standard deviation of 60 values is known to 1 / sqrt(120) = 9 %; three of them.
    expect(Math.abs(stated / spread - 1)).toBeLessThan(0.28);
  });

  it('is the same measured in the frame and in the ambient space', () => {
    const inFrame = closedFormEstimator(model);
    const options = { sigmas: [0.06, 0.585], samples: 4000 };
    const frame = measureSnr(model, inFrame, options);
    const n = model.ambient;
    const ambient = measureSnr(
      model,
      {
        space: 'ambient',
        estimate: (points, sigma) => {
          const coordinates = new Float64Array((points.length / n) * 10);
          for (let i = 0; i < points.length / n; i++) {
            for (let j = 0; j < 10; j++) {
              for (let a = 0; a < n; a++)
                coordinates[i * 10 + j] += points[i * n + a] * model.frame.get(a, j);
            }
          }
          const estimate = inFrame.estimate(coordinates, sigma);
          return Float64Array.from({ length: points.length }, (_, p) => {
            const [i, a] = [Math.floor(p / n), p % n];
            let sum = 0;
            for (let j = 0; j < 10; j++) sum += estimate[i * 10 + j] * model.frame.get(a, j);
            return sum;
          });
        },
      },
      options,
    );
    ambient.snr.forEach((value, s) => {
      expect(Math.abs(value - frame.snr[s])).toBeLessThan(4 * Math.hypot(ambient.stderr[s], frame.stderr[s]));
    });
  });

  it('rises and falls with noisy and with clean input', () => {
    for (const input of ['noisy', 'clean'] as const) {
      const { snr, stderr } = theorySnr(model, { sigmas, input });
      const top = peak(snr);
      expect(top).toBeGreaterThan(2);
      expect(top).toBeLessThan(8);
      for (const end of [0, 8])
        expect(snr[top] - snr[end]).toBeGreaterThan(10 * Math.hypot(stderr[top], stderr[end]));
    }
  });

  it('falls from the start for well-separated means, whose residual is the means themselves', () => {
    const separated = createMolrg({ ambient: 50, classes: 3, rank: 5, delta: 0.2, means: 8 });
    const { snr, stderr } = theorySnr(separated, { sigmas: [0.01, 0.25, 0.5, 1, 2, 4, 8], samples: 12_000 });
    for (let s = 1; s < snr.length; s++) {
      expect(snr[s - 1] - snr[s]).toBeGreaterThan(2 * Math.hypot(stderr[s - 1], stderr[s]));
    }
  });

  it('refuses what cannot be measured', () => {
    expect(() => theorySnr(model, { sigmas: [] })).toThrow(/at least one noise level/);
    expect(() => theorySnr(model, { sigmas: [0.1, 0] })).toThrow(/sigma 0: a noise level must be positive/);
    expect(() => theorySnr(model, { sigmas: [0.1], samples: 3 })).toThrow(/samples 3: at least two for each/);
    const single = createMolrg({ ambient: 50, classes: 1, rank: 5, delta: 0.2 });
    expect(() => theorySnr(single, { sigmas: [0.1] })).toThrow(/classes 1: .* use at least 2/);
  });
});

describe('Theorem 1', () => {
  it('and its factors are the numbers that NumPy computes, to 1e-6', () => {
    for (const { classes, rank, delta, sigma, ...expected } of recorded.theorem1) {
      const computed = theorem1({ classes, rank, delta, sigma });
      expect(Object.keys(computed).sort()).toEqual(Object.keys(expected).sort());
      for (const name of Object.keys(computed) as (keyof typeof computed)[]) {
        // NumPy's e^Q overflows where w- is below 1e-300; there it says 0.
        const tolerance = Math.max(1e-6 * expected[name], 1e-300);
        expect(Math.abs(computed[name] - expected[name])).toBeLessThanOrEqual(tolerance);
      }
    }
  });

  it('is what the general approximation gives for orthogonal classes of equal rank and weight', () => {
    for (const classes of [2, 4]) {
      const parameters = { classes, rank: 3, delta: 0.3 };
      const model = createMolrg({ ambient: 20, ...parameters });
      for (const form of ['exact', 'paper'] as const) {
        approximateSnr(model, { sigmas, form }).snr.forEach((value, s) => {
          expect(Math.abs(value / theorem1({ ...parameters, sigma: sigmas[s] }).snr - 1)).toBeLessThan(1e-8);
        });
      }
    }
  });

  it('is a trade-off: the denoising rate rises with sigma, the class confidence falls', () => {
    const rates = sigmas.map(sigma => theorem1({ classes: 3, rank: 5, delta: 0.2, sigma }));
    for (let s = 1; s < rates.length; s++) {
      expect(rates[s].denoisingRate).toBeGreaterThan(rates[s - 1].denoisingRate);
      expect(rates[s].confidenceRate).toBeLessThanOrEqual(rates[s - 1].confidenceRate);
    }
    expect(rates[8].confidenceRate).toBeLessThan(rates[0].confidenceRate);
  });

  const settings = [3, 5, 10].flatMap(classes =>
    [2, 5, 8].flatMap(rank => [0.1, 0.3, 0.5].map(delta => ({ classes, rank, delta }))),
  );
  const isPlateau = ({ classes, rank, delta }: (typeof settings)[number]) =>
    classes === 10 && rank === 2 && delta === 0.5;
  const curves = (parameters: (typeof settings)[number]) => {
    const model = createMolrg({ ambient: 80, ...parameters });
    const { snr } = measureSnr(model, closedFormEstimator(model, 'paper'), { sigmas, samples: 3000 });
    return { snr, approx: sigmas.map(sigma => theorem1({ ...parameters, sigma }).snr) };
  };

  it.each(settings.filter(setting => !isPlateau(setting)))(
    'peaks within one step of the true peak on the nine noise levels: K $classes, d $rank, delta $delta',
    setting => {
      const { snr, approx } = curves(setting);
      expect(Math.abs(peak(approx) - peak(snr))).toBeLessThanOrEqual(1);
    },
  );

  it.each(settings.filter(isPlateau))(
    'has a plateau without a peak to locate where the true curve has one: K $classes, d $rank, delta $delta',
    setting => {
      const rise = (values: readonly number[]) => Math.max(...values) / values[0] - 1;
      const { snr, approx } = curves(setting);
      // The true curve rises by 0.4 % before it falls, the approximation by nothing.
      expect(rise(snr)).toBeLessThan(0.01);
      expect(rise(approx)).toBeLessThan(0.01);
    },
  );
});
