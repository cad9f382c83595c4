/**
 * Executes notebooks outside a browser.
 *
 *     node src/notebook/run.mjs start [NOTEBOOK]     npm start: into rendered/, with an HTML copy that works offline
 *     node src/notebook/run.mjs render [NOTEBOOK..]  npm run render: refreshes the tracked copies in notebooks/rendered/
 */
import { mkdirSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { basename } from 'node:path';
import { project, runMain } from '../setup/project.mjs';
import { duration, SetupError } from '../setup/report.mjs';
import { findNotebook, python, show, sources } from './notebooks.mjs';

/** A rendered copy is tracked by git and shown by GitHub: a larger one would load slowly, or not at all. */
const maximumBytes = 1_000_000;
const mainNotebook = 'notebooks/01-transition.ipynb';

/** Executes a notebook into `rendered/`, with its HTML copy; returns the exit status. */
async function start(name = mainNotebook) {
  const notebook = findNotebook(name);
  const stem = `${project}/rendered/${basename(notebook, '.ipynb')}`;
  const begin = performance.now();
  console.log(`Running ${show(notebook)}.`);
  const status = await python('execute.py', [notebook, `${stem}.ipynb`]);
  if (status !== 0) return status;
  const plotly = `${project}/node_modules/plotly.js-dist-min/plotly.min.js`;
  const exported = await python('export.py', [`${stem}.ipynb`, `${stem}.html`, plotly]);
  if (exported !== 0) return exported;
  console.log(`
${show(notebook)} ran through in ${duration((performance.now() - begin) / 1000)}. The result:
  ${stem}.html   open it in a browser; it needs no network
  ${stem}.ipynb  open it in JupyterLab ("npm run lab") or VS Code`);
  return 0;
}

/** Executes notebooks and puts the copies, where they are small enough, into notebooks/rendered/. */
async function render(names) {
  for (const notebook of names.length > 0 ? names.map(findNotebook) : sources()) {
    console.log(`Running ${show(notebook)}.`);
    const fresh = `${project}/rendered/${basename(notebook)}`;
    const status = await python('execute.py', [notebook, fresh]);
    if (status !== 0) return status;
    const { size } = statSync(fresh);
    if (size > maximumBytes) {
      throw new SetupError(
        `The executed ${show(notebook)} has ${(size / 1e6).toFixed(2)} MB; at most 1 MB is tracked. It is in ${show(fresh)}.`,
        'Show fewer or smaller pictures in it.',
      );
    }
    const target = `${project}/notebooks/rendered/${basename(notebook)}`;
    mkdirSync(`${project}/notebooks/rendered`, { recursive: true });
    rmSync(target, { force: true });
    renameSync(fresh, target);
    console.log(`${show(target)}: ${Math.round(size / 1e3)} KB`);
    savePicture(target);
  }
  return 0;
}

/** Saves the first picture of a rendered notebook beside it: the README shows the one of the main notebook. */
function savePicture(rendered) {
  const outputs = JSON.parse(readFileSync(rendered, 'utf8')).cells.flatMap(cell => cell.outputs ?? []);
  const picture = outputs.map(output => output.data?.['image/png']).find(Boolean);
  if (picture) writeFileSync(rendered.replace(/ipynb$/, 'png'), Buffer.from(picture, 'base64'));
}

runMain(async () => {
  const [command, ...names] = process.argv.slice(2);
  if (command === 'start' && names.length <= 1) process.exitCode = await start(...names);
  else if (command === 'render') process.exitCode = await render(names);
  else
    throw new SetupError(
      `Unknown arguments "${process.argv.slice(2).join(' ')}".`,
      'Known: start [NOTEBOOK], render [NOTEBOOK..].',
    );
});
