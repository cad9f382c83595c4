/** Registers the kernel in the Python environment, so that Jupyter finds it there and nowhere else. */
import { existsSync } from 'node:fs';
import { failure, run, SetupError } from './report.mjs';

/**
 * Runs the kernel's own installer; it writes absolute paths, so that a moved folder or another Node is mended here.
 * @returns a summary for the progress line
 */
export async function installKernel({ project, location, env, report }) {
  const installer = `${project}/kernel/install/install.mjs`;
  if (!existsSync(installer)) {
    throw new SetupError(`${installer} is missing.`, 'Restore it with "git checkout kernel".');
  }
  const result = await run(process.execPath, [installer, '--prefix', location.prefix], {
    cwd: project,
    env,
    log: report.log,
  });
  if (result.status !== 0) throw failure('Installing the Jupyter kernel', result);
  return `in ${location.prefix}`;
}
