import { Matrix } from 'ml-matrix';
import { describe, expect, it } from 'vitest';
import { isOrthonormal, principalAngles } from '../../src/theory/linear';
import { ambientBasis, createMolrg, molrgFromBases, sampleMolrg } from '../../src/theory/molrg';
import type { MolrgOptions } from '../../src/theory/molrg-options';
import { randomSource } from '../../src/theory/random';

const base: MolrgOptions = { ambient: 50, classes: 2, rank: 5, delta: 0.2 };

describe('bases', () => {
  it.each([
    ['two orthogonal classes', base, 90],
    ['two classes at 30 degrees', { ...base, angle: 30 }, 30],
    ['four classes at 50 degrees', { ...base, classes: 4, angle: 50 }, 50],
    ['unequal ranks at 70 degrees', { ambient: 30, rank: [4, 2, 1], delta: 0.5, angle: 70 }, 70],
  ])('are orthonormal with the angle asked for between every two: %s', (_, options, angle) => {
    const model = createMolrg(options);
    const bases = model.bases.map((_, k) => ambientBasis(model, k));
    for (const basis of bases) expect(isOrthonormal(basis, 1e-13)).toBe(true);
    for (let k = 1; k < bases.length; k++) {
      // acos loses half the digits near 0 and 1, so 1e-6 degrees.
      for (const found of principalAngles(bases[0], bases[k])) expect(found).toBeCloseTo(angle, 6);
    }
  });

  it('have each principal angle of a list', () => {
    const model = createMolrg({ ...base, rank: 3, angle: [20, 45, 80] });
    const angles = principalAngles(ambientBasis(model, 0), ambientBasis(model, 1));
    [20, 45, 80].forEach((angle, j) => expect(angles[j]).toBeCloseTo(angle, 6));
  });

  it('of other classes span the same as those classes together', () => {
    const model = createMolrg({ ...base, classes: 3, rank: [3, 2, 4], angle: 60 });
    model.others.forEach((other, k) => {
      expect(isOrthonormal(other, 1e-12)).toBe(true);
      expect(other.columns).toBe(9 - model.ranks[k]);
    });
  });

  it('depend on the seed, and on nothing else', () => {
    const first = ambientBasis(createMolrg(base), 0).to1DArray();
    expect(ambientBasis(createMolrg(base), 0).to1DArray()).toEqual(first);
    expect(ambientBasis(createMolrg({ ...base, seed: 1 }), 0).to1DArray()).not.toEqual(first);
  });

  it('that are given are kept', () => {
    const model = createMolrg({ ...base, angle: 40 });
    const bases = [0, 1].map(k => ambientBasis(model, k));
    const copy = molrgFromBases(bases, { delta: 0.2 });
    bases.forEach((basis, k) => expect(ambientBasis(copy, k).sub(basis).norm()).toBeLessThan(1e-12));
    expect(() => molrgFromBases([bases[0].clone().mul(2), bases[1]], { delta: 0.2 })).toThrow(
      /bases\[0\].*not orthonormal/,
    );
  });
});

