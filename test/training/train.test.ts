import fs from 'node:fs/promises';
import { afterEach, expect, test, vi } from 'vitest';
import { tf } from '../../src/engine/tensorflow';
import type { NamedValues } from '../../src/engine/values';
import { readMetrics } from '../../src/store/metrics';
import { fileOf, type Run } from '../../src/store/record';
import { openRun } from '../../src/store/run';
import { isFinished, keptSteps, loadKeptWeights, loadWeights } from '../../src/store/weights';
import { DivergedError, train, type TrainOptions } from '../../src/training/train';
import { trainRun } from '../../src/training/train-run';
import { withTemporaryFolder } from '../store/temporary';
import { config, dataset, tiny } from './tiny';

afterEach(() => vi.restoreAllMocks());

function openIn(root: string): Promise<Run> {
  return openRun({ config }, { root, name: 'tiny', seeds: { run: tiny.seed } });
}

/** Options that stop a training after some steps. */
function stoppedAfter(steps: number): Pick<TrainOptions, 'signal' | 'onProgress'> {
  let asked = 0;
  const signal = {
    get aborted() {
      return asked++ >= steps;
    },
  } as AbortSignal; // asked once a step
  return { signal };
}

function bitsOf(values: NamedValues): Record<string, Buffer> {
  return Object.fromEntries(
    Object.entries(values).map(([name, { values: v }]) => [
      name,
      Buffer.from(v.buffer, v.byteOffset, v.byteLength),
    ]),
  );
}

test('the loss falls, and the curve has a point every interval', async () => {
  const { losses, average, raw } = await train({ ...tiny, config: { ...config, steps: 300 } });
  expect(losses.map(point => point.step)).toEqual(Array.from({ length: 150 }, (_, i) => 2 * (i + 1)));
  const mean = (part: typeof losses) => part.reduce((sum, { loss }) => sum + loss, 0) / part.length;
  expect(mean(losses.slice(-30))).toBeLessThan(0.9 * mean(losses.slice(0, 30)));
  expect(Object.keys(average)).toEqual(['conv.weight', 'level.weight']);
  expect(bitsOf(average)).not.toEqual(bitsOf(raw));
});

test('compiled and eager training agree', async () => {
  const compiled = await train(tiny);
  const eager = await train({ ...tiny, compile: false });
  // Rounding differs with the order of operations; Adam amplifies it a little.
  compiled.losses.forEach(({ loss }, i) => expect(eager.losses[i].loss).toBeCloseTo(loss, 4));
  compiled.average['conv.weight'].values.forEach((value, i) =>
    expect(eager.average['conv.weight'].values[i]).toBeCloseTo(value, 4),
  );
});

test.each([true, false])(
  'a batch in parts trains as the whole batch does, compiled: %s',
  async isCompiled => {
    const options = { ...tiny, compile: isCompiled, flips: true };
    const whole = await train(options);
    const inParts = await train({ ...options, config: { ...config, accumulation: 4 } });
    // Sums in another order; Adam amplifies rounding a little.
    whole.losses.forEach(({ loss }, i) => expect(inParts.losses[i].loss).toBeCloseTo(loss, 4));
    whole.average['conv.weight'].values.forEach((value, i) =>
      expect(inParts.average['conv.weight'].values[i]).toBeCloseTo(value, 4),
    );
  },
);

test('a training in parts is resumed bit for bit, from a checkpoint without the gradient', async () => {
  const options = { ...tiny, config: { ...config, accumulation: 2 } };
  const uninterrupted = await train(options);
  await withTemporaryFolder(async root => {
    const run = await openIn(root);
    await expect(trainRun({ ...options, run, ...stoppedAfter(13) })).rejects.toThrow(/interrupted/);
    expect(bitsOf((await trainRun({ ...options, run })).raw)).toEqual(bitsOf(uninterrupted.raw));
  });
});

