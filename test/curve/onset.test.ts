import { describe, expect, test } from 'vitest';
import { announcements, type SignalName, type SignalPoint, signals, statistics } from '../../src/curve/onset';

const steps = [100, 200, 400, 800, 1600, 3200];

/** A training in which nothing changes, but for what is given by step. */
function training(changes: Partial<Record<keyof SignalPoint, readonly unknown[]>> = {}): SignalPoint[] {
  const still = {
    icr: 0.2,
    stableRank: 6,
    loss: { train: 0.3, heldOut: 0.3 },
    copies: 0,
    accuracy: [85, 90, 60],
  };
  return steps.map((step, i) => ({
    ...still,
    ...Object.fromEntries(Object.entries(changes).map(([name, values]) => [name, values[i]])),
    step,
  }));
}

const stepOf = (points: readonly SignalPoint[], signal: SignalName) =>
  announcements(points).find(announcement => announcement.signal === signal);

describe('when memorization is announced', () => {
  test('never, where nothing changes', () => {
    expect(announcements(training()).map(({ step }) => step)).toEqual(Array(7).fill(undefined));
  });

  test('by the ICR and by the stable rank, once 5 % above their minimum', () => {
    const values = [0.4, 0.2, 0.1, 0.104, 0.106, 0.2]; // 4 %, then 6 % above the lowest
    expect(stepOf(training({ icr: values }), 'icr')).toEqual({ signal: 'icr', step: 1600, stopAt: 800 });
    expect(stepOf(training({ stableRank: values }), 'stableRank')?.step).toBe(1600);
  });

  test('by the loss gap in proportion to the training loss, whatever the losses do', () => {
    const train = [1, 0.5, 0.4, 0.3, 0.2, 0.1];
    const gaps = [0, 0.05, 0.09, 0.11, 0.5, 1];
    const loss = train.map((value, i) => ({ train: value, heldOut: value * (1 + gaps[i]) }));
    expect(stepOf(training({ loss }), 'lossGap')?.step).toBe(800);
  });

  test('by the held-out loss only when it rises', () => {
    const loss = [1, 0.5, 0.4, 0.41, 0.43, 0.5].map(heldOut => ({ train: 0.1, heldOut }));
    expect(stepOf(training({ loss }), 'heldOutLoss')?.step).toBe(1600);
  });

  test('by copies, when a tenth of the samples are', () => {
    expect(stepOf(training({ copies: [0, 0, 0.05, 0.1, 0.11, 0.9] }), 'copies')?.step).toBe(1600);
  });

  test('by the probe, by how high the curve is and by its shape', () => {
    const accuracy = [
      [80, 84, 60],
      [82, 90, 70],
      [84, 90, 70], // less of a hill, as high
      [88, 89.5, 70],
      [88, 88.5, 70], // lower
      [88, 88, 70],
    ];
    expect(stepOf(training({ accuracy }), 'peak')?.step).toBe(1600);
    expect(stepOf(training({ accuracy }), 'rise')).toEqual({ signal: 'rise', step: 400, stopAt: 200 });
  });

  test('of points that are not in order is refused', () => {
    expect(() => announcements([...training()].reverse())).toThrow('Steps increase, but 1600 follows 3200');
  });
});

describe('the statistic of a signal', () => {
  test('is nothing at the first point, and then how far the value has moved from its best so far', () => {
    const icr = [0.4, 0.2, 0.1, 0.11, 0.05, 0.1];
    const found = statistics(training({ icr }), 'icr');
    const expected = [-Infinity, -0.5, -0.5, 0.1, -0.5, 1];
    found.forEach((value, i) => expect(value).toBeCloseTo(expected[i], 12));
  });

  test('is what its threshold is held against', () => {
    const points = training({ copies: [0, 0, 0.05, 0.1, 0.11, 0.9] });
    const at = statistics(points, 'copies').findIndex(value => value > signals.copies.threshold);
    expect(points[at].step).toBe(stepOf(points, 'copies')?.step);
  });
});
