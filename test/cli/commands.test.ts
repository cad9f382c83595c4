import fs from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { float32 } from '../../src/engine/values';
import { readNpy, writeNpy } from '../../src/store/npy';
import { outcomeOf, spawnUnimodal, startSession, type Session } from './command-line';

let folder: string;
let session: Session;
const file = (name: string) => path.join(folder, name);
const run = (line: string) => session.run(...line.split(' '));
const train = '--set training.steps=6 --set training.batchSize=4 --set network.channels=4 --threads 1';

beforeAll(async () => {
  folder = await fs.mkdtemp(path.join(os.tmpdir(), 'unimodal-test-'));
  session = startSession(folder);
  const images = Float32Array.from({ length: 3 * 64 }, (_, i) => Math.sin(i));
  await writeNpy(file('x.npy'), float32(images, [3, 8, 8, 1]));
  await writeNpy(file('flat.npy'), float32(images, [3, 64]));
  await writeNpy(file('large.npy'), float32(images, [3, 4, 16, 1]));
  await writeNpy(file('bytes.npy'), { shape: [1, 8, 8, 1], values: new Uint8Array(64) });
  await writeNpy(
    file('nan.npy'),
    float32(
      images.map((x, i) => (i === 70 ? NaN : x)),
      [3, 8, 8, 1],
    ),
  );
  const { status } = await run(`train --size 32 ${train} --set training.keep=[2]`);
  expect(status).toBe(0);
}, 120_000);
afterAll(async () => {
  await session.end();
  await fs.rm(folder, { recursive: true });
});

const values = async (name: string) => (await readNpy(file(name))).values as Float32Array;
/** Files of results of the run. */
const results = async () => {
  const [name] = await fs.readdir(file('runs'));
  return (await fs.readdir(path.join(file('runs'), name, 'results')).catch(() => [])).sort();
};

test('denoise and features write what the images give, whatever else is in the file', async () => {
  const one = float32((await values('x.npy')).slice(64, 128), [1, 8, 8, 1]);
  await writeNpy(file('one.npy'), one);
  for (const name of ['x', 'one']) {
    const common = `--model digits-32-seed0 --images ${name}.npy --sigma 0.5`;
    expect((await run(`denoise ${common} --out ${name}-d.npy`)).status).toBe(0);
    expect(
      (await run(`features ${common} --layer 8x8_up --pool none --clean --out ${name}-f.npy`)).status,
    ).toBe(0);
  }
  for (const [kind, width] of [
    ['d', 64],
    ['f', 256],
  ] as const) {
    const [all, alone] = [await values(`x-${kind}.npy`), await values(`one-${kind}.npy`)];
    expect(all).toHaveLength(3 * width);
    // Convolutions of one image and of three may round differently.
    alone.forEach((value, i) => expect(all[width + i]).toBeCloseTo(value, 4));
  }
});

test('the seed determines the noise of features, and clean images have none', async () => {
  const common = 'features --model digits-32-seed0 --images x.npy --sigma 0.5 --layer 8x8_up --out f.npy';
  const made: Record<string, Float32Array> = {};
  for (const options of ['', '--seed 0', '--seed 1', '--clean', '--clean --seed 1']) {
    expect((await run(`${common} ${options}`.trim())).status).toBe(0);
    made[options] = await values('f.npy');
  }
  expect(made['--seed 0']).toEqual(made['']);
  expect(made['--seed 1']).not.toEqual(made['']);
  expect(made['--clean --seed 1']).toEqual(made['--clean']);
});

test('measures are kept in the run: a changed probe setting measures the curve anew, and only that', async () => {
  const curve = 'curve --model digits-32-seed0 --json --set probe.testDraws=1 --set probe.sigmas=0.1,0.5,1';
  const sampling = '--set sampling.steps=3 --set sampling.count=20';
  const first = await run(curve);
  await run(`score --model digits-32-seed0 ${sampling}`);
  const before = await results();
  expect(before.map(name => name.split('-')[0])).toEqual(['curve', 'samples', 'score']);
  const again = await run(curve);
  expect(again.stdout).toBe(first.stdout);
  expect(again.stderr).not.toContain('noise levels');
  await run(`sample --model digits-32-seed0 ${sampling} --out s.npy`); // the score's samples
  expect(await results()).toEqual(before);
  await run(`${curve} --set probe.l2=0.01`);
  expect((await results()).filter(name => !before.includes(name))).toEqual([
    expect.stringMatching(/^curve-/),
  ]);
});