describe('samples', () => {
  it('have the covariance U U^T + delta^2 Ut Ut^T of their class', () => {
    const model = createMolrg({ ambient: 6, rank: 2, delta: 0.3, angle: 60 });
    const { samples, labels, count } = sampleMolrg(model, 40_000);
    const own = ambientBasis(model, 1);
    const other = ambientBasis(model, 0);
    const expected = own.mmul(own.transpose()).add(other.mmul(other.transpose()).mul(0.09));
    let members = 0;
    const sums = expected.clone().mul(0);
    for (let i = 0; i < count; i++) {
      if (labels[i] !== 1) continue;
      members++;
      for (let a = 0; a < 6; a++) {
        for (let b = 0; b < 6; b++) {
          sums.set(a, b, sums.get(a, b) + samples[i * 6 + a] * samples[i * 6 + b]);
        }
      }
    }
    // An entry's standard error is at most sqrt(2 / 20,000) = 0.01; four of them.
    expect(sums.div(members).sub(expected).abs().max()).toBeLessThan(0.04);
  });

  it('come from the classes in the given proportions, around the given means', () => {
    const model = createMolrg({
      ambient: 12,
      rank: 1,
      classes: 3,
      delta: 0.2,
      weights: [0.6, 0.3, 0.1],
      means: 5,
    });
    const { samples, labels, count } = sampleMolrg(model, 20_000);
    for (let k = 0; k < 3; k++) {
      const rows = [...labels.keys()].filter(i => labels[i] === k);
      // sqrt(p (1 - p) / N) < 0.0035; four of them.
      expect(Math.abs(rows.length / count - model.weights[k])).toBeLessThan(0.014);
      const mean = model.frame.mmul(Matrix.columnVector(model.centres[k])).to1DArray();
      expect(Math.hypot(...mean)).toBeCloseTo(5, 10);
      for (let j = 0; j < 12; j++) {
        const average = rows.reduce((sum, i) => sum + samples[i * 12 + j], 0) / rows.length;
        expect(Math.abs(average - mean[j])).toBeLessThan(5 / Math.sqrt(rows.length));
      }
    }
  });

  it('are the same for the same seed', () => {
    const model = createMolrg(base);
    expect(sampleMolrg(model, 10, { seed: 3 })).toEqual(sampleMolrg(model, 10, { seed: 3 }));
    expect(sampleMolrg(model, 10, { seed: 4 }).samples).not.toEqual(
      sampleMolrg(model, 10, { seed: 3 }).samples,
    );
  });
});

describe('bad input is refused, naming the value and the remedy', () => {
  it.each<[Partial<MolrgOptions>, RegExp]>([
    [{ delta: 0 }, /delta 0: must lie between 0 and 1/],
    [{ delta: 1 }, /delta 1: must lie between 0 and 1/],
    [{ delta: NaN }, /delta NaN/],
    [{ classes: 11 }, /ambient 50: the ranks add up to 55; raise ambient to 55/],
    [{ angle: 0 }, /angle 0: must lie in \(0, 90\] degrees/],
    [{ angle: 120 }, /angle 120/],
    [{ angle: [30, 40] }, /2 principal angles for subspaces of rank up to 5/],
    [{ rank: [10, 2, 3] }, /3 ranks for 2 classes; give one rank for all, or a list of 2/],
    [{ rank: [10, 0] }, /rank 0: .* must be a positive whole number/],
    [{ rank: 2.5 }, /rank 2.5/],
    [{ weights: [0.8, 0.3] }, /weights \[0.8, 0.3\]: their sum is 1.1, must be 1; divide each by 1.1/],
    [{ weights: [1.2, -0.2] }, /every weight must be positive/],
    [{ weights: [1] }, /1 weights for 2 classes/],
    [{ means: -1 }, /means -1/],
    [{ means: [[1, 2]] }, /1 vectors for 2 classes/],
    [
      {
        means: [
          [1, 2],
          [3, 4],
        ],
      },
      /means\[0\]: 2 numbers; each mean is 50/,
    ],
    [{ ambient: 10, means: 3 }, /add up to 12; raise ambient to 12/],
    [{ ambient: 0 }, /ambient 0/],
    [{ seed: 0.5 }, /seed 0.5/],
  ])('%o', (options, message) => {
    expect(() => createMolrg({ ...base, ...options })).toThrow(message);
  });

  it('sample counts and seeds', () => {
    expect(() => sampleMolrg(createMolrg(base), 0)).toThrow(/count 0/);
    expect(() => randomSource(1.5)).toThrow(/Seed 1.5/);
  });
});

describe('the random source', () => {
  it('draws numbers with the moments of a standard normal', () => {
    const values = randomSource(7).fillNormal(new Float64Array(200_000));
    const moment = (p: number) => values.reduce((sum, value) => sum + value ** p, 0) / values.length;
    // Standard errors of the first four moments: sqrt(1, 2, 15, 96 / N); four of them.
    expect(Math.abs(moment(1))).toBeLessThan(4 * Math.sqrt(1 / 200_000));
    expect(Math.abs(moment(2) - 1)).toBeLessThan(4 * Math.sqrt(2 / 200_000));
    expect(Math.abs(moment(3))).toBeLessThan(4 * Math.sqrt(15 / 200_000));
    expect(Math.abs(moment(4) - 3)).toBeLessThan(4 * Math.sqrt(96 / 200_000));
  });
});
