import fs from 'node:fs/promises';
import path from 'node:path';
import { beforeAll, describe, expect, test } from 'vitest';
import { type DynamicsOptions, learningDynamics, transitionAt } from '../../src/experiments/dynamics';
import type { ModelDynamics } from '../../src/experiments/run-dynamics';
import { storedResults, storeResults } from '../../src/experiments/stored-results';
import { transition } from '../../src/experiments/transition';
import { openRun } from '../../src/store/run';
import { decodeJson, encodeJson } from '../../src/store/typed-json';
import { withTemporaryFolder } from '../store/temporary';

interface Scored {
  value: { score: { ratios: Float32Array } };
}

const settings = {
  network: { channels: 4 },
  training: { steps: 6, batchSize: 4, keep: [2, 4] },
  probe: { sigmas: [0.1, 0.4, 1], testDraws: 1 },
  sampling: { count: 5, steps: 3 },
};

describe('learning dynamics', () => {
  let root: string;
  let models: ModelDynamics[];
  const seen: number[][] = [];
  const follow: DynamicsOptions = { ...settings, sizes: [16], seeds: [3], workers: 1 };

  beforeAll(async () => {
    root = await fs.mkdtemp('/tmp/unimodal-test-');
    models = await learningDynamics({
      ...follow,
      root,
      onPoint: ([{ points }]) => seen.push(points.map(({ step }) => step)),
    });
    return () => fs.rm(root, { recursive: true });
  });
  const folderIn = async (parent: string) => path.join(parent, (await fs.readdir(parent))[0]);

  test('hold every measure at the kept steps and the last one, in order', () => {
    const [{ trainingSize, seed, points, losses }] = models;
    expect([trainingSize, seed, points.map(({ step }) => step)]).toEqual([16, 3, [2, 4, 6]]);
    expect(losses).toHaveLength(6);
    for (const { curve, icr, stableRank, loss, score, samples } of points) {
      expect(curve).toMatchObject({ layer: '8x8_block0', sigmas: [0.1, 0.4, 1], testCount: 797 });
      expect(icr.values.every(value => value > 0 && value < 1)).toBe(true);
      expect(stableRank).toBeGreaterThan(1);
      expect(loss.train).not.toBe(loss.heldOut);
      expect(score.sampleCount).toBe(5);
      expect(samples.shape).toEqual([5, 8, 8, 1]);
    }
    expect(points[0].loss.train).toBeGreaterThan(points[2].loss.train);
  });

  test('are reported point by point', () => {
    expect(seen).toEqual([[2], [2, 4], [2, 4, 6]]);
  });

  test('leave the training as it is: weights and log are those of a plain training, but for its speed', async () => {
    await withTemporaryFolder(async other => {
      const { sizes } = await transition({ ...follow, root: other }); // on a worker, too: with as many threads
      const [plain, followed] = await Promise.all([other, root].map(folderIn));
      for (const file of ['weights.safetensors', 'kept/2.safetensors', 'kept/4.safetensors'])
        expect(await fs.readFile(path.join(followed, file))).toEqual(
          await fs.readFile(path.join(plain, file)),
        );
      expect(sizes[0].losses).toEqual(models[0].losses);
    });
  });

  test('asked for again come from disk, also without weights', async () => {
    for (const name of ['weights.safetensors', 'kept'])
      await fs.rename(path.join(await folderIn(root), name), path.join(await folderIn(root), `${name}.away`));
    expect(await learningDynamics({ ...follow, root })).toEqual(models);
    for (const name of ['weights.safetensors', 'kept'])
      await fs.rename(path.join(await folderIn(root), `${name}.away`), path.join(await folderIn(root), name));
  });

  test('interrupted at a point go on and end the same', async () => {
    await withTemporaryFolder(async other => {
      const abortion = new AbortController();
      const onPoint = () => abortion.abort();
      const interrupted = learningDynamics({ ...follow, root: other, signal: abortion.signal, onPoint });
      await expect(interrupted).rejects.toThrow('Interrupted');
      expect(await learningDynamics({ ...follow, root: other })).toEqual(models);
    });
  });

  test('are stored without weights or paths, and read without images', async () => {
    await withTemporaryFolder(async target => {
      await storeResults(root, path.join(target, 'tiny'));
      const stored = await storedResults('tiny', target);
      expect(stored.models).toMatchObject(models);
      expect(stored.machine.cores).toBeGreaterThan(0);
      const names = await fs.readdir(target, { recursive: true });
      expect(names.filter(name => name.endsWith('.safetensors'))).toEqual([]);
      await expect(storedResults('huge', target)).rejects.toThrow('no stored results "huge"');
    });
  });

  test('are read as the run was asked to measure them, whatever else was measured', async () => {
    await withTemporaryFolder(async other => {
      const copy = path.join(other, 'runs');
      await fs.cp(root, copy, { recursive: true });
      const probe = { ...settings.probe, layer: '8x8_up', sigmas: [0.2, 0.3, 0.5] };
      const sampling = { count: 4, steps: 3 };
      await learningDynamics({ ...follow, root: copy, probe, sampling });
      await storeResults(copy, path.join(other, 'stored', 'tiny'));
      expect((await storedResults('tiny', path.join(other, 'stored'))).models).toMatchObject(models);
    });
  });

  test('take the place of what was stored before only when all of them are written', async () => {
    await withTemporaryFolder(async other => {
      const copy = path.join(other, 'runs');
      await fs.cp(root, copy, { recursive: true });
      await storeResults(root, path.join(other, 'stored', 'tiny'));
      await fs.rm(path.join(await folderIn(copy), 'metrics.jsonl'));
      await expect(storeResults(copy, path.join(other, 'stored', 'tiny'))).rejects.toThrow('metrics.jsonl');
      expect((await storedResults('tiny', path.join(other, 'stored'))).models).toMatchObject(models);
    });
  });

  test('are stored without runs that no experiment made, and not at all beside one that is damaged', async () => {
    await withTemporaryFolder(async other => {
      const copy = path.join(other, 'runs');
      const stored = path.join(other, 'stored', 'tiny');
      await fs.cp(root, copy, { recursive: true });
      const foreign = await openRun({ seed: 0 }, { root: copy, name: 'foreign', seeds: {} });
      expect(await storeResults(copy, stored)).toEqual([path.basename(await folderIn(root))]);
      await fs.writeFile(path.join(foreign.folder, 'run.json'), '{');
      await expect(storeResults(copy, `${stored}-2`)).rejects.toThrow(
        /Nothing was stored:.*run\.json is damaged/s,
      );
      expect(await fs.readdir(path.dirname(stored))).toEqual(['tiny']);
    });
  });

  test('are stored without samples that copy training images', async () => {
    await withTemporaryFolder(async other => {
      const copy = path.join(other, 'runs');
      await fs.cp(root, copy, { recursive: true });
      const results = path.join(await folderIn(copy), 'results');
      for (const name of (await fs.readdir(results)).filter(name => name.startsWith('scored-samples'))) {
        const saved = decodeJson(await fs.readFile(path.join(results, name), 'utf8')) as Scored;
        saved.value.score.ratios.fill(0.1, 1, 3); // the second and the third are copies
        await fs.writeFile(path.join(results, name), encodeJson(saved));
      }
      await storeResults(copy, path.join(other, 'stored', 'tiny'));
      const [{ points }] = (await storedResults('tiny', path.join(other, 'stored'))).models;
      const [stored, all] = [points[1].samples, models[0].points[1].samples];
      expect(stored.shape).toEqual([3, 8, 8, 1]);
      expect(stored.values.subarray(64)).toEqual(all.values.subarray(3 * 64));
    });
  });

  test('give the models at one moment by size', () => {
    const second = { ...models[0], trainingSize: 20 };
    const { sizes } = transitionAt([...models, second], 4);
    expect(
      sizes.map(({ trainingSize, curves, scores }) => [trainingSize, curves.length, scores.length]),
    ).toEqual([
      [16, 1, 1],
      [20, 1, 1],
    ]);
    expect(transitionAt(models).sizes[0].curves).toEqual([models[0].points[2].curve]);
    expect(transitionAt(models, 3).sizes).toEqual([]);
  });
});
