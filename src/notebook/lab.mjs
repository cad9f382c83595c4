/** npm run lab: JupyterLab on the loopback address, with its token, in the project's folder. Further arguments go to it. */
import { spawn } from 'node:child_process';
import { labArguments } from './lab-arguments.mjs';
import { home, projectEnvironment, runMain, setupCommand, variablesFor } from '../setup/project.mjs';
import { SetupError } from '../setup/report.mjs';

runMain(
  () =>
    new Promise((done, reject) => {
      const { location } = projectEnvironment();
      const lab = spawn(location.python, labArguments(process.argv.slice(2)), {
        cwd: home,
        stdio: 'inherit',
        env: variablesFor(location),
      });
      process.on('SIGINT', () => {}); // JupyterLab asks whether to stop
      process.on('SIGTERM', () => lab.kill('SIGTERM'));
      lab.on('error', () => reject(new SetupError('JupyterLab is not installed.', `Run "${setupCommand}".`)));
      lab.on('close', status => {
        process.exitCode = status ?? 1;
        done();
      });
    }),
);
