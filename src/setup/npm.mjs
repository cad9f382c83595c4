/** The npm packages, exactly as package-lock.json has them. */
import { existsSync, lstatSync, readFileSync, readlinkSync, rmSync, symlinkSync } from 'node:fs';
import { dirname } from 'node:path';
import { withNpmSource } from './package-folder.mjs';
import { failure, run, SetupError } from './report.mjs';

/**
 * The first package whose installed version differs from the lock file's, or undefined where all are in place.
 * npm keeps what it installed in node_modules/.package-lock.json, written at the end of an installation.
 */
export function firstDifference(project) {
  const wanted = readPackages(`${project}/package-lock.json`);
  if (wanted === undefined) {
    throw new SetupError(
      'package-lock.json is missing or damaged.',
      'Restore it with "git checkout package-lock.json".',
    );
  }
  const installed = readPackages(`${project}/node_modules/.package-lock.json`) ?? {};
  return Object.keys(wanted).find(path => {
    if (path === '') return false;
    const entry = installed[path];
    if (entry === undefined) return !wanted[path].optional; // built for other platforms
    const differs = entry.version !== wanted[path].version || entry.integrity !== wanted[path].integrity;
    return differs || !existsSync(`${project}/${path}`);
  });
}

function readPackages(file) {
  try {
    return JSON.parse(readFileSync(file, 'utf8')).packages;
  } catch {
    return undefined;
  }
}

/** Where a package lies: in the project's node_modules or, when the project is a package itself, in those around it. */
export function packageFolder(project, name) {
  for (let folder = project; folder !== dirname(folder); folder = dirname(folder)) {
    if (existsSync(`${folder}/node_modules/${name}`)) return `${folder}/node_modules/${name}`;
  }
  return `${project}/node_modules/${name}`;
}

/**
 * Installs the npm packages where they differ from the lock file. No package's own install script runs:
 * the native modules are built by native.mjs.
 * @returns a summary for the progress line
 */
export async function installNpmPackages({ project, isInstalled, folder, env, report, doing }) {
  if (isInstalled) {
    linkTfjsNode(project);
    return 'installed with this one';
  }
  const difference = firstDifference(project);
  if (difference === undefined) {
    linkTfjsNode(project);
    return `${packageCount(project)}, in place`;
  }
  report.log(`differs from the lock file: ${difference}`);
  doing('installing');
  const result = await withNpmSource(folder, source =>
    run('npm', ['ci', '--ignore-scripts', '--no-audit', '--no-fund', ...source], {
      cwd: project,
      env,
      log: report.log,
    }),
  );
  if (result.status === 127) {
    throw new SetupError(
      'There is no npm beside Node.',
      'Install Node with npm (nodejs.org) and run it again.',
    );
  }
  if (result.status !== 0) throw failure('Installing the npm packages', result);
  linkTfjsNode(project);
  return `${packageCount(project)}, installed`;
}

/**
 * danfo.js asks for @tensorflow/tfjs-node. A second copy of TensorFlow's binding fails in one process, so that name
 * becomes a link to the package that we use.
 */
function linkTfjsNode(project) {
  const target = 'tfjs-node-gpu';
  const link = `${dirname(packageFolder(project, `@tensorflow/${target}`))}/tfjs-node`;
  const isLink =
    lstatSync(link, { throwIfNoEntry: false })?.isSymbolicLink() && readlinkSync(link) === target;
  if (!isLink) {
    rmSync(link, { recursive: true, force: true });
    symlinkSync(target, link);
  }
}

function packageCount(project) {
  const { packages } = JSON.parse(readFileSync(`${project}/package-lock.json`, 'utf8'));
  return `${Object.keys(packages).length - 1} packages`;
}
