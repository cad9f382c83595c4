import { describe, expect, it } from 'vitest';
import { createMolrg, fromFrame, toFrame } from '../../src/theory/molrg';
import { projectEstimates, type Projection } from '../../src/theory/projections';
import { closedFormEstimator, type Estimator } from '../../src/theory/snr';

/** Variance across over variance along the line through the origin on which a class's points lie: 0 for a line, 1 for a disc. */
function breadth({ x, y, labels }: Projection, k: number): number {
  const members = [...labels.keys()].filter(i => labels[i] === k);
  const moment = (a: readonly number[], b: readonly number[]) =>
    members.reduce((sum, i) => sum + a[i] * b[i], 0) / members.length;
  const [xx, xy, yy] = [moment(x, x), moment(x, y), moment(y, y)];
  const [mean, radius] = [(xx + yy) / 2, Math.hypot((xx - yy) / 2, xy)];
  return (mean - radius) / (mean + radius);
}

describe('projected estimates', () => {
  const model = createMolrg({ ambient: 24, classes: 3, rank: 8, delta: 0.3 });

  it('show each class as a line: thinner at a middle noise level than at little, lost at much', () => {
    const projections = projectEstimates(model, { sigmas: [0.01, 0.4, 3], count: 900 });
    for (const k of [0, 1, 2]) {
      const [little, middle, much] = projections.map(projection => breadth(projection, k));
      expect(middle).toBeLessThan(0.85 * little);
      expect(much).toBeGreaterThan(1.5 * little);
    }
  });

  it('are those of any estimator: the same from the closed form in the ambient space', () => {
    const inFrame = closedFormEstimator(model);
    const estimator: Estimator = {
      space: 'ambient',
      estimate: (points, sigma) => fromFrame(model, inFrame.estimate(toFrame(model, points), sigma)),
    };
    const options = { sigmas: [0.3], count: 50, input: 'clean' } as const;
    const [frame] = projectEstimates(model, options);
    const [ambient] = projectEstimates(model, { ...options, estimator });
    expect(ambient.labels).toEqual(frame.labels);
    ambient.x.forEach((value, i) => expect(value).toBeCloseTo(frame.x[i], 12));
    ambient.y.forEach((value, i) => expect(value).toBeCloseTo(frame.y[i], 12));
  });

  it('need two classes', () => {
    const single = createMolrg({ ambient: 6, classes: 1, rank: 2, delta: 0.2 });
    expect(() => projectEstimates(single, { sigmas: [1] })).toThrow(/classes 1: .* at least 2/);
  });
});
