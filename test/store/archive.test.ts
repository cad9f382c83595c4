/** Runs exported and imported: what travels, and everything that is refused. */
import fs from 'node:fs/promises';
import path from 'node:path';
import { gunzipSync, gzipSync } from 'node:zlib';
import { describe, expect, test, vi } from 'vitest';
import { float32 } from '../../src/engine/values';
import type { ArchiveManifest } from '../../src/store/archive';
import { exportRuns } from '../../src/store/export';
import { importRuns } from '../../src/store/import';
import { sha256 } from '../../src/store/keys';

import { appendMetric, readMetrics } from '../../src/store/metrics';
import { fileOf, type Run } from '../../src/store/record';
import { cached, cachedTensor } from '../../src/store/results';
import { openRun } from '../../src/store/run';
import { findRuns, listRuns } from '../../src/store/runs';
import { readTar } from '../../src/store/tar';
import { finishRun, isFinished, keepWeights, loadKeptWeights, loadWeights } from '../../src/store/weights';
import { tarGzOf } from '../data/archives';
import { whileHeld } from './held';
import { withTemporaryFolder } from './temporary';

const weights = { raw: { a: float32([1, 2]) }, average: { a: float32([3, 4]) } };
const curve = { accuracy: Float32Array.of(0.5, 1 / 3), loss: NaN };

/** A trained and measured run, with a file beside that is none of a run's. */
async function trainedRun(root: string, seed: number): Promise<Run> {
  const run = await openRun({ seed }, { root, name: `digits-32-seed${seed}`, seeds: { seed } });
  await appendMetric(run, { step: 10, loss: 0.5, imagesPerSecond: 9 });
  await keepWeights(run, 5, weights.average);
  await finishRun(run, weights);
  await cached(run, 'curve', { seed }, () => Promise.resolve(curve));
  await cachedTensor(run, 'samples', {}, () => Promise.resolve(float32([seed, 2], [2, 1])));
  await fs.writeFile(fileOf(run, 'training-images.npy'), 'not ours to pass on');
  return run;
}

/** Two runs, their archive, and an empty folder to import into. */
async function withArchive(
  work: (place: { runs: Run[]; archive: string; elsewhere: string }) => Promise<void>,
  options?: { weights: boolean },
): Promise<void> {
  await withTemporaryFolder(async folder => {
    const runs = [await trainedRun(`${folder}/runs`, 1), await trainedRun(`${folder}/runs`, 2)];
    const archive = `${folder}/two.tar.gz`;
    await exportRuns(runs, archive, options);
    await work({ runs, archive, elsewhere: `${folder}/elsewhere` });
  });
}

const never = () => Promise.reject(new Error('this was computed before'));
const atHome = (run: Run, elsewhere: string): Run => ({
  ...run,
  folder: path.join(elsewhere, path.basename(run.folder)),
});

