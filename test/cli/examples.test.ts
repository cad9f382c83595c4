/** Every example of every command's help, as it stands there, with settings that make it quick. */
import fs from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { startSession, type Session } from './command-line';

/** In this order each finds what the ones before have made. */
const commands = [
  'data',
  'train',
  'sweep',
  'sample',
  'denoise',
  'features',
  'curve',
  'score',
  'theory snr',
  'runs list',
  'runs show',
  'runs compare',
  'runs export',
  'runs import',
  'runs',
  '',
  'runs remove',
  'dynamics',
];

const quick: Record<string, string> = {
  train: '--set training.steps=6 --set training.batchSize=4 --set network.channels=4 --threads 1',
  sweep:
    '--set training.steps=6 --set training.batchSize=4 --set network.channels=4 --set probe.testDraws=1 --set probe.sigmas=0.1,0.5,1 --set sampling.steps=3 --set sampling.count=20',
  dynamics:
    '--set training.steps=6 --set training.batchSize=4 --set network.channels=4 --set probe.testDraws=1 --set probe.sigmas=0.1,0.5,1 --set sampling.steps=3 --set sampling.count=20',
  sample: '--set sampling.steps=3',
  curve: '--set probe.sigmas=0.1,0.5,1 --set probe.testDraws=1',
  score: '--set sampling.steps=3 --set sampling.count=20',
  theory: '--samples 600',
};

let folder: string;
let session: Session;
beforeAll(async () => {
  folder = await fs.mkdtemp(path.join(os.tmpdir(), 'unimodal-test-'));
  // Examples name it as it lies in a clone.
  const models = 'notebooks/models';
  await fs.cp(path.join(__dirname, '../..', models), path.join(folder, models), { recursive: true });
  session = startSession(folder);
});
afterAll(async () => {
  await session.end();
  await fs.rm(folder, { recursive: true });
});

/** As a shell divides a line, whose quotes only keep stars from it. */
const words = (line: string) => line.replaceAll("'", '').split(' ').filter(Boolean);

async function examplesOf(command: string): Promise<string[]> {
  const { status, stdout } = await session.run(...words(command), '--help');
  expect(status).toBe(0);
  return [...stdout.matchAll(/^ {2}npx unimodal (.*)$/gm)].map(match => match[1]);
}

test.each(commands)(
  '%s: the examples of its help work',
  async command => {
    const examples = await examplesOf(command);
    expect(examples.length).toBeGreaterThan(0);
    for (const example of examples) {
      const keep = example.includes('training.keep') ? '--set training.keep=2,4' : '';
      const line = [...words(example), ...words(quick[example.split(' ')[0]] ?? ''), ...words(keep)];
      const { status, stdout, stderr } = await session.run(...line);
      expect(stderr, example).not.toMatch(/^unimodal:|^error:/m);
      expect(status, example).toBe(0);
      expect(stdout.trim(), example).not.toBe('');
      if (example.includes('--json')) expect(() => JSON.parse(stdout) as unknown, example).not.toThrow();
    }
  },
  180_000,
);

test('no command is without examples that are tested here, but those that run programs of the set-up', async () => {
  const { stdout } = await session.run('--help');
  const names = [...stdout.matchAll(/^ {2}(\w+)( \[| {2})/gm)].map(match => match[1]);
  const tested = new Set(commands.map(command => command.split(' ')[0]));
  expect(names.filter(name => !tested.has(name))).toEqual([
    'doctor',
    'setup',
    'lab',
    'render',
    'gallery',
    'help',
  ]);
});
