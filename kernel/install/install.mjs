#!/usr/bin/env node
/**
 * Installs the kernelspec, and the translator for papermill: `node install.mjs --prefix ENVIRONMENT [--node PATH] [--name typescript] [--display-name TEXT]`.
 * The paths in it are absolute, so that the kernel starts from any folder; run it again after moving either.
 */
import fs from 'node:fs';
import path from 'node:path';
import process from 'node:process';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { installPapermillTranslator } from './papermill.mjs';

const here = path.dirname(fileURLToPath(import.meta.url));

/**
 * Writes `share/jupyter/kernels/<name>` under a prefix (a Python environment, or `~/.local`).
 *
 * @param {object} options
 * @param {string} options.prefix the environment's folder
 * @param {string} [options.node] the Node.js that runs the kernel; the running one by default
 * @param {string} [options.name] the kernel's name in notebooks
 * @param {string} [options.displayName] how front ends call it
 * @param {Record<string, string>} [options.env] environment variables of the kernel's process
 * @returns {string} the folder of the kernelspec
 */
export function installKernelspec({
  prefix,
  node = process.execPath,
  name = 'typescript',
  displayName = 'TypeScript (unimodal)',
  env = {},
}) {
  const folder = path.join(path.resolve(prefix), 'share', 'jupyter', 'kernels', name);
  const launcher = path.join(here, '..', 'launch.cjs');
  const kernelspec = {
    argv: [path.resolve(node), launcher, '{connection_file}'],
    display_name: displayName,
    language: 'typescript',
    interrupt_mode: 'message',
    env,
    metadata: { debugger: false },
  };
  fs.mkdirSync(folder, { recursive: true });
  fs.copyFileSync(path.join(here, 'logo-svg.svg'), path.join(folder, 'logo-svg.svg'));
  const temporary = path.join(folder, `kernel.json.${process.pid}`);
  fs.writeFileSync(temporary, `${JSON.stringify(kernelspec, null, 2)}\n`);
  fs.renameSync(temporary, path.join(folder, 'kernel.json'));
  return folder;
}

if (process.argv[1] && fs.realpathSync(process.argv[1]) === fileURLToPath(import.meta.url)) {
  const { values } = parseArgs({
    options: {
      prefix: { type: 'string' },
      node: { type: 'string' },
      name: { type: 'string' },
      'display-name': { type: 'string' },
    },
  });
  if (values.prefix === undefined) {
    console.error('install.mjs needs --prefix, the folder of the Python environment that Jupyter runs in.');
    process.exit(1);
  }
  const folder = installKernelspec({ ...values, displayName: values['display-name'] });
  console.log(`Installed the kernel in ${folder}`);
  const translator = installPapermillTranslator(values.prefix);
  if (translator) console.log(`Installed papermill's translator in ${translator}`);
}
