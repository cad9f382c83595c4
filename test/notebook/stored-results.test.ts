/** Every notebook, its claims included, executed from the stored results: nothing is trained or measured. */
import { type ChildProcess, spawn } from 'node:child_process';
import { cpSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { findEnvironment, project } from './making';

const results = `${project}/notebooks/results`;
const notebooks = readdirSync(`${project}/notebooks`).filter(name => name.endsWith('.ipynb'));

let folder: string;
let python: string;
let env: NodeJS.ProcessEnv;

beforeAll(async () => {
  ({ python, env } = await findEnvironment());
  delete env.UNIMODAL_SEED;
  folder = mkdtempSync(join(tmpdir(), 'unimodal-stored-'));
});
afterAll(() => rmSync(folder, { recursive: true }));

const filesIn = (place: string) => (readdirSync(place, { recursive: true }) as string[]).sort();

/** Executes a notebook on a copy of the stored results; stops it as soon as it computes something, which is written there. */
async function execute(
  notebook: string,
): Promise<{ status: number | null; output: string; computed: string[] }> {
  const runs = join(folder, notebook, 'runs');
  cpSync(results, runs, { recursive: true });
  const before = new Set(filesIn(runs));
  const written = () => filesIn(runs).filter(file => !before.has(file));
  const target = join(folder, notebook, notebook);
  const child = spawn(
    python,
    [`${project}/src/notebook/execute.py`, `${project}/notebooks/${notebook}`, target],
    { env: { ...env, UNIMODAL_RUNS: runs }, stdio: ['ignore', 'pipe', 'pipe'] },
  );
  let output = '';
  for (const stream of [child.stdout, child.stderr])
    stream.on('data', (text: Buffer) => (output += text.toString()));
  const watch = setInterval(() => written().length > 0 && child.kill('SIGINT'), 200);
  const status = await ending(child);
  clearInterval(watch);
  const computed = written();
  rmSync(runs, { recursive: true });
  return { status, output, computed };
}

function ending(child: ChildProcess): Promise<number | null> {
  return new Promise(done => child.on('close', done));
}

describe.concurrent('every notebook', () => {
  it.for(notebooks)(
    '%s runs through from the stored results, and computes none of them',
    { timeout: 900_000 },
    async notebook => {
      const { status, output, computed } = await execute(notebook);
      const remedy = `npm run test:notebooks -- --store ${notebook} stores what the notebook measures`;
      expect(computed, `${remedy}\n${output}`).toEqual([]);
      expect(status, output).toBe(0);
    },
  );
});

/** Results of larger trainings have rules of their own. */
const stored = filesIn(results).filter(
  file => !file.startsWith('medium') && statSync(join(results, file)).isFile(),
);

describe('the stored results', () => {
  it('hold descriptions, losses and measures, and no weights', () => {
    const expected =
      /^([\w.-]+\/((config|experiment|run)\.json|metrics\.jsonl|results\/[\w.-]+)|values\/[\w.-]+\.json)$/;
    expect(stored.filter(file => !expected.test(file))).toEqual([]);
  });

  it('name no folder of the machine that made them', () => {
    const descriptions = stored.filter(file => /^[^/]+\/\w+\.json$/.test(file));
    const naming = descriptions.filter(file =>
      /"(\/|[A-Z]:\\)/.test(readFileSync(join(results, file), 'utf8')),
    );
    expect(naming).toEqual([]);
  });

  it('stay small enough for a repository', () => {
    const bytes = stored.reduce((sum, file) => sum + statSync(join(results, file)).size, 0);
    expect(bytes / 1e6).toBeLessThan(12);
  });
});
