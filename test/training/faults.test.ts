/** What can happen to a training besides being killed (kill.test.ts): damaged files, full and read-only disks. */
import fs from 'node:fs/promises';
import { expect, test, vi } from 'vitest';
import { cached } from '../../src/store/results';
import { fileOf, type Run } from '../../src/store/record';
import { openRun } from '../../src/store/run';
import { isFinished, loadWeights } from '../../src/store/weights';
import { loadCheckpoint } from '../../src/training/checkpoint';
import { train } from '../../src/training/train';
import { trainRun, type TrainRunOptions } from '../../src/training/train-run';
import { canMount, withSmallDisk } from '../store/file-systems';
import { withTemporaryFolder } from '../store/temporary';
import { config, tiny } from './tiny';

const openIn = (root: string): Promise<Run> =>
  openRun({ config }, { root, name: 'tiny', seeds: { run: tiny.seed } });

/** Trains the run until some step is done. */
async function trainUntil(run: Run, step: number): Promise<void> {
  const controller = new AbortController();
  const onProgress: TrainRunOptions['onProgress'] = progress => progress.step >= step && controller.abort();
  const stopped = trainRun({ ...tiny, run, compile: false, onProgress, signal: controller.signal });
  await expect(stopped).rejects.toMatchObject({ name: 'AbortError' });
}

/** Goes on with the run to its end; resolves to what was said first. */
async function finish(run: Run): Promise<string[]> {
  const notices: string[] = [];
  await trainRun({ ...tiny, run, onNotice: notice => notices.push(notice) });
  return notices;
}

/** A run that was stopped twice, so that it has two checkpoints, with the step of each. */
async function stoppedTwice(root: string) {
  const run = await openIn(root);
  await trainUntil(run, 10);
  const before = (await loadCheckpoint(run)).state!.step;
  await trainUntil(run, before + 10);
  const last = (await loadCheckpoint(run)).state!.step;
  return { run, before, last };
}

const truncate = async (run: Run, name: string) => fs.truncate(fileOf(run, name), 400);

test('the next start says where it resumes, and that a finished training is read', async () => {
  await withTemporaryFolder(async root => {
    const { run, last } = await stoppedTwice(root);
    expect(await finish(run)).toEqual([`resuming at step ${last} of 60`]);
    expect(await finish(run)).toEqual(['trained already: reading its weights']);
  });
});

test('of a truncated checkpoint the one before it takes the place, and the result is the same', async () => {
  const { average } = await train({ ...tiny, compile: false });
  await withTemporaryFolder(async root => {
    const { run, before } = await stoppedTwice(root);
    await truncate(run, 'checkpoint.safetensors');
    expect(await finish(run)).toEqual([
      `the last checkpoint is damaged: resuming from the one before it, at step ${before} of 60`,
    ]);
    const weights = (await loadWeights(run)).average;
    // The first steps were eager, the others compiled: rounding differs, and Adam amplifies it a little.
    Object.entries(average).forEach(([name, { values }]) =>
      values.forEach((value, i) => expect(weights[name].values[i]).toBeCloseTo(value, 4)),
    );
  });
});

test('with both checkpoints damaged it says that it starts again', async () => {
  await withTemporaryFolder(async root => {
    const { run } = await stoppedTwice(root);
    await truncate(run, 'checkpoint.safetensors');
    await truncate(run, 'checkpoint-before.safetensors');
    expect(await finish(run)).toEqual(['the checkpoint is damaged: starting again']);
    expect(await isFinished(run)).toBe(true);
  });
});

test('killed between two checkpoints, it resumes from the one that was reported', async () => {
  await withTemporaryFolder(async root => {
    const { run, before } = await stoppedTwice(root);
    await fs.rm(fileOf(run, 'checkpoint.safetensors'));
    expect(await finish(run)).toEqual([`resuming at step ${before} of 60`]);
  });
});

test('a checkpoint of another run is refused', async () => {
  await withTemporaryFolder(async root => {
    const { run } = await stoppedTwice(root);
    const other = await openRun({ config, seed: 1 }, { root, name: 'other', seeds: {} });
    await fs.copyFile(fileOf(run, 'checkpoint.safetensors'), fileOf(other, 'checkpoint.safetensors'));
    await expect(trainRun({ ...tiny, run: other })).rejects.toThrow(
      /not a checkpoint of this run. Remove it/,
    );
  });
});

test.skipIf(!canMount)(
  'a disk that fills up while training ends it with a sentence, and what was saved is resumed (needs mount)',
  async () => {
    await withSmallDisk(400, async disk => {
      const run = await openIn(disk.folder);
      await trainUntil(run, 10);
      const { step } = (await loadCheckpoint(run)).state!;
      const onProgress = vi.fn(() => disk.fill());
      const full = trainRun({ ...tiny, run, compile: false, checkpointEvery: 0, onProgress });
      await expect(full).rejects.toThrow(
        /: the disk is full\. Free some space.*what was saved is kept\. \(ENOSPC\)/,
      );
      expect(onProgress).toHaveBeenCalled();
      const saved = (await loadCheckpoint(run)).state!.step;
      expect(saved).toBeGreaterThanOrEqual(step);
      await expect(trainRun({ ...tiny, run })).rejects.toThrow(/the disk is full/);
      disk.free();
      expect(await finish(run)).toEqual([`resuming at step ${saved} of 60`]);
      expect((await fs.readdir(run.folder)).filter(name => /tmp$|^lock/.test(name))).toEqual([]);
    });
  },
);

test.skipIf(!canMount)(
  'in a read-only folder a finished run is read, and nothing else is begun (needs mount)',
  async () => {
    await withSmallDisk(400, async disk => {
      const [finished, unfinished] = [
        await openIn(disk.folder),
        await openRun({}, { root: disk.folder, name: 'other', seeds: {} }),
      ];
      await finish(finished);
      await trainUntil(unfinished, 10);
      await cached(finished, 'curve', {}, () => Promise.resolve(1));
      disk.makeReadOnly();
      expect(await finish(finished)).toEqual(['trained already: reading its weights']);
      const compute = vi.fn(() => Promise.resolve(2));
      expect(await cached(finished, 'curve', {}, compute)).toBe(1);
      await expect(cached(finished, 'score', {}, compute)).rejects.toThrow(/the file system is read-only/);
      expect(compute).not.toHaveBeenCalled();
      await expect(trainRun({ ...tiny, run: unfinished })).rejects.toThrow(/the file system is read-only/);
      await expect(openRun({ new: 1 }, { root: disk.folder, name: 'new', seeds: {} })).rejects.toThrow(
        /read-only\. Choose another folder/,
      );
    });
  },
);
