/** The notebooks as they are tracked: sources without outputs, shared copies with a PNG for each figure. */
import { readdirSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { describe, expect, test } from 'vitest';
import { kernelInformation } from '../../kernel/protocol/information';

const project = resolve(__dirname, '../..');
const found = readdirSync(`${project}/notebooks`, { recursive: true, encoding: 'utf8' }).sort();
const notebooks = found.filter(name => name.endsWith('.ipynb') && !name.includes('.ipynb_checkpoints'));
const isShared = (name: string) => /(^|\/)rendered\//.test(name);

interface Notebook {
  readonly metadata: { readonly language_info: object };
  readonly cells: readonly { outputs?: readonly unknown[]; execution_count?: number | null }[];
}

/** What is wrong with a source, in a sentence; undefined when it has no outputs. */
function outputsIn(name: string, { cells }: Pick<Notebook, 'cells'>): string | undefined {
  const executed = cells.some(cell => cell.outputs?.length || typeof cell.execution_count === 'number');
  return executed
    ? `notebooks/${name} carries outputs: clear them by ".venv/bin/jupyter nbconvert --clear-output --inplace notebooks/${name}" and share them by "npm run render".`
    : undefined;
}

const read = (name: string) => JSON.parse(readFileSync(join(project, 'notebooks', name), 'utf8')) as Notebook;

test.each(notebooks.filter(name => !isShared(name)))('the source %s has no outputs', name => {
  expect(outputsIn(name, read(name))).toBeUndefined();
});

test.each(notebooks.filter(name => !isShared(name)))(
  'the source %s names the language as the kernel does, or JupyterLab shows it as changed once it is opened',
  name => {
    expect(read(name).metadata.language_info).toEqual(kernelInformation.language_info);
  },
);

describe('the check of sources', () => {
  test.each([
    ['an output', { outputs: [{}], execution_count: null }],
    ['an execution count', { outputs: [], execution_count: 3 }],
  ])('finds %s, names the notebook and says what to do', (_, cell) => {
    expect(outputsIn('a.ipynb', { cells: [{}, cell] })).toMatch(
      /^notebooks\/a\.ipynb carries outputs: clear them by ".*--clear-output --inplace notebooks\/a\.ipynb"/,
    );
    expect(outputsIn('a.ipynb', { cells: [{}, { outputs: [], execution_count: null }] })).toBeUndefined();
  });
});

test.each(notebooks.filter(isShared))('the shared copy %s can be shared', async name => {
  const { shortcomingOf } = (await import(`${project}/src/notebook/contents.mjs`)) as {
    shortcomingOf: (file: string) => string | undefined;
  };
  expect(shortcomingOf(join(project, 'notebooks', name))).toBeUndefined();
});
