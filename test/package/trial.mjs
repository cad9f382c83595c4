/**
 * Proves that the package works outside a clone: packs it, installs it in an empty project, sets it up, and uses command line,
 * types, notebook and doctor there. Takes about three minutes and the network:
 *
 *     node test/package/trial.mjs
 */
import { execFileSync } from 'node:child_process';
import {
  copyFileSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';

const here = dirname(fileURLToPath(import.meta.url));
const folder = mkdtempSync(join(tmpdir(), 'unimodal-package-'));
const empty = join(folder, 'empty project');
mkdirSync(empty);

function run(title, command, args, options = {}) {
  const start = performance.now();
  const output = execFileSync(command, args, { cwd: empty, encoding: 'utf8', maxBuffer: 1e8, ...options });
  console.log(`ok  ${title} (${((performance.now() - start) / 1000).toFixed(1)} s)`);
  return output;
}

function requireThat(condition, complaint) {
  if (!condition) throw new Error(complaint);
}

/** A module as a person writes one there: the types hold, and a mistyped setting is refused. */
const source = `
import { type DiffusersModel, loadDiffusers, resolvePreset, tf, transition, type Transition } from 'unimodal';
const steps: number = resolvePreset('digits', { training: { steps: 5 } }).training.steps;
export const run = (): Promise<Transition> => transition({ sizes: [steps] });
export const pretrained = (): Promise<DiffusersModel> => loadDiffusers('ddpm');
export const zeros: tf.Tensor = tf.zeros([1]);
// @ts-expect-error there is no such setting
resolvePreset('digits', { trainng: { steps: 5 } });
`;

function pack() {
  const project = resolve(here, '../..');
  run('npm pack', 'npm', ['pack', '--silent', '--pack-destination', folder], { cwd: project });
  return join(
    folder,
    readdirSync(folder).find(name => name.endsWith('.tgz')),
  );
}

function install(tarball) {
  run('npm init', 'npm', ['init', '--yes']);
  run('npm install', 'npm', ['install', '--ignore-scripts', '--no-audit', '--no-fund', tarball]);
}

function checkTypes() {
  writeFileSync(join(empty, 'use.ts'), source);
  const options = '--noEmit --strict --skipLibCheck --module node16 --target es2022 --types node use.ts';
  run('types', process.execPath, ['node_modules/typescript/bin/tsc', ...options.split(' ')]);
}

/** Executes a notebook with the project's own Jupyter; the cells with their outputs. */
function executed(notebook) {
  const env = {
    ...process.env,
    PATH: `${empty}/.venv/bin:${process.env.PATH}`,
    JUPYTER_PREFER_ENV_PATH: '1',
  };
  const convert = [
    '-m',
    'nbconvert',
    '--to',
    'notebook',
    '--execute',
    notebook,
    '--output',
    'executed.ipynb',
  ];
  convert.push('--output-dir', empty);
  run(notebook, join(empty, '.venv/bin/python'), convert, { env, stdio: ['ignore', 'pipe', 'ignore'] });
  return JSON.parse(readFileSync(join(empty, 'executed.ipynb'), 'utf8')).cells;
}

function checkNotebook() {
  copyFileSync(join(here, 'notebook.ipynb'), join(empty, 'notebook.ipynb'));
  const cells = executed('notebook.ipynb');
  const text = JSON.stringify(cells[0].outputs);
  requireThat(text.includes('node_modules/unimodal/dist/index.js'), 'The notebook did not use the package.');
  requireThat(text.includes('text/html'), 'The notebook showed no table.');
  const { evalue } = cells[1].outputs[0];
  requireThat(evalue.includes("Did you mean to write 'sizes'"), `A mistyped setting gave: ${evalue}`);
  const analysis = JSON.stringify(cells[2].outputs);
  requireThat(
    analysis.includes('diffusers: up_blocks.1.resnets.0'),
    `A folder of diffusers gave: ${analysis}`,
  );
}

/** What the package's own notebooks read besides the library: results that were computed beforehand. */
function checkStoredResults() {
  const program =
    "require('unimodal').storedResults('medium').then(({ models }) => console.log(models.length))";
  requireThat(Number(run('stored results', process.execPath, ['-e', program])) > 0, 'No stored results.');
  const workshop = JSON.stringify(executed('node_modules/unimodal/notebooks/workshop/02-hill.ipynb'));
  requireThat(workshop.includes('no answer yet'), `The workshop gave: ${workshop}`);
}

const unimodal = (...args) =>
  run(`npx unimodal ${args[0]}`, 'npx', ['unimodal', ...args], { stdio: ['ignore', 'pipe', 'ignore'] });

install(pack());
requireThat(unimodal('--help').includes('unimodal train'), 'The help lacks its examples.');
checkTypes();
unimodal('setup');
unimodal('train', '--size', '64', '--set', 'training.steps=20');
const quick = ['--set', 'probe.sigmas=0.1,0.5,1', '--set', 'probe.testDraws=1', '--json'];
requireThat(
  JSON.parse(unimodal('curve', '--model', 'digits-64-seed0', ...quick)).sigmas.length === 3,
  'No curve.',
);
checkNotebook();
checkStoredResults();
const { findings } = JSON.parse(unimodal('doctor', '--json'));
const broken = findings.filter(({ state }) => state === 'broken');
requireThat(broken.length === 0, `The doctor found broken: ${JSON.stringify(broken)}`);
rmSync(folder, { recursive: true });
console.log('The package works in an empty project.');
