/** The workshop as its learners meet it: every notebook runs through untouched, and each exercise's solution is found right. */
import { spawn } from 'node:child_process';
import {
  cpSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { findEnvironment, project } from './making';

const workshop = `${project}/notebooks/workshop`;
const names = readdirSync(workshop)
  .filter(name => name.endsWith('.ipynb'))
  .map(name => name.replace('.ipynb', ''));

interface Notebook {
  readonly cells: { id: string; cell_type: string; source: string | string[] }[];
}

let folder: string;
let python: string;
let env: NodeJS.ProcessEnv;

/** A copy within the project, where `unimodal` is found, beside the stored results. */
beforeAll(async () => {
  ({ python, env } = await findEnvironment());
  mkdirSync(`${project}/test-artefacts`, { recursive: true });
  folder = mkdtempSync(`${project}/test-artefacts/workshop-`);
  cpSync(workshop, `${folder}/workshop`, { recursive: true });
  symlinkSync(`${project}/notebooks/results`, `${folder}/results`);
});
afterAll(() => rmSync(folder, { recursive: true }));

const readNotebook = (name: string) =>
  JSON.parse(readFileSync(`${workshop}/${name}.ipynb`, 'utf8')) as Notebook;
const exercisesOf = (name: string) =>
  readNotebook(name)
    .cells.map(cell => /^exercise-(\d+)$/.exec(cell.id)?.[1])
    .filter(number => number !== undefined);

/** The code of each exercise's solution, by its number. */
function solutionsOf(name: string): Map<string, string> {
  const sections = readFileSync(`${workshop}/solutions/${name}.md`, 'utf8')
    .split(/^## Exercise /m)
    .slice(1);
  return new Map(
    sections.map(section => [/^\d+/.exec(section)![0], /^```ts\n(.*?)^```/ms.exec(section)?.[1] ?? '']),
  );
}

const squeezed = (text: string | string[]) => [text].flat().join('').replace(/\s+/g, ' ');

/** What an exercise gives: the parts of its cell around the places of the answer. */
const givenParts = (source: string | string[]) =>
  squeezed(source)
    .split(/\bundefined\b|\{\}/)
    .map(part => part.trim());

/** A copy of a notebook with the solutions in the exercises' places. */
function solve(name: string): string {
  const solutions = solutionsOf(name);
  const { cells, ...rest } = readNotebook(name);
  const solved = cells.map(cell => ({
    ...cell,
    source: solutions.get(cell.id.replace('exercise-', '')) ?? cell.source,
  }));
  writeFileSync(`${folder}/workshop/${name}-solved.ipynb`, JSON.stringify({ cells: solved, ...rest }));
  return `${name}-solved`;
}

/** Executes a notebook from the results that ship with the workshop; what it printed, the runs that it made, and the exit status. */
async function execute(name: string) {
  const runs = join(folder, `${name}-runs`);
  const args = [
    `${project}/src/notebook/execute.py`,
    `${folder}/workshop/${name}.ipynb`,
    `${folder}/${name}.ipynb`,
  ];
  const child = spawn(python, args, {
    env: { ...env, UNIMODAL_RUNS: runs },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let output = '';
  for (const stream of [child.stdout, child.stderr])
    stream.on('data', (text: Buffer) => (output += text.toString()));
  const status = await new Promise<number | null>(done => child.on('close', done));
  return { status, output, checks: output.match(/Exercise \d+: (no answer yet|right|not yet)/g) ?? [] };
}

describe('a solution of the workshop', () => {
  it.each(names)('of %s stands in what its cell gives: no type is left out', name => {
    const solutions = solutionsOf(name);
    for (const cell of readNotebook(name).cells.filter(({ id }) => id.startsWith('exercise-'))) {
      const solution = squeezed(solutions.get(cell.id.replace('exercise-', ''))!);
      for (const part of givenParts(cell.source)) expect(solution).toContain(part);
    }
  });
});

describe.concurrent('the workshop', () => {
  it.for(names)('%s runs through before anything is answered', { timeout: 300_000 }, async name => {
    const { status, output, checks } = await execute(name);
    expect(status, output).toBe(0);
    expect(checks, output).toEqual(exercisesOf(name).map(number => `Exercise ${number}: no answer yet`));
  });

  it.for(names)('%s finds the solution of each exercise right', { timeout: 300_000 }, async name => {
    expect([...solutionsOf(name).keys()]).toEqual(exercisesOf(name));
    const { status, output, checks } = await execute(solve(name));
    expect(status, output).toBe(0);
    expect(checks, output).toEqual(exercisesOf(name).map(number => `Exercise ${number}: right`));
  });
});
