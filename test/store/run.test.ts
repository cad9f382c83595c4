import fs from 'node:fs/promises';
import path from 'node:path';
import { expect, test, vi } from 'vitest';
import { float32 } from '../../src/engine/values';
import { appendMetric, readMetrics, rewindMetrics } from '../../src/store/metrics';
import { cached, cachedTensor, keep, listResults } from '../../src/store/results';
import { fileOf, readRecord } from '../../src/store/record';
import { clearRun, openRun } from '../../src/store/run';
import { finishRun, isFinished, loadWeights } from '../../src/store/weights';
import { withTemporaryFolder } from './temporary';

const config = { trainingSize: 32, seed: 0 };
const weights = { raw: { a: float32([1, 2]) }, average: { a: float32([3, 4]) } };
const openIn = (root: string, settings: object = config) =>
  openRun(settings, { root, name: 'digits-32', seeds: { run: 0 } });

test('a run is finished only after its weights are on the disk, and is found again by its configuration', async () => {
  await withTemporaryFolder(async root => {
    const run = await openIn(root);
    expect(path.basename(run.folder)).toBe(`digits-32-${run.key}`);
    expect(await isFinished(run)).toBe(false);
    await finishRun(run, weights);
    const again = await openIn(root, { seed: 0, trainingSize: 32 });
    expect(again.folder).toBe(run.folder);
    expect(await isFinished(again)).toBe(true);
    expect(await loadWeights(again)).toEqual(weights);
    expect((await openIn(root, { ...config, seed: 1 })).folder).not.toBe(run.folder);
  });
});

test('the record holds format, seeds and versions, and config.json the configuration', async () => {
  await withTemporaryFolder(async root => {
    const run = await openIn(root);
    const record = await readRecord(run);
    expect(record).toMatchObject({ formatVersion: 2, status: 'unfinished', seeds: { run: 0 } });
    expect(record?.versions.node).toBe(process.versions.node);
    expect(record?.versions.unimodal).toMatch(/^\d+\.\d+/);
    expect(record?.versions.tensorflow).toMatch(/^2\./);
    expect(JSON.parse(await fs.readFile(fileOf(run, 'config.json'), 'utf8'))).toEqual(config);
  });
});

test('a run that could not save its weights is not finished', async () => {
  await withTemporaryFolder(async root => {
    const run = await openIn(root);
    await fs.mkdir(fileOf(run, 'weights.safetensors'));
    await expect(finishRun(run, weights)).rejects.toThrow();
    expect(await isFinished(run)).toBe(false);
  });
});

test('folders of another format, of another run, or damaged ones are refused with a sentence', async () => {
  await withTemporaryFolder(async root => {
    const run = await openIn(root);
    const file = fileOf(run, 'run.json');
    const record = await fs.readFile(file, 'utf8');
    await fs.writeFile(file, record.replace('"formatVersion": 2', '"formatVersion": 99'));
    await expect(openIn(root)).rejects.toThrow(/written in format 99.*reads format 2/);
    await fs.writeFile(file, record.replace(run.key, 'ffffffffffff'));
    await expect(openIn(root)).rejects.toThrow(/another run \(key ffffffffffff\)/);
    await fs.writeFile(file, record.slice(0, 30));
    await expect(openIn(root)).rejects.toThrow(/run\.json is damaged\. Remove the folder/);
  });
});

test('weights of another run are refused', async () => {
  await withTemporaryFolder(async root => {
    const [one, two] = [await openIn(root), await openIn(root, { seed: 7 })];
    await finishRun(one, weights);
    await fs.copyFile(fileOf(one, 'weights.safetensors'), fileOf(two, 'weights.safetensors'));
    await expect(loadWeights(two)).rejects.toThrow(/belongs to another run/);
  });
});

test('a name that is no folder name is refused', async () => {
  await expect(openRun(config, { root: '/tmp', name: '../up', seeds: {} })).rejects.toThrow(
    /can't name a run/,
  );
});

test('a cleared run is as new', async () => {
  await withTemporaryFolder(async root => {
    const run = await openIn(root);
    await finishRun(run, weights);
    await cached(run, 'score', {}, () => Promise.resolve(1));
    await clearRun(run);
    expect((await fs.readdir(run.folder)).sort()).toEqual(['config.json', 'run.json']);
    expect(await isFinished(run)).toBe(false);
  });
});

