import fs from 'node:fs/promises';
import path from 'node:path';
import { expect, test } from 'vitest';
import { fileOf } from '../../src/store/record';
import { openRun } from '../../src/store/run';
import { findRun, listRuns, removeRun } from '../../src/store/runs';
import { whileHeld } from './held';
import { withTemporaryFolder } from './temporary';

const open = (root: string, seed: number, name = `digits-${seed}`) =>
  openRun({ seed }, { root, name, seeds: { seed } });

test('runs are listed as they were started; other folders are passed over, unreadable runs named', async () => {
  await withTemporaryFolder(async root => {
    const [first, second, old, changed] = [
      await open(root, 1),
      await open(root, 2),
      await open(root, 3),
      await open(root, 4),
    ];
    await fs.mkdir(path.join(root, 'notes'));
    const record = await fs.readFile(fileOf(old, 'run.json'), 'utf8');
    await fs.writeFile(fileOf(old, 'run.json'), record.replace(/"formatVersion": \d+/, '"formatVersion": 1'));
    await fs.writeFile(fileOf(changed, 'config.json'), '{"seed":5}');
    const { runs, unreadable } = await listRuns(root);
    expect(runs.map(run => run.key)).toEqual([first.key, second.key]);
    expect(unreadable).toHaveLength(2);
    expect(unreadable.join('\n')).toMatch(/was written in format 1, this version.*reads format 2/);
    expect(unreadable.join('\n')).toMatch(/config\.json is not the configuration that the run was made with/);
    expect((await listRuns(path.join(root, 'none'))).runs).toEqual([]);
  });
});

test('a run is found by its folder, name, folder name or the beginning of its key', async () => {
  await withTemporaryFolder(async root => {
    const run = await open(root, 1);
    await open(root, 2);
    for (const reference of [run.folder, run.name, path.basename(run.folder), run.key, run.key.slice(0, 5)]) {
      expect(await findRun(reference, root)).toMatchObject({ ...run });
    }
  });
});

test('a reference that means no run, or several, is answered with those that there are', async () => {
  await withTemporaryFolder(async root => {
    await expect(findRun('digits', root)).rejects.toThrow(/There are none: train one first/);
    const [one, two] = [await open(root, 1, 'same'), await open(root, 2, 'same')];
    await expect(findRun('digits', root)).rejects.toThrow(`There are: same-${one.key}, same-${two.key}`);
    await expect(findRun('same', root)).rejects.toThrow(
      /means several runs: same-\w+, same-\w+\. Give the beginning/,
    );
  });
});

test('a run is removed whole, and not while it is worked on', async () => {
  await withTemporaryFolder(async root => {
    const run = await open(root, 1);
    await whileHeld(run.folder, async () => {
      await expect(removeRun(run)).rejects.toThrow(/already being worked on/);
    });
    await removeRun(run);
    expect(await fs.readdir(root)).toEqual([]);
  });
});