test('weights that were kept at a step are measured as such', async () => {
  const common = 'denoise --model digits-32-seed0 --images x.npy --sigma 0.5';
  expect((await run(`${common} --at 2 --out at2.npy`)).status).toBe(0);
  expect((await run(`${common} --out last.npy`)).status).toBe(0);
  expect(await values('at2.npy')).not.toEqual(await values('last.npy'));
  expect((await run(`${common} --at 3 --out no.npy`)).stderr).toMatch(
    /no weights of step 3: those of 2 were kept/,
  );
});

test('a sweep takes its grid from a file and options, and prints a line of commands or of results for each model', async () => {
  const grid = { training: { steps: 6, batchSize: 4 }, over: { seed: [0, 1], 'network.channels': [4] } };
  await fs.writeFile(file('grid.json'), JSON.stringify(grid));
  const rest =
    '--set probe.testDraws=1 --set probe.sigmas=0.1,0.5,1 --set sampling.steps=3 --set sampling.count=5';
  const sweep = `sweep grid.json --over seed=0 --over trainingSize=16,32 ${rest}`;
  const printed = (await run(`${sweep} --print`)).stdout.trim().split('\n');
  expect(printed).toEqual([
    expect.stringMatching(/--set seed=0 .*--set trainingSize=16 /),
    expect.stringMatching(/--set seed=0 .*--set trainingSize=32 /),
  ]);
  const { status, stdout } = await run(`${sweep} --json`);
  expect(status).toBe(0);
  const rows = JSON.parse(stdout) as { run: string }[];
  expect(rows).toMatchObject([
    { seed: 0, trainingSize: 16, run: expect.stringMatching(/^digits-16-seed0-/) as string },
    { seed: 0, trainingSize: 32, run: expect.stringMatching(/^digits-32-seed0-/) as string },
  ]);
  await fs.rm(file(`runs/${rows[0].run}`), { recursive: true });
  await fs.rm(file(`runs/${rows[1].run}`), { recursive: true });
});

test('a picture of samples is a PNG', async () => {
  await run('sample --model digits-32-seed0 --count 4 --set sampling.steps=3 --out s.png');
  expect((await fs.readFile(file('s.png'))).subarray(1, 4).toString()).toBe('PNG');
});

test('every command that takes a run takes a folder of diffusers', async () => {
  const pretrained = `--model ${path.join(__dirname, '../../notebooks/models/ddpm-digits')}`;
  const layer = 'up_blocks.1.resnets.0';
  const lines = [
    `denoise ${pretrained} --images x.npy --sigma 0.5 --out y.npy`,
    `features ${pretrained} --images x.npy --sigma 0.5 --layer ${layer} --out f.npy`,
    `sample ${pretrained} --count 4 --set sampling.steps=3 --out s.npy`,
    `score ${pretrained} --size 100 --set sampling.steps=3 --set sampling.count=20`,
    `curve ${pretrained} --set probe.layer=${layer} --set probe.sigmas=0.1,0.5,1 --set probe.testDraws=1`,
  ];
  for (const line of lines) expect(await run(line), line).toMatchObject({ status: 0 });
  expect(await values('y.npy')).toHaveLength(3 * 64);
  expect(await values('f.npy')).toHaveLength(3 * 16);
  expect((await run(`curve ${pretrained}`)).stderr).toMatch(
    /no layer '8x8_block0'.*up_blocks\.1\.resnets\.0/,
  );
  expect((await run(`score ${pretrained}`)).stderr).toMatch(/--size: give the number of images/);
});

test('exports are CSV or JSON, a line a noise level', async () => {
  await run('curve --model digits-32-seed0 --set probe.testDraws=1 --set probe.sigmas=0.1,0.5,1');
  await run('runs export --table curves --out curves.csv');
  const [header, ...lines] = (await fs.readFile(file('curves.csv'), 'utf8')).trim().split('\n');
  expect(header).toMatch(/^name,key,layer,input,step,sigma,accuracy,/);
  await run('runs export --table curves --out curves.json');
  const rows = JSON.parse(await fs.readFile(file('curves.json'), 'utf8')) as object[];
  expect(rows).toHaveLength(lines.length);
  expect(rows[0]).toMatchObject({ name: 'digits-32-seed0', sigma: 0.1 });
});