test('the seed determines the result', async () => {
  const [one, again, other] = [await train(tiny), await train(tiny), await train({ ...tiny, seed: 8 })];
  expect(bitsOf(again.raw)).toEqual(bitsOf(one.raw));
  expect(bitsOf(other.raw)).not.toEqual(bitsOf(one.raw));
});

test('an interrupted training is resumed as if it had never stopped, bit for bit', async () => {
  const uninterrupted = await train(tiny);
  await withTemporaryFolder(async root => {
    const run = await openIn(root);
    for (const steps of [7, 0, 20]) {
      await expect(trainRun({ ...tiny, run, ...stoppedAfter(steps) })).rejects.toMatchObject({
        name: 'AbortError',
        message: expect.stringMatching(/after step \d+ of 60; its state was saved: run it again/) as string,
      });
      expect(await isFinished(run)).toBe(false);
    }
    const resumed = await trainRun({ ...tiny, run });
    expect(bitsOf(resumed.raw)).toEqual(bitsOf(uninterrupted.raw));
    expect(bitsOf(resumed.average)).toEqual(bitsOf(uninterrupted.average));
    expect(resumed.losses).toEqual(uninterrupted.losses);
    expect((await readMetrics(run)).map(metric => metric.step)).toEqual(
      resumed.losses.map(point => point.step),
    );
  });
});

test('without a run an interruption says that nothing was kept', async () => {
  const stopped = train({ ...tiny, signal: AbortSignal.abort() });
  await expect(stopped).rejects.toThrow(/after step 0 of 60; its state was not kept/);
});

test('a finished run is read instead of trained again, unless asked for', async () => {
  await withTemporaryFolder(async root => {
    const run = await openIn(root);
    const first = await trainRun({ ...tiny, run });
    const onProgress = vi.fn();
    expect(await trainRun({ ...tiny, run, onProgress })).toEqual(first);
    expect(onProgress).not.toHaveBeenCalled();
    expect((await fs.readdir(run.folder)).sort()).toEqual([
      'config.json',
      'metrics.jsonl',
      'run.json',
      'weights.safetensors',
    ]);
    expect(await trainRun({ ...tiny, run, onProgress, fresh: true })).toEqual(first);
    expect(onProgress).toHaveBeenCalled();
  });
});

test('of two trainings of one run at once, one is refused and the other goes on', async () => {
  await withTemporaryFolder(async root => {
    const run = await openIn(root);
    const both = await Promise.allSettled([trainRun({ ...tiny, run }), trainRun({ ...tiny, run })]);
    const refused = both.flatMap(result => (result.status === 'rejected' ? [result.reason as Error] : []));
    expect(refused).toHaveLength(1);
    expect(refused[0].message).toMatch(/already being worked on in this process/);
    expect(await isFinished(run)).toBe(true);
  });
});

test('damaged weights are named, and once removed they are trained again', async () => {
  await withTemporaryFolder(async root => {
    const run = await openIn(root);
    const first = await trainRun({ ...tiny, run });
    await fs.truncate(fileOf(run, 'weights.safetensors'), 400);
    await expect(trainRun({ ...tiny, run })).rejects.toThrow(
      /weights\.safetensors is not a usable.*remove it to have it made again/,
    );
    await fs.rm(fileOf(run, 'weights.safetensors'));
    expect(await trainRun({ ...tiny, run })).toEqual(first);
  });
});

test('the averaged weights of chosen steps are kept, as a training of that length would end', async () => {
  const short = await train({ ...tiny, config: { ...config, steps: 25 } });
  await withTemporaryFolder(async root => {
    const run = await openIn(root);
    await trainRun({ ...tiny, config: { ...config, keep: [25, 60] }, run });
    expect(await keptSteps(run)).toEqual([25, 60]);
    expect(bitsOf(await loadKeptWeights(run, 25))).toEqual(bitsOf(short.average));
    expect(bitsOf(await loadKeptWeights(run, 60))).toEqual(bitsOf((await loadWeights(run)).average));
    await expect(loadKeptWeights(run, 30)).rejects.toThrow(
      /no weights of step 30: those of 25, 60 were kept/,
    );
  });
});

