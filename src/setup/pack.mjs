/**
 * What a package holds that a clone does not, made before `npm pack` and removed after it:
 *
 *     node src/setup/pack.mjs before    JavaScript and types in dist/, danfo.js without its list of dependencies
 *     node src/setup/pack.mjs after     removes dist/, restores the list
 *
 * danfo.js asks for a package from a web address and for a second TensorFlow. Overrides are heeded in the outermost project
 * only, so the package brings danfo.js along (bundleDependencies) and asks for what it needs itself.
 */
import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { project } from './project.mjs';

const dist = `${project}/dist`;
const manifest = `${project}/node_modules/danfojs-node/package.json`;
const original = `${manifest}.original`;

/** Undoes {@link make}, also one that was interrupted. */
function remove() {
  rmSync(dist, { recursive: true, force: true });
  if (existsSync(original)) renameSync(original, manifest);
}

function make() {
  remove();
  const compiler = `${project}/node_modules/typescript/bin/tsc`;
  const build = ['--project', `${project}/tsconfig.build.json`];
  execFileSync(process.execPath, [compiler, ...build], { stdio: 'inherit' });
  const content = JSON.parse(readFileSync(manifest, 'utf8'));
  delete content.dependencies;
  renameSync(manifest, original);
  writeFileSync(manifest, `${JSON.stringify(content, null, 2)}\n`);
}

const step = { before: make, after: remove }[process.argv[2]];
if (!step) {
  console.error('pack.mjs needs "before" or "after": run "npm pack".');
  process.exit(1);
}
step();
