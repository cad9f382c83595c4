/** How JupyterLab is started; a user's own Jupyter configuration must not loosen it. */
import { home } from '../setup/project.mjs';

/** The arguments for Python: the loopback address, the project's folder, then whatever the user added. */
export function labArguments(extra, uid = process.getuid()) {
  return [
    ...['-m', 'jupyterlab', '--ServerApp.ip=127.0.0.1', `--ServerApp.root_dir=${home}`],
    // Jupyter refuses root, which in a container is the only user; behind a token on the loopback address that is no risk.
    ...(uid === 0 ? ['--allow-root'] : []),
    ...extra,
  ];
}