test('a curve of one noise level is listed with its accuracy, and no verdict', async () => {
  const one = 'probe.testDraws=1 --set probe.sigmas=[0.3] --set sampling.steps=3 --set sampling.count=5';
  const { status, stdout } = await run(
    `sweep --set seed=5 --set trainingSize=16 ${train.replace(' --threads 1', '')} --set ${one} --json`,
  );
  expect(status).toBe(0);
  const [{ run: name }] = JSON.parse(stdout) as { run: string }[];
  expect((await run(`runs show ${name}`)).stdout).toMatch(
    /curve of 8x8_block0, noisy images: \d\d?\.\d % at sigma 0\.3/,
  );
  expect((await run(`runs compare ${name} digits-32-seed0`)).status).toBe(0);
  await run(`runs export ${name} --table curves --out one.csv`);
  const [header, line, ...rest] = (await fs.readFile(file('one.csv'), 'utf8')).trim().split('\n');
  expect(header).toBe('name,key,layer,input,step,sigma,accuracy,lower,upper,verdict');
  expect(line).toMatch(/,8x8_block0,noisy,,0\.3,\d[\d.]*,,,$/);
  expect(rest).toEqual([]);
  await fs.rm(file(`runs/${name}`), { recursive: true });
});

test('an archive of runs is imported elsewhere, where they have results only, or weights when asked for', async () => {
  const exported = await run('runs export digits-32-* --out one.tar.gz --json');
  expect(JSON.parse(exported.stdout)).toMatchObject({
    out: 'one.tar.gz',
    runs: [{ name: 'digits-32-seed0' }],
  });
  const imported = await run('runs import one.tar.gz --runs theirs --json');
  expect(JSON.parse(imported.stdout)).toMatchObject({
    imported: [{ name: 'digits-32-seed0', status: 'results only', step: 6 }],
    present: [],
  });
  expect((await run('runs list --runs theirs')).stdout).toMatch(
    /digits-32-seed0 +\w{12} +results only +6\/6/,
  );
  expect((await run('runs show digits-32-seed0 --runs theirs')).stdout).toMatch(
    /\), results only, step 6 of 6/,
  );
  expect((await run('runs import one.tar.gz --runs theirs')).stdout).toMatch(
    /digits-32-.*: is there already\n$/,
  );
  await run('runs export digits-32-seed0 --weights --out weights.tgz');
  expect((await run('runs import weights.tgz --runs ours')).stdout).toMatch(/imported \(finished\)\n$/);
});

