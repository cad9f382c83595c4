/** Notebooks made for tests, and the programs of src/notebook run on them. */
import { spawnSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { resolve } from 'node:path';

/** The project's folder. */
export const project = resolve(__dirname, '../..');

/** The type of interactive figures. */
export const figureType = 'application/vnd.plotly.v1+json';

/** A PNG of one pixel. */
export const pixel =
  'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==';

/** A cell of a notebook. */
export interface Cell {
  readonly cell_type: string;
  readonly source: string;
  readonly outputs?: readonly unknown[];
}

export const code = (source: string, outputs?: readonly unknown[]): Cell => ({
  cell_type: 'code',
  source,
  ...(outputs && { outputs }),
});

export const prose = (source: string): Cell => ({ cell_type: 'markdown', source });

/** What a cell prints. */
export const printed = (text: string) => ({ output_type: 'stream', name: 'stdout', text });

/** What a cell shows. */
export const shown = (data: Record<string, unknown>) => ({ output_type: 'display_data', metadata: {}, data });

/** Writes a notebook for a Python kernel; returns the file. */
export function writeNotebook(file: string, cells: readonly Cell[]): string {
  const complete = cells.map((cell, index) => ({
    id: `cell-${index}`,
    metadata: {},
    ...(cell.cell_type === 'code' && { execution_count: null, outputs: [] }),
    ...cell,
  }));
  const metadata = { kernelspec: { name: 'python3', display_name: 'Python 3', language: 'python' } };
  writeFileSync(file, JSON.stringify({ cells: complete, metadata, nbformat: 4, nbformat_minor: 5 }));
  return file;
}

/** The Python of the project's environment, and the environment variables that it runs with. */
export async function findEnvironment(): Promise<{ python: string; env: NodeJS.ProcessEnv }> {
  const setup = (await import(`${project}/src/setup/project.mjs`)) as {
    projectEnvironment: () => { location: { python: string } };
    variablesFor: (location: object) => NodeJS.ProcessEnv;
  };
  const { location } = setup.projectEnvironment();
  return {
    python: location.python,
    env: { ...setup.variablesFor(location), PYTHONDONTWRITEBYTECODE: '1' },
  };
}

/** The Python of the project's environment. */
export const findPython = async (): Promise<string> => (await findEnvironment()).python;

/** Runs a program of src/notebook; standard output and error, and the exit status. */
export function runPython(python: string, program: string, ...args: string[]) {
  const { status, stdout, stderr } = spawnSync(python, [`${project}/src/notebook/${program}`, ...args], {
    encoding: 'utf8',
    env: { ...process.env, PYTHONDONTWRITEBYTECODE: '1' },
  });
  return { status, stdout, stderr };
}

/** Runs run.mjs; standard output and error, and the exit status. */
export function runNode(...args: string[]) {
  const { status, stdout, stderr } = spawnSync(
    process.execPath,
    [`${project}/src/notebook/run.mjs`, ...args],
    { encoding: 'utf8' },
  );
  return { status, stdout, stderr };
}
