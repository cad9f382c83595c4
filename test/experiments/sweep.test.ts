import fs from 'node:fs/promises';
import { beforeAll, describe, expect, test, vi } from 'vitest';
import { sweep, type Sweep, type SweepOptions } from '../../src/experiments/sweep';
import { sweepRows } from '../../src/experiments/sweep-rows';
import { withTemporaryFolder } from '../store/temporary';

/** The whole chain in seconds: too small to find anything. */
const small: SweepOptions = {
  trainingSize: 16,
  network: { channels: 4 },
  training: { steps: 6, batchSize: 4 },
  probe: { sigmas: [0.1, 0.5, 1], testDraws: 1 },
  sampling: { count: 5, steps: 3 },
  workers: 2,
};

describe('a sweep', () => {
  let root: string;
  let result: Sweep;
  const grid = { ...small, over: { 'training.learningRate': [0.01, 1e30], seed: [1] } };
  beforeAll(async () => {
    root = await fs.mkdtemp('/tmp/unimodal-test-');
    result = await sweep({ ...grid, root });
    return () => fs.rm(root, { recursive: true });
  });

  test('gives what was measured on each model with its place in the grid, and names each that failed with its error', () => {
    const { models, failures } = result;
    expect(models.map(({ at, trainingSize, seed }) => ({ at, trainingSize, seed }))).toEqual([
      { at: { 'training.learningRate': 0.01, seed: 1 }, trainingSize: 16, seed: 1 },
    ]);
    expect(models[0].curve).toMatchObject({ layer: '8x8_block0', sigmas: [0.1, 0.5, 1] });
    expect(models[0].losses).toHaveLength(6);
    expect(failures.map(({ label }) => label)).toEqual(['learningRate 1e+30']);
    expect(failures[0].error.message).toMatch(/loss/);
  });

  test('has a row a model: its axes, then what was found', () => {
    const [row] = sweepRows(result);
    expect(Object.keys(row).slice(0, 3)).toEqual(['training.learningRate', 'seed', 'loss']);
    expect(row).toMatchObject({ seed: 1, 'peak sigma': expect.any(Number) as number });
    expect(row.run).toMatch(/^digits-16-seed1-/);
  });

  test('asked for again, what is finished comes from disk', async () => {
    const onProgress = vi.fn();
    const over = { 'training.learningRate': [0.01], seed: [1] };
    const again = await sweep({ ...grid, over, root, onProgress });
    expect(again.models[0].curve).toEqual(result.models[0].curve);
    expect(onProgress).not.toHaveBeenCalled();
  });
});

test('a model that can not be computed is refused before the others are', async () => {
  await withTemporaryFolder(async root => {
    const over = { trainingSize: [16, 2000] };
    await expect(sweep({ ...small, root, over })).rejects.toThrow(/2000/);
    await expect(sweep({ ...small, root, over: { 'probe.layer': ['8x8_up', 'up'] } })).rejects.toThrow(
      /'up'/,
    );
    expect(await fs.readdir(root)).toEqual([]);
  });
});

test('two sweeps of the same grid at once share the work: each part of a model is done by one of them, and both have all', async () => {
  await withTemporaryFolder(async root => {
    const over = { 'probe.testDraws': [1, 2] }; // models that differ in the probe share weights
    const doneBy = new Map<string, Set<string>>();
    const run = (name: string) =>
      sweep({
        ...small,
        root,
        over,
        onProgress({ label }, { stage }) {
          const part = stage === 'curve' ? `curve of ${label}` : stage;
          doneBy.set(part, (doneBy.get(part) ?? new Set()).add(`${name}, ${label}`));
        },
      });
    const [first, second] = await Promise.all([run('first'), run('second')]);
    expect(first.failures).toEqual([]);
    expect(first.models).toHaveLength(2);
    expect(second).toEqual(first);
    expect(doneBy.size).toBe(1 + 2 + 1); // training, curves, samples
    for (const [part, by] of doneBy) expect([...by], part).toHaveLength(1);
  });
});
