/** `unimodal setup`, `lab`, `render`, `gallery`: what `npm run` has under these names in a clone, for the installed package. */
import type { Command } from 'commander';
import { addExamples } from './shared/output';
import { runNodeProgram } from './shared/program';

export function addSetupCommands(program: Command): void {
  const setup = program
    .command('setup')
    .description(
      'makes or mends the Python environment, native modules and Jupyter kernel; once after installing',
    )
    .option('--gpu', "TensorFlow's CUDA wheel")
    .option('--cpu', 'the CPU wheel, whatever the machine has')
    .option('--python <command>', 'the Python to make the environment with')
    .option('--fetch <folder>', 'only downloads all packages into a folder, for machines without a network')
    .option('--offline <folder>', 'sets up from such a folder, without a network')
    .action((flags: Record<string, string | true>) => runNodeProgram('setup/setup.mjs', argumentsOf(flags)));
  addExamples(setup, ['setup', 'setup --cpu']);
  const lab = program
    .command('lab')
    .description('JupyterLab with the TypeScript kernel, on this machine only; further arguments go to it')
    .argument('[arguments...]')
    .allowUnknownOption()
    .action((args: string[]) => runNodeProgram('notebook/lab.mjs', args));
  addExamples(lab, ['lab', 'lab --no-browser']);
  const render = program
    .command('render')
    .description(
      'executes notebooks, shows how far they are, and puts copies that can be shared into the folder rendered/ beside them',
    )
    .argument('[notebooks...]', 'names or paths (default: all of the project)')
    .action((names: string[]) => runNodeProgram('notebook/run.mjs', ['render', ...names]));
  addExamples(render, ['render', 'render 02-theory']);
  const gallery = program
    .command('gallery')
    .description(
      'a page of all shared notebooks, in gallery/: figure, claims, numbers, and the notebook itself',
    )
    .action(() => runNodeProgram('notebook/run.mjs', ['gallery']));
  addExamples(gallery, ['gallery']);
}

/** The flags as the program takes them. */
function argumentsOf(flags: Record<string, string | true>): string[] {
  return Object.entries(flags).flatMap(([name, value]) =>
    value === true ? [`--${name}`] : [`--${name}`, value],
  );
}