describe('an exported run', () => {
  test('serves its results and log elsewhere, without weights and whatever else lies in its folder', async () => {
    await withArchive(async ({ runs, archive, elsewhere }) => {
      const { imported, present } = await importRuns(archive, elsewhere);
      expect([imported.length, present.length]).toEqual([2, 0]);
      expect((await listRuns(elsewhere)).runs.map(run => run.key)).toEqual(runs.map(run => run.key));
      const run = imported[1];
      expect(run).toMatchObject({ config: { seed: 2 }, record: { status: 'finished', seeds: { seed: 2 } } });
      expect(await cached(run, 'curve', { seed: 2 }, never)).toStrictEqual(curve);
      expect(await cachedTensor(run, 'samples', {}, never)).toEqual(float32([2, 2], [2, 1]));
      expect(await readMetrics(run)).toEqual([{ step: 10, loss: 0.5, imagesPerSecond: 9 }]);
      expect(await isFinished(run)).toBe(false);
      expect((await fs.readdir(run.folder)).sort()).toEqual([
        'config.json',
        'metrics.jsonl',
        'results',
        'run.json',
      ]);
      expect((await fs.readdir(elsewhere)).sort()).toEqual(runs.map(({ folder }) => path.basename(folder)));
    });
  });

  test('brings its weights, those kept at a step included, when asked to', async () => {
    await withArchive(
      async ({ archive, elsewhere }) => {
        const [run] = (await importRuns(archive, elsewhere)).imported;
        expect(await loadWeights(run)).toEqual(weights);
        expect(await loadKeptWeights(run, 5)).toEqual(weights.average);
      },
      { weights: true },
    );
  });

  test('gives the same archive whenever it is exported', async () => {
    await withArchive(async ({ runs, archive }) => {
      await exportRuns(runs, `${archive}.again`);
      expect(await fs.readFile(`${archive}.again`)).toEqual(await fs.readFile(archive));
    });
  });

  test('must be trained to its end, and there must be one', async () => {
    await withTemporaryFolder(async root => {
      const run = await openRun({ seed: 1 }, { root, name: 'digits', seeds: {} });
      await expect(exportRuns([run], `${root}/a.tar.gz`)).rejects.toThrow(/is not trained to its end/);
      await expect(exportRuns([], `${root}/a.tar.gz`)).rejects.toThrow(/no run to export/);
      await expect(fs.access(`${root}/a.tar.gz`)).rejects.toThrow();
    });
  });
});

test('runs are named by a star, each once', async () => {
  await withArchive(async ({ runs }) => {
    const root = path.dirname(runs[0].folder);
    const found = await findRuns([runs[1].name, 'digits-*', 'digits-32-seed1-*'], root);
    expect(found.map(run => run.key)).toEqual([runs[1].key, runs[0].key]);
    await expect(findRuns(['digits.*'], root)).rejects.toThrow(
      /No run in .* fits "digits\.\*"\. There are: /,
    );
  });
});

describe('importing again', () => {
  test('leaves runs with the same files as they are, and brings those that are missing', async () => {
    await withArchive(async ({ runs, archive, elsewhere }) => {
      await importRuns(archive, elsewhere);
      await fs.rm(atHome(runs[0], elsewhere).folder, { recursive: true });
      const second = await importRuns(archive, elsewhere);
      expect(second.imported.map(run => run.key)).toEqual([runs[0].key]);
      expect(second.present.map(run => run.key)).toEqual([runs[1].key]);
    });
  });

  test.each([
    ['changed', /metrics\.jsonl is another one: nothing was imported/],
    ['missing', /metrics\.jsonl is missing: nothing was imported/],
  ])('imports nothing where the file of one run is %s', async (what, message) => {
    await withArchive(async ({ runs, archive, elsewhere }) => {
      await importRuns(archive, elsewhere);
      const log = fileOf(atHome(runs[1], elsewhere), 'metrics.jsonl');
      if (what === 'missing') await fs.rm(log);
      else await appendMetric(atHome(runs[1], elsewhere), { step: 20, loss: 1, imagesPerSecond: 1 });
      await fs.rm(atHome(runs[0], elsewhere).folder, { recursive: true });
      await expect(importRuns(archive, elsewhere)).rejects.toThrow(message);
      expect(await fs.readdir(elsewhere)).toEqual([path.basename(runs[1].folder)]);
    });
  });

  test('brings none of the runs where one can not be moved to its place', async () => {
    await withArchive(async ({ archive, elsewhere }) => {
      const rename = fs.rename.bind(fs);
      let moves = 0;
      const failing = vi.spyOn(fs, 'rename').mockImplementation(async (from, to) => {
        if (path.dirname(String(to)) === elsewhere && ++moves === 2)
          throw Object.assign(new Error('EACCES'), { code: 'EACCES' });
        await rename(from, to);
      });
      await expect(importRuns(archive, elsewhere)).rejects.toThrow(
        /Nothing was imported: Could not write .*elsewhere: this user has no permission there/,
      );
      failing.mockRestore();
      expect(await fs.readdir(elsewhere)).toEqual([]);
      expect((await importRuns(archive, elsewhere)).imported).toHaveLength(2);
    });
  });

  test('removes what a killed import left, and is refused while another one is at work', async () => {
    await withArchive(async ({ archive, elsewhere }) => {
      await fs.mkdir(`${elsewhere}/.importing/half`, { recursive: true });
      await whileHeld(`${elsewhere}/.importing`, async () => {
        await expect(importRuns(archive, elsewhere)).rejects.toThrow(/already being worked on/);
      });
      expect((await importRuns(archive, elsewhere)).imported).toHaveLength(2);
      expect(await fs.readdir(elsewhere)).not.toContain('.importing');
    });
  });
});

