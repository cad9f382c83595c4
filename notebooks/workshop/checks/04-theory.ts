/** Checks of workshop 4, from the closed forms. */
import { ambientBasis, type Molrg, theorem1 } from 'unimodal';
import { calculation, type Check, createCheck, type Exercise, quantity } from '../check';
import { coordinates, squaredLength } from '../vectors';

export function theoryChecks(model: Molrg): Check {
  return createCheck({ 1: shares(), 2: ratio(model), 3: peak(model) });
}

function shares(): Exercise {
  type Arguments = [sigma: number, delta: number];
  const kept = (variance: number, sigma: number) => variance / (variance + sigma ** 2);
  return calculation<Arguments>({
    cases: [
      [0.5, 0.2],
      [0.2, 0.2],
      [2, 0.4],
    ],
    expected: (sigma, delta) => [kept(1, sigma), kept(delta ** 2, sigma)],
    mistakes: [
      {
        of: (sigma, delta) => [kept(delta ** 2, sigma), kept(1, sigma)],
        because: 'has the two in the other order: [zeta, xi].',
      },
      {
        of: (sigma, delta) => [kept(1, sigma), kept(delta, sigma)],
        because: 'takes delta for the variance: it is the standard deviation.',
      },
      {
        of: (sigma, delta) => [1 - kept(1, sigma), 1 - kept(delta ** 2, sigma)],
        because: 'is what is removed, not what is kept.',
      },
      {
        of: (sigma, delta) => [1 / (1 + sigma), delta / (delta + sigma)],
        because: 'takes deviations where variances belong: square sigma and delta.',
      },
    ],
    remark: 'With growing noise xi falls first, zeta later: between, the class stands out.',
  });
}

/** Of each estimate, the energy in the span of the basis and in all. */
function energies(estimates: number[][], basis: number[][]): { signal: number; total: number }[] {
  return estimates.map(estimate => ({
    signal: squaredLength(coordinates(basis, estimate)),
    total: squaredLength(estimate),
  }));
}

function ratio(model: Molrg): Exercise {
  type Arguments = [estimates: number[][], basis: number[][]];
  /** Any vectors do: a fixed pattern of different lengths. */
  const vectors = Array.from({ length: 40 }, (_, i) =>
    Array.from({ length: model.ambient }, (_, p) => (1 + (i % 3)) * Math.sin(1 + i * 7 + p * p)),
  );
  const ratioOf =
    (of: (sample: { signal: number; total: number }) => [number, number]) =>
    (...args: Arguments) => {
      const [above, below] = energies(...args)
        .map(of)
        .reduce(([a, b], [c, d]) => [a + c, b + d]);
      return above / below;
    };
  return calculation<Arguments>({
    cases: model.bases.map((_, k): Arguments => [vectors, ambientBasis(model, k).to2DArray()]),
    expected: ratioOf(({ signal, total }) => [signal, total - signal]),
    mistakes: [
      {
        of: ratioOf(({ signal, total }) => [signal, total]),
        because: 'divides by the whole energy: by what lies outside of the subspace.',
      },
      {
        of: ratioOf(({ signal, total }) => [signal / (total - signal), 1]),
        because: 'is a mean of ratios: average signal and noise first, then divide.',
      },
      {
        of: ratioOf(({ signal, total }) => [Math.sqrt(signal), Math.sqrt(total - signal)]),
        because: 'takes lengths: the ratio is of squares.',
      },
      { of: ratioOf(({ signal, total }) => [total - signal, signal]), because: 'is noise over signal.' },
    ],
    remark: 'Above 1 the own class outweighs all others together.',
  });
}

function peak({ classes, ranks, delta }: Molrg): Exercise {
  const from = 0.01;
  const ratio = 200; // from 0.01 to 2, as in the hint
  const sigmas = Array.from({ length: 2000 }, (_, i) => from * ratio ** (i / 1999));
  const values = sigmas.map(sigma => theorem1({ classes, rank: ranks[0], delta, sigma }));
  const place = (list: number[]) => list.indexOf(Math.max(...list));
  const best = place(values.map(value => value.snr));
  return quantity({
    expected: sigmas[best],
    tolerance: 0.03,
    mistakes: [
      { value: values[best].snr, because: 'is how high the peak is: at which noise level is it?' },
      {
        value: (399 * Math.log(sigmas[best] / from)) / Math.log(ratio),
        because: 'is a place in the list of levels: which level stands there?',
      },
      {
        value: sigmas[best],
        tolerance: 0.25,
        because: 'is near: try levels that lie closer together.',
      },
      {
        value: sigmas[place(values.map(value => value.confidenceRate))],
        because: 'is where the class is surest: the peak of snr is asked for.',
      },
      {
        value: sigmas[place(values.map(value => value.denoisingRate))],
        because: 'is where the denoising rate is largest: the peak of snr is asked for.',
      },
      {
        value: delta,
        because: 'is delta: there half of the disturbance is gone, and the ratio still rises.',
      },
    ],
    remark: 'Well above delta: removing more pays as long as the class is certain.',
  });
}
