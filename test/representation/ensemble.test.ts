import { describe, expect, it } from 'vitest';
import { accuracies } from '../../src/curve/curve';
import { select, take } from '../../src/data/dataset';
import { loadDigits } from '../../src/data/digits';
import { representationCurve } from '../../src/representation/curve';
import { probeEnsemble } from '../../src/representation/ensemble';
import { corruptLabels } from '../../src/representation/label-noise';
import { transparent } from './transparent';

const digits = loadDigits();
const train = take(digits, 400);
const test = select(
  digits,
  Array.from({ length: 500 }, (_, i) => 1000 + i),
);
const given = { train, test, layer: 'pixels', pooling: 'none' as const, testDraws: 2 };

describe('probeEnsemble', () => {
  it("has the curve's probes as members, and is right where their summed logits are", async () => {
    const options = { ...transparent(), ...given, sigmas: [0.5, 1, 1.5] };
    const { members, correct, accuracy } = await probeEnsemble(options);
    const curve = await representationCurve(options);
    expect(members).toEqual(curve);
    expect(correct).toHaveLength(2 * 500);
    expect(accuracy).toBeCloseTo(correct.filter(Boolean).length / 10, 9);
    expect(accuracy).toBeGreaterThan(accuracies(curve)[2]);
  });

  it('of one level is that level', async () => {
    const { members, correct } = await probeEnsemble({ ...transparent(), ...given, sigmas: [1] });
    expect(correct).toEqual(members.correct);
  });
});

describe('corruptLabels', () => {
  const wrong = (share: number, seed = 0) => {
    const { labels } = corruptLabels(train, { share, seed });
    return Array.from(labels.keys()).filter(i => labels[i] !== train.labels[i]);
  };

  it('replaces exactly the share by other classes, all of them, and leaves the data set alone', () => {
    const before = train.labels.slice();
    expect(wrong(0.4)).toHaveLength(160);
    expect(wrong(0)).toHaveLength(0);
    expect(wrong(1)).toHaveLength(400);
    expect(train.labels).toEqual(before);
    const { labels } = corruptLabels(train, { share: 1, seed: 0 });
    const offsets = new Set(labels.map((label, i) => (label - train.labels[i] + 10) % 10));
    expect([...offsets].sort()).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9]);
  });

  it('is nested in the share and decided by the seed', () => {
    const more = new Set(wrong(0.6));
    expect(wrong(0.2).every(i => more.has(i))).toBe(true);
    expect(wrong(0.4, 1)).not.toEqual(wrong(0.4));
  });

  it('refuses a share that is none', () => {
    expect(() => corruptLabels(train, { share: 40, seed: 0 })).toThrow(/from 0 to 1.*40/);
  });
});