const model = '--model digits-32-seed0';
describe('mistakes end with status 1, a sentence, and nothing on standard output', () => {
  test.each([
    ['train --set training.stps=4', /no setting "training\.stps"\. Did you mean training\.steps/],
    ['train --set training.steps', /--set training\.steps: write key=value/],
    ['train --set training.steps=many', /training\.steps is a number \(such as 3000\), not "many"/],
    ['train --set sizes=32', /choose it by --size and --seed/],
    ['train --size 5000', /5000/],
    ['sweep --over network.chanels=8', /no setting "network\.chanels"\. Did you mean network\.channels/],
    ['sweep --over seed', /--over seed: write key=value/],
    ['sweep no.json', /There is no file no\.json/],
    ['sweep x.npy', /x\.npy is no JSON/],
    ['sweep --over trainingSize=32,5000', /5000/],
    ['train --size 0', /"0" is not a whole number of at least 1/],
    ['train --preset cifar11', /Allowed choices are/],
    ['trian', /unknown command 'trian'/],
    ['curve', /required option '--model/],
    ['curve --model digits-99', /no run "digits-99" in .*There are: digits-32-seed0-\w{12}/],
    [`curve ${model} --set training.steps=9`, /no setting "training". Settings are: data, .*probe\.layer/],
    [`curve ${model} --set probe.layer=up`, /no layer 'up'.*Its layers are: .*8x8_up/],
    [`curve ${model} --set probe.sigmas=0.5,0.1,0.2`, /must increase/],
    [`curve ${model} --set probe.sigmas=0.1,0.5`, /probe\.sigmas: .* three noise levels or more, not 2/],
    ['dynamics --set sizes=32', /choose it by --size and --seed/],
    ['dynamics --set probe.layer=up', /no layer 'up'/],
    ['dynamics --set sampling.count=0', /sampling\.count is a positive integer, not 0/],
    [`sample ${model} --out x.jpg`, /--out x\.jpg: name a file that ends in \.npy or \.png/],
    [`denoise ${model} --images no.npy --sigma 1 --out y.npy`, /no\.npy: there is no such file/],
    [
      `denoise ${model} --images flat.npy --sigma 1 --out y.npy`,
      /flat\.npy holds float32 numbers of shape \[3, 64\]/,
    ],
    [`denoise ${model} --images bytes.npy --sigma 1 --out y.npy`, /bytes\.npy holds uint8.*p \/ 127\.5 - 1/],
    [`denoise ${model} --images nan.npy --sigma 1 --out y.npy`, /nan\.npy holds NaN at position 70/],
    [
      `denoise ${model} --images large.npy --sigma 1 --out y.npy`,
      /of shape \[N, 8, 8, 1\], but these are.*\[3, 4, 16, 1\]/,
    ],
    [
      `denoise ${model} --images x.npy --sigma 0 --out y.npy`,
      /A noise level sigma is a positive number.*not 0/,
    ],
    [
      `features ${model} --images x.npy --sigma 1 --layer 8x8_up --pool max --out f.npy`,
      /Allowed choices are none, mean, 2x2/,
    ],
    ['runs show nothing', /no run "nothing"/],
    ['runs compare digits-32-seed0', /at least two runs/],
    ['runs export --out table.xls', /name a \.csv or a \.json file for a table, or a \.tar\.gz/],
    ['runs export --weights', /--weights is for archives: name one by --out/],
    ['runs export nothing-* --out a.tar.gz', /No run in .* fits "nothing-\*"\. There are: digits-/],
    ['runs import x.npy', /The archive x\.npy is refused: it is damaged, truncated or no \.tar/],
    ['data /no/such/folder', /\/no\/such\/folder/],
  ])('%s', async (line, message) => {
    const { status, stdout, stderr } = await run(line);
    expect(stderr).toMatch(message);
    expect(stderr).not.toMatch(/\n\s+at /); // a sentence, not a stack trace
    expect({ status, stdout }).toEqual({ status: 1, stdout: '' });
  });
});

test('interrupted it saves, says how to go on, ends with 130, and goes on; meanwhile another process is refused', async () => {
  const argv = [
    'train',
    '--size',
    '16',
    '--seed',
    '9',
    '--set',
    'training.steps=100000',
    '--set',
    'network.channels=4',
  ];
  const first = spawnUnimodal(folder, argv);
  const outcome = outcomeOf(first);
  const listed = async () => (await run('runs list')).stdout;
  await vi.waitFor(async () => expect(await listed()).toMatch(/digits-16-seed9 +\w{12} +training/), {
    timeout: 60_000,
    interval: 200,
  });
  expect((await session.run(...argv)).stderr).toMatch(
    /being worked on by another process \(pid \d+.*Wait for it/,
  );
  first.kill('SIGINT');
  const { status, stdout, stderr } = await outcome;
  expect(stderr).toMatch(
    /Training was interrupted after step \d+ of 100000; its state was saved: run it again/,
  );
  expect({ status, stdout }).toEqual({ status: 130, stdout: '' });
  expect(await listed()).toMatch(/digits-16-seed9 +\w{12} +unfinished/);
  expect((await run('curve --model digits-16-seed9')).stderr).toMatch(
    /not trained to its end. Train it again/,
  );
}, 120_000);

test('removing a run asks for --yes, and says what it does', async () => {
  await run(`train --size 20 ${train}`);
  expect((await run('runs remove digits-20-seed0')).stdout).toMatch(/MB\): would be removed \(add --yes/);
  expect((await run('runs list')).stdout).toContain('digits-20-seed0');
  expect((await run('runs remove digits-20-seed0 --yes')).stdout).toMatch(/MB\): removed/);
  expect((await run('runs list')).stdout).not.toContain('digits-20-seed0');
});

test('help and what is known of runs come without loading TensorFlow', async () => {
  const fresh = startSession(folder);
  for (const line of ['--help', 'train --help', 'runs list', 'runs show digits-32-seed0']) {
    expect(await fresh.run(...line.split(' ')), line).toMatchObject({ status: 0, loadedTensorFlow: false });
  }
  expect(await fresh.run('data', 'digits')).toMatchObject({ status: 0, loadedTensorFlow: true });
  await fresh.end();
});