type Files = Record<string, Buffer>;

async function unpack(archive: string): Promise<Files> {
  const tar = readTar(archive);
  const files: Files = {};
  for await (const { path: name, bytes } of tar.read(new Set(await tar.list()))) files[name] = bytes;
  return files;
}

const manifestOf = (files: Files) => JSON.parse(files['manifest.json'].toString()) as ArchiveManifest;

/** A manifest that is right for the files. */
function relist(files: Files): void {
  const listed = Object.entries(files)
    .filter(([name]) => name !== 'manifest.json')
    .map(([name, bytes]) => ({ path: name, bytes: bytes.length, sha256: sha256(bytes) }));
  files['manifest.json'] = Buffer.from(JSON.stringify({ ...manifestOf(files), files: listed }));
}

function edit(files: Files, name: RegExp, change: (text: string) => string): void {
  const found = Object.keys(files).find(file => name.test(file))!;
  files[found] = Buffer.from(change(files[found].toString()));
}

/** Archives that are not imported: how each differs from a good one, and what is said. */
const refused: Record<string, [(files: Files) => void, RegExp]> = {
  'a file that climbs out': [
    files => void (files['../../escaped.json'] = Buffer.from('{}')),
    /would lie outside the folder/,
  ],
  'a listed file that climbs out of its run': [
    files => {
      files['digits-0123456789ab/../../escaped.json'] = Buffer.from('{}');
      relist(files);
    },
    /would lie outside the folder/,
  ],
  'an absolute path': [files => void (files['/tmp/x'] = Buffer.from('')), /would lie outside the folder/],
  'a path in the manifest alone that climbs out': [
    files => edit(files, /^manifest/, text => text.replace(/"[^"]*config\.json"/, '"../config.json"')),
    /"\.\.\/config\.json" in its manifest is not a file of a run/,
  ],
  'a file that is none of a run': [
    files => {
      files[`${Object.keys(files)[1].split('/')[0]}/program.js`] = Buffer.from('');
      relist(files);
    },
    /program\.js" in its manifest is not a file of a run/,
  ],
  'a file that is not listed': [
    files => void (files['extra.json'] = Buffer.from('{}')),
    /"extra\.json" is not in its manifest/,
  ],
  'a missing file': [
    files => void delete files[Object.keys(files).find(name => name.endsWith('metrics.jsonl'))!],
    /metrics\.jsonl" is missing in it/,
  ],
  'a changed file': [
    files => edit(files, /curve/, text => text.replace('NaN', '123')),
    /the SHA-256 of ".*curve-\w+\.json" is not the one in its manifest/,
  ],
  'a file of another size than listed': [
    files => edit(files, /curve/, text => text.replace('NaN', 'N')),
    /curve-\w+\.json" has \d+ bytes, and \d+ in its manifest/,
  ],
  'a size that is none': [
    files => edit(files, /^manifest/, text => text.replace(/"bytes": ?\d+/, '"bytes": -1')),
    /in its manifest has the size -1/,
  ],
  'more than fits on the disk': [
    files => edit(files, /^manifest/, text => text.replace(/"bytes": ?\d+/, '"bytes": 9007199254740991')),
    /take 9007199254\.\d MB, and [\d.]+ MB are free where they would go: nothing was imported/,
  ],
  'another version of archives': [
    files => edit(files, /^manifest/, text => text.replace('"formatVersion": 1', '"formatVersion": 2')),
    /archive of version 2, this version of unimodal imports version 1/,
  ],
  'runs of another version': [
    files => {
      edit(files, /run\.json/, text => text.replace('"formatVersion": 2', '"formatVersion": 3'));
      relist(files);
    },
    /digits-32-seed1-\w+ was written in format 3, this version of unimodal reads format 2/,
  ],
  'a run with another configuration': [
    files => {
      edit(files, /config\.json/, () => '{"seed":9}');
      relist(files);
    },
    /is not the configuration that the run was made with/,
  ],
  'a run under another name': [
    files => {
      edit(files, /run\.json/, text => text.replace('digits-32-seed1', 'digits-32-seed7'));
      relist(files);
    },
    /"digits-32-seed1-\w+" is not a finished run of that name/,
  ],
  'an unfinished run': [
    files => {
      edit(files, /run\.json/, text => text.replace('"finished"', '"unfinished"'));
      relist(files);
    },
    /is not a finished run of that name/,
  ],
  'no manifest': [files => void delete files['manifest.json'], /has no manifest of runs/],
  'a manifest of something else': [
    files => edit(files, /^manifest/, text => text.replace('unimodal runs', 'other things')),
    /has no manifest of runs/,
  ],
  'a manifest that is no JSON': [files => edit(files, /^manifest/, () => '{'), /has no manifest of runs/],
  'a manifest of nothing at all': [
    files => edit(files, /^manifest/, text => JSON.stringify({ ...JSON.parse(text), files: [null] })),
    /"undefined" in its manifest is not a file of a run/,
  ],
};

describe('an archive is refused, and nothing of it stays, with', () => {
  test.each(Object.entries(refused))('%s', async (_, [change, message]) => {
    await withArchive(async ({ archive, elsewhere }) => {
      const files = await unpack(archive);
      change(files);
      await fs.writeFile(archive, await tarGzOf(files));
      await expect(importRuns(archive, elsewhere)).rejects.toThrow(message);
      expect(await fs.readdir(elsewhere).catch(() => [])).toEqual([]);
    });
  });

  test('a link', async () => {
    await withTemporaryFolder(async folder => {
      const link = { type: 'symlink' as const, linkname: '/etc/passwd' };
      await fs.writeFile(`${folder}/a.tar.gz`, await tarGzOf({ 'a-0123456789ab/run.json': link }));
      await expect(importRuns(`${folder}/a.tar.gz`, `${folder}/runs`)).rejects.toThrow(
        /is a symlink to "\/etc\/passwd", no file/,
      );
    });
  });

  test('an end that is missing, or a damaged byte', async () => {
    await withArchive(async ({ archive, elsewhere }) => {
      const bytes = await fs.readFile(archive);
      await fs.writeFile(archive, bytes.subarray(0, bytes.length / 2));
      await expect(importRuns(archive, elsewhere)).rejects.toThrow(/damaged, truncated or no \.tar/);
      const tar = gunzipSync(bytes);
      tar[tar.indexOf('"step":10') + 8] ^= 1;
      await fs.writeFile(archive, gzipSync(tar));
      await expect(importRuns(archive, elsewhere)).rejects.toThrow(/SHA-256 of ".*metrics\.jsonl"/);
      expect(await fs.readdir(elsewhere).catch(() => [])).toEqual([]);
    });
  });

  test('a path at which there is none', async () => {
    await expect(importRuns('/no/such.tar.gz', '/no')).rejects.toThrow(/Could not read \/no\/such\.tar\.gz/);
  });
});
