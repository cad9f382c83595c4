/**
 * Executes notebooks outside a browser.
 *
 *     node src/notebook/run.mjs start [NOTEBOOK]     npm start: into rendered/, with a page that works offline
 *     node src/notebook/run.mjs render [NOTEBOOK..]  npm run render: also the copies to share, in the folder rendered/ beside the notebook
 *     node src/notebook/run.mjs gallery              npm run gallery: a page of all shared copies, in gallery/
 */
import { copyFileSync, mkdirSync, renameSync, statSync, writeFileSync } from 'node:fs';
import { basename, dirname } from 'node:path';
import { figuresOf, readNotebook, shortcomingOf } from './contents.mjs';
import {
  execute,
  executedFolder,
  findNotebook,
  interrupted,
  notebooksFolder,
  show,
  sources,
  writeGallery,
  writePage,
} from './notebooks.mjs';
import { alignedTable } from './table.mjs';
import { home, runMain } from '../setup/project.mjs';
import { duration, SetupError } from '../setup/report.mjs';

/** Executes one notebook, with its page; returns the exit status. */
async function start(name = '01-transition') {
  const notebook = findNotebook(name);
  const begin = performance.now();
  const { status, executed, page } = await executeWithPage(notebook);
  if (status !== 0) return status;
  console.log(`
${show(notebook)} ran through in ${duration((performance.now() - begin) / 1000)}. The result:
  ${page}   open it in a browser; it needs no network
  ${executed}  open it in JupyterLab ("npm run lab") or VS Code`);
  return 0;
}

/** Executes notebooks one after the other, shares what can be shared, and reports sizes; returns the exit status. */
async function render(names) {
  const chosen = names.length > 0 ? names.map(findNotebook) : sources();
  const sizes = [];
  const problems = [];
  for (const notebook of chosen) {
    const { status, executed, page } = await executeWithPage(notebook);
    if (status === interrupted) return status;
    const problem = status === 0 ? shortcomingOf(executed) : 'did not run through, see above.';
    if (problem) problems.push(`${show(notebook)} ${problem}`);
    else share(executed, `${dirname(notebook)}/rendered`);
    if (status === 0) sizes.push(sizeOf(executed, page));
  }
  const headers = ['', 'notebook, KB', 'page, KB', 'figures'];
  if (sizes.length > 0) console.log(`\n${alignedTable([headers, ...sizes])}`);
  for (const problem of problems) console.error(`\nNot shared: ${problem}`);
  return problems.length > 0 ? 1 : 0;
}

/** Where the executed copy and its page are, and the exit status of the program that failed, or 0. */
async function executeWithPage(notebook) {
  const stem = `${executedFolder(notebook)}/${basename(notebook, '.ipynb')}`;
  const [executed, page] = [`${stem}.ipynb`, `${stem}.html`];
  console.log(`Running ${show(notebook)}.`);
  const status = (await execute(notebook, executed)) || (await writePage(executed, page));
  return { status, executed, page };
}

/** Puts a copy, whole or not at all, into a folder, and the notebook's first picture beside it: the README and the gallery show it. */
function share(executed, folder) {
  const target = `${folder}/${basename(executed)}`;
  mkdirSync(folder, { recursive: true });
  if (target !== executed) {
    copyFileSync(executed, `${target}.tmp`);
    renameSync(`${target}.tmp`, target);
  }
  const [first] = figuresOf(readNotebook(executed));
  if (first) writeFileSync(target.replace(/ipynb$/, 'png'), Buffer.from(first.png, 'base64'));
  console.log(`Shared: ${show(target)}`);
}

/** Builds the gallery; returns the exit status. */
async function gallery() {
  const target = `${home}/gallery`;
  const status = await writeGallery(`${notebooksFolder}/rendered`, target);
  if (status === 0)
    console.log(`${target}/index.html: open it in a browser, or put the folder on any web server.`);
  return status;
}

function sizeOf(executed, page) {
  const kilobytes = file => Math.round(statSync(file).size / 1000).toLocaleString('en-US');
  const figures = figuresOf(readNotebook(executed)).length;
  return [show(page), kilobytes(executed), kilobytes(page), String(figures)];
}

runMain(async () => {
  const [command, ...names] = process.argv.slice(2);
  if (command === 'start' && names.length <= 1) process.exitCode = await start(...names);
  else if (command === 'render') process.exitCode = await render(names);
  else if (command === 'gallery' && names.length === 0) process.exitCode = await gallery();
  else
    throw new SetupError(
      `Unknown arguments "${process.argv.slice(2).join(' ')}".`,
      'Known: start [NOTEBOOK], render [NOTEBOOK..], gallery.',
    );
});
