/** npm run lab: JupyterLab on the loopback address, with its token, in the project's folder. Further arguments go to it. */
import { spawn } from 'node:child_process';
import { project, projectEnvironment, runMain, variablesFor } from '../setup/project.mjs';
import { SetupError } from '../setup/report.mjs';

/** The arguments that a user's own Jupyter configuration must not loosen. */
export function labArguments(extra, uid = process.getuid()) {
  return [
    ...['-m', 'jupyterlab', '--ServerApp.ip=127.0.0.1', `--ServerApp.root_dir=${project}`],
    // Jupyter refuses root, which in a container is the only user; behind a token on the loopback address that is no risk.
    ...(uid === 0 ? ['--allow-root'] : []),
    ...extra,
  ];
}

runMain(
  () =>
    new Promise((done, reject) => {
      const { location } = projectEnvironment();
      const lab = spawn(location.python, labArguments(process.argv.slice(2)), {
        cwd: project,
        stdio: 'inherit',
        env: variablesFor(location),
      });
      process.on('SIGINT', () => {}); // JupyterLab asks whether to stop
      process.on('SIGTERM', () => lab.kill('SIGTERM'));
      lab.on('error', () => reject(new SetupError('JupyterLab is not installed.', 'Run "npm run setup".')));
      lab.on('close', status => {
        process.exitCode = status ?? 1;
        done();
      });
    }),
);
