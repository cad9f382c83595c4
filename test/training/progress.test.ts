import { afterEach, expect, test, vi } from 'vitest';
import { resolvePreset } from '../../src/experiments/presets';
import { createMeter } from '../../src/training/progress';

afterEach(() => vi.restoreAllMocks());

test('the log has the speed since the line before, without the time of other work; progress has the mean', async () => {
  let milliseconds = 0;
  vi.spyOn(performance, 'now').mockImplementation(() => milliseconds);
  const { training } = resolvePreset('digits', { training: { steps: 300, batchSize: 10 } });
  const meter = createMeter(training, 100);
  const losses = Array.from({ length: 110 }, () => 1);
  milliseconds += 10_000; // 10 steps, the first of which compiles
  expect(meter.metric(losses).imagesPerSecond).toBe(10);
  await meter.pausedFor(() => Promise.resolve(void (milliseconds += 60_000)));
  losses.push(...Array.from({ length: 10 }, () => 1));
  milliseconds += 1000;
  expect(meter.metric(losses)).toEqual({ step: 120, loss: 1, imagesPerSecond: 100 });
  expect(meter.measure(losses)).toMatchObject({
    step: 120,
    imagesPerSecond: expect.closeTo(200 / 11) as number,
    secondsLeft: expect.closeTo(99) as number,
  });
});
