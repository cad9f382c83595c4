/** The set-up is plain JavaScript, so that it runs before anything is installed; its tests load it with types stated here. */
import { spawn } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';

export const project = resolve(__dirname, '../..');

/** Imports a module of src/setup (name without extension). */
export function load<Module>(name: string): Promise<Module> {
  return import(pathToFileURL(`${project}/src/setup/${name}.mjs`).href) as Promise<Module>;
}

export interface Requirement {
  name: string;
  version: string;
  platform?: string;
  extra?: string;
}

export interface Environment {
  name: string;
  channels: string[];
  conda: Record<string, string>;
  pip: Requirement[];
}

export interface EnvironmentModule {
  parseEnvironment: (text: string) => Environment;
  requirementsFor: (environment: Environment, options: { platform?: string; gpu?: boolean }) => Requirement[];
  pipArgument: (requirement: Requirement) => string;
}

/** A folder of its own under the system's temporary one. */
export function temporaryFolder(): string {
  return mkdtempSync(join(tmpdir(), 'unimodal-test-'));
}

/** A copy of what the set-up consists of, in which it can run without touching this project. */
export function scratchProject(): string {
  const folder = temporaryFolder();
  for (const part of ['src/setup', 'environment.yml', 'package.json', 'package-lock.json']) {
    cpSync(`${project}/${part}`, `${folder}/${part}`, { recursive: true });
  }
  return folder;
}

/** A folder for PATH with programs that are shell scripts, and nothing else. */
export function fakePath(programs: Record<string, string>): string {
  const folder = temporaryFolder();
  for (const [name, script] of Object.entries(programs)) {
    writeFileSync(`${folder}/${name}`, `#!/bin/sh\n${script}\n`, { mode: 0o755 });
  }
  mkdirSync(folder, { recursive: true });
  return folder;
}

/** A fake Python that describes itself as the set-up asks it to. */
export function fakePython(self: { version: string; venv?: boolean }): string {
  const answer = { executable: '/fake/python3', prefix: '/fake', bits: 64, venv: true, pip: true, ...self };
  return `echo '${JSON.stringify(answer)}'`;
}

/** Runs the set-up of a scratch project; standard output and error together. */
export function runSetUp(
  folder: string,
  args: string[],
  env: NodeJS.ProcessEnv,
): Promise<{ status: number | null; output: string }> {
  const child = spawn(process.execPath, [`${folder}/src/setup/setup.mjs`, ...args], { env });
  let output = '';
  child.stdout.on('data', (chunk: Buffer) => (output += chunk.toString()));
  child.stderr.on('data', (chunk: Buffer) => (output += chunk.toString()));
  return new Promise(done => child.on('close', status => done({ status, output })));
}