test('weights are kept in a run only', async () => {
  await expect(train({ ...tiny, config: { ...config, keep: [5] } })).rejects.toThrow(/training\.keep.*a run/);
});

test('a full disk is reported before the first step', async () => {
  await withTemporaryFolder(async root => {
    const run = await openIn(root);
    const open = fs.open.bind(fs);
    vi.spyOn(fs, 'open').mockImplementation((file, ...rest) =>
      String(file).includes('checkpoint')
        ? Promise.reject(Object.assign(new Error('ENOSPC'), { code: 'ENOSPC' }))
        : open(file, ...rest),
    );
    const onProgress = vi.fn();
    await expect(trainRun({ ...tiny, run, onProgress })).rejects.toThrow(
      /checkpoint\.safetensors: the disk is full/,
    );
    expect(onProgress).not.toHaveBeenCalled();
    expect(await isFinished(run)).toBe(false);
  });
});

test('a loss that is not finite stops the training with the step and what to try', async () => {
  const wild = train({ ...tiny, config: { ...config, learningRate: 1e38, warmUpSteps: 0 } });
  await expect(wild).rejects.toThrow(DivergedError);
  await expect(wild).rejects.toThrow(
    /became (NaN|Infinity) at step \d+\. Try a lower learning rate \(now 1e\+38\)/,
  );
});

test.each([
  ['batchSize', 0, /training\.batchSize is a positive whole number, not 0/],
  ['accumulation', 3, /training\.accumulation divides training\.batchSize \(4\).*3 does not/],
  ['steps', 1.5, /training\.steps/],
  ['learningRate', NaN, /training\.learningRate is a positive number, not NaN/],
  ['warmUpSteps', -1, /training\.warmUpSteps/],
  ['beta2', 1, /training\.beta2 is a number between 0 and 1/],
  ['keep', [61], /training\.keep holds steps from 1 to training\.steps \(60\), not 61/],
])('an impossible %s is refused', async (name, value, message) => {
  await expect(train({ ...tiny, config: { ...config, [name]: value } })).rejects.toThrow(message);
});

test('images of another shape than the network takes are refused', async () => {
  const flat = { ...dataset, imageShape: [2, 8, 1] as const };
  await expect(train({ ...tiny, dataset: flat })).rejects.toThrow(/takes images of 4 x 4 x 1.*are 2 x 8 x 1/);
});

test('progress reports steps, speed and the time left, and the event loop stays free', async () => {
  const seen: number[] = [];
  const timer = vi.fn();
  const interval = setInterval(timer, 5);
  await train({
    ...tiny,
    compile: false,
    config: { ...config, steps: 120 },
    onProgress: ({ step, steps, imagesPerSecond, secondsLeft }) => {
      seen.push(step);
      expect(steps).toBe(120);
      expect(imagesPerSecond).toBeGreaterThan(0);
      expect(secondsLeft).toBeGreaterThanOrEqual(0);
    },
  });
  clearInterval(interval);
  expect(seen.at(-1)).toBe(120);
  expect(timer.mock.calls.length).toBeGreaterThanOrEqual(seen.length - 2);
});

test.each([
  [true, 1000],
  [false, 60],
])('no tensor is left behind, compiled: %s, %i steps', async (isCompiled, steps) => {
  const options = { ...tiny, compile: isCompiled, config: { ...config, steps } };
  await train(options);
  const before = tf.memory().numTensors;
  const during = new Set<number>();
  await train({ ...options, onProgress: () => during.add(tf.memory().numTensors) });
  await expect(train({ ...options, signal: AbortSignal.abort() })).rejects.toThrow();
  expect(during.size, 'live tensors stay constant while training').toBe(1);
  expect(tf.memory().numTensors).toBe(before);
});