test('a measure is computed once for each set of settings, and comes back exactly', async () => {
  await withTemporaryFolder(async root => {
    const run = await openIn(root);
    const compute = vi.fn(() => Promise.resolve({ values: Float32Array.of(1 / 3), nan: NaN }));
    const first = await cached(run, 'curve', { sigma: 1 }, compute);
    expect(await cached(run, 'curve', { sigma: 1 }, compute)).toStrictEqual(first);
    expect(compute).toHaveBeenCalledTimes(1);
    await cached(run, 'curve', { sigma: 2 }, compute);
    expect(compute).toHaveBeenCalledTimes(2);
    expect((await listResults(run, 'curve')).map(result => result.dependsOn)).toEqual(
      expect.arrayContaining([{ sigma: 1 }, { sigma: 2 }]),
    );
  });
});

test('the results of a measure are not those of one whose name begins the same', async () => {
  await withTemporaryFolder(async root => {
    const run = await openIn(root);
    for (const name of ['curve', 'curve-clean']) await cached(run, name, {}, () => Promise.resolve(name));
    expect((await listResults(run, 'curve')).map(({ value }) => value)).toEqual(['curve']);
  });
});

test.each(['../escaped', 'a/b', 'a_b', ''])(
  'a measure can not be named "%s": nothing is computed',
  async name => {
    await withTemporaryFolder(async root => {
      const run = await openIn(root);
      const compute = vi.fn();
      const refused = /can't name a result's file: use letters, digits and dashes/;
      await expect(cached(run, name, {}, compute)).rejects.toThrow(refused);
      await expect(cachedTensor(run, name, {}, compute)).rejects.toThrow(refused);
      await expect(keep(name, {}, compute, { root })).rejects.toThrow(refused);
      expect(compute).not.toHaveBeenCalled();
    });
  },
);

test('a tensor is kept as safetensors, and drawn again when its file is damaged', async () => {
  await withTemporaryFolder(async root => {
    const run = await openIn(root);
    const compute = vi.fn(() => Promise.resolve(float32([1 / 3, NaN], [2, 1])));
    const first = await cachedTensor(run, 'samples', { count: 2 }, compute);
    expect(await cachedTensor(run, 'samples', { count: 2 }, compute)).toEqual(first);
    expect(compute).toHaveBeenCalledTimes(1);
    const [name] = await fs.readdir(fileOf(run, 'results'));
    expect(name).toMatch(/^samples-\w{12}\.safetensors$/);
    await fs.truncate(fileOf(run, `results/${name}`), 20);
    const warn = vi.spyOn(console, 'warn').mockReturnValue();
    expect(await cachedTensor(run, 'samples', { count: 2 }, compute)).toEqual(first);
    expect(warn).toHaveBeenCalledWith(expect.stringContaining('is damaged'));
    warn.mockRestore();
  });
});

test('a failed computation saves nothing, a damaged result is computed again with a warning', async () => {
  await withTemporaryFolder(async root => {
    const run = await openIn(root);
    await expect(cached(run, 'curve', {}, () => Promise.reject(new Error('no')))).rejects.toThrow('no');
    expect(await cached(run, 'curve', {}, () => Promise.resolve(1))).toBe(1);
    const [name] = await fs.readdir(fileOf(run, 'results'));
    await fs.truncate(fileOf(run, `results/${name}`), 10);
    const warn = vi.spyOn(console, 'warn').mockReturnValue();
    expect(await cached(run, 'curve', {}, () => Promise.resolve(2))).toBe(2);
    expect(warn).toHaveBeenCalledWith(expect.stringContaining('is damaged'));
    warn.mockRestore();
  });
});

test('the log is read without the line that a killed process left half, and rewound to a step', async () => {
  await withTemporaryFolder(async root => {
    const run = await openIn(root);
    for (const step of [10, 20, 30]) await appendMetric(run, { step, loss: 1 / step, imagesPerSecond: 5 });
    await fs.appendFile(fileOf(run, 'metrics.jsonl'), '{"step":40,"lo');
    expect((await readMetrics(run)).map(metric => metric.step)).toEqual([10, 20, 30]);
    await rewindMetrics(run, 20);
    expect((await readMetrics(run)).map(metric => metric.step)).toEqual([10, 20]);
  });
});
