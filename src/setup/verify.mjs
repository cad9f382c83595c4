/** npm test: types, lint, format, the tests, and the kernel's tests from Python. Arguments select tests: npm test -- test/curve. */
import { spawn } from 'node:child_process';
import { project, projectEnvironment, runMain, variablesFor } from './project.mjs';
import { duration } from './report.mjs';

const tool = path => [process.execPath, `${project}/node_modules/${path}`];

/** What is checked: title and command. */
function checks(selection) {
  const tests = ['Tests', [...tool('vitest/vitest.mjs'), 'run', ...selection]];
  if (selection.length > 0) return [tests];
  const { python } = projectEnvironment().location;
  return [
    ['Types', tool('typescript/bin/tsc')],
    ['Lint', [...tool('eslint/bin/eslint.js'), '.']],
    ['Format', [...tool('prettier/bin/prettier.cjs'), '--check', '.']],
    tests,
    ['Kernel tests', [python, '-m', 'pytest', '-q', `${project}/test/kernel`]],
  ];
}

function runCheck([command, ...args]) {
  const env = { ...variablesFor(projectEnvironment().location), PYTHONDONTWRITEBYTECODE: '1' };
  return new Promise(resolve => {
    const child = spawn(command, args, { cwd: project, stdio: ['ignore', 'inherit', 'inherit'], env });
    child.on('error', () => resolve(false));
    child.on('close', status => resolve(status === 0));
  });
}

runMain(async () => {
  const results = [];
  for (const [title, command] of checks(process.argv.slice(2))) {
    console.log(`\n--- ${title}`);
    const start = performance.now();
    const passed = await runCheck(command);
    results.push({ title, passed, seconds: (performance.now() - start) / 1000 });
  }
  console.log('');
  for (const { title, passed, seconds } of results) {
    console.log(`${passed ? 'passed' : 'FAILED'}  ${title} (${duration(seconds)})`);
  }
  const failed = results.filter(({ passed }) => !passed).length;
  console.log(`checks: ${results.length - failed} passed, ${failed} failed`);
  process.exitCode = failed > 0 ? 1 : 0;
});
