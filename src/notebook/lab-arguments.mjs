/**
 * How JupyterLab is started. A user's own Jupyter configuration can't take it off the loopback address; it may do without the
 * token that is the default, of which Jupyter warns.
 */
import { home } from '../setup/project.mjs';

/** The arguments for Python: the loopback address unless the user names another, the project's folder, what the user added. */
export function labArguments(extra, uid = process.getuid()) {
  return [
    ...['-m', 'jupyterlab', `--ServerApp.root_dir=${home}`],
    ...(extra.some(isAddress) ? [] : ['--ServerApp.ip=127.0.0.1']),
    // Jupyter refuses root, which in a container is the only user; behind a token on the loopback address that is no risk.
    ...(uid === 0 ? ['--allow-root'] : []),
    ...extra,
  ];
}

/** Jupyter takes one address: in a container it has to be another one than the loopback's. */
function isAddress(argument) {
  return /^--(ServerApp\.)?ip(=|$)/.test(argument);
}
