import { describe, expect, it } from 'vitest';
import { compare, type DeviceMeasurement, measureDevice } from '../../src/experiments/compare-devices';

const cpu: DeviceMeasurement = {
  losses: [2, 1],
  millisecondsPerStep: 50,
  placements: [{ op: 'Conv2D', device: '/device:CPU:0', count: 3 }],
};
const gpu: DeviceMeasurement = {
  losses: [2.002, 0.999],
  millisecondsPerStep: 5,
  placements: [
    { op: 'Conv2D', device: '/device:GPU:0', count: 3 },
    { op: 'RandomUniformInt', device: '/device:CPU:0', count: 1 },
  ],
};

describe('the comparison of CPU and GPU', () => {
  it('reports placement, agreement and the ratio of speeds', () => {
    const { lines, passed } = compare(cpu, gpu);
    expect(lines).toEqual([
      'ops on the GPU: 3 (3 Conv2D)',
      'ops on the CPU: 1 (1 RandomUniformInt)',
      expect.stringMatching(/2 steps differ by at most 1\.0e-3.*agree/),
      expect.stringContaining('50.0 ms on the CPU and 5.0 ms on the GPU: the GPU is 10.0 times as fast'),
    ]);
    expect(passed).toBe(true);
  });

  it.each([
    ['losses that differ', [2, 1.2]],
    ['a loss that is no number', [2, NaN]],
  ])('fails for %s', (_what, losses) => {
    expect(compare(cpu, { ...gpu, losses })).toMatchObject({ passed: false });
  });

  it('fails, with the remedy, when TensorFlow used no GPU', () => {
    const { lines, passed } = compare(cpu, cpu);
    expect(passed).toBe(false);
    expect(lines.at(-1)).toContain('npm run setup -- --gpu');
  });

  it('trains ten steps whose loss falls, and knows where each op ran', async () => {
    const measured = await measureDevice({ training: { steps: 10, batchSize: 32, warmUpSteps: 0 } });
    expect(measured.losses).toHaveLength(10);
    expect(measured.losses.at(-1)).toBeLessThan(measured.losses[0]);
    const convolutions = measured.placements.filter(({ op }) => op.includes('Conv2D'));
    expect(convolutions.length).toBeGreaterThan(0);
    for (const { device } of measured.placements) expect(device).toMatch(/device:(CPU|GPU):0$/);
  });
});
