/** `unimodal theory snr`: the signal-to-noise ratio of the solvable model, as a table or as JSON. */
import { type Command, Option } from 'commander';
import { createProgress } from '../display/progress';
import type { ClosedForm } from '../theory/closed-form';
import { createMolrg, type Molrg } from '../theory/molrg';
import { measureSnr, theorySnr, type SnrCurve, type SnrInput } from '../theory/snr';
import { library } from './shared/library';
import { addExamples, addJson, printResult, textTable } from './shared/output';
import { list, number } from './shared/values';

interface SnrFlags {
  classes?: number;
  rank: number;
  ranks?: number[];
  delta: number;
  ambient: number;
  sigma: number[];
  angle: number | number[];
  mix?: number[];
  form: ClosedForm;
  clean?: boolean;
  trained?: boolean;
  samples: number;
  seed: number;
  json?: boolean;
}

/** The paper's noise levels. */
const usualSigmas = [0.002, 0.008, 0.023, 0.06, 0.14, 0.296, 0.585, 1.088, 1.923];

export function addTheoryCommand(program: Command): void {
  const theory = program
    .command('theory')
    .description('the mixture of low-rank Gaussians, whose optimal denoiser is known');
  const command = theory
    .command('snr')
    .description(
      "signal-to-noise ratio of the optimal denoiser over noise levels, beside Theorem 1's approximation",
    )
    .option('--classes <K>', 'number of classes (default: 2, or as many as --ranks)', number)
    .option('--rank <d>', "dimension of every class's subspace", number, 5)
    .option('--ranks <list>', 'one rank for each class, such as 10,2', list)
    .option('--delta <value>', "noise in the other classes' subspaces, in (0, 1)", number, 0.2)
    .option('--ambient <n>', 'dimension of the space', number, 50)
    .option('--sigma <list>', 'noise levels, such as 0.008,0.06,0.296', list, usualSigmas)
    .option('--angle <degrees>', 'principal angle between the subspaces, in (0, 90]', angle, 90)
    .option('--mix <list>', 'mixing weights of sum 1, such as 0.8,0.2 (default: equal)', list)
    .addOption(
      new Option('--form <form>', 'which closed form: the full posterior, or Proposition 1')
        .choices(['exact', 'paper'])
        .default('exact'),
    )
    .option('--clean', 'feed x_0 itself instead of x_0 + sigma eps')
    .option('--trained', 'train a denoiser and measure that instead of the closed form')
    .option('--samples <N>', 'samples in all', number, 30_000)
    .option('--seed <S>', 'seed of bases, samples and training', number, 0)
    .action(printSnr);
  addJson(command);
  addExamples(command, [
    'theory snr --sigma 0.06,0.14,0.296,0.585',
    'theory snr --classes 2 --rank 5 --delta 0.2 --ambient 50 --angle 30 --json',
  ]);
}

async function printSnr(flags: SnrFlags): Promise<void> {
  const model = createMolrg({
    ambient: flags.ambient,
    classes: flags.classes ?? flags.ranks?.length ?? 2,
    rank: flags.ranks ?? flags.rank,
    delta: flags.delta,
    angle: flags.angle,
    weights: flags.mix,
    seed: flags.seed,
  });
  const curve = await measure(model, flags);
  printResult(flags, jsonOf(curve), tableOf(curve, flags));
}

async function measure(model: Molrg, flags: SnrFlags): Promise<SnrCurve> {
  const input: SnrInput = flags.clean ? 'clean' : 'noisy';
  const options = { sigmas: flags.sigma, samples: flags.samples, seed: flags.seed, input, form: flags.form };
  const curve = theorySnr(model, options);
  if (!flags.trained) return curve;
  // TensorFlow is loaded only here: the closed form needs none, and answers in a second.
  const progress = createProgress({ label: 'training', total: 100, unit: '%' });
  const { estimator } = await library().trainMolrg(model, {
    samples: flags.samples,
    seed: flags.seed,
    onProgress: (done, loss) => progress.update(Math.round(100 * done), { note: `loss ${loss.toFixed(3)}` }),
  });
  progress.finish();
  return { ...curve, ...measureSnr(model, estimator, options) };
}

/** Arrays over the noise levels; `perClass` is [K][sigma]. */
function jsonOf({ sigma, snr, stderr, approx, perClass }: SnrCurve): object {
  return { sigma, snr, stderr, approx, perClass };
}

function tableOf(curve: SnrCurve, flags: SnrFlags): string {
  const classes = curve.perClass.map((_, k) => `class ${k}`);
  const header = ['sigma', 'SNR', 'std. error', 'Theorem 1', ...classes];
  const rows = curve.sigma.map((sigma, s) => [
    String(sigma),
    ...[curve.snr[s], curve.stderr[s], curve.approx[s], ...curve.perClass.map(values => values[s])].map(
      digits,
    ),
  ]);
  const source = flags.trained ? 'trained' : curve.form;
  const title = `SNR of the denoiser (${source}, ${curve.input} input), ${flags.samples} samples, seed ${flags.seed}`;
  return [title, '', textTable(header, rows)].join('\n');
}

/** Four significant digits. */
function digits(value: number): string {
  return Number(value.toPrecision(4)).toString();
}

function angle(text: string): number | number[] {
  const angles = list(text);
  return angles.length === 1 ? angles[0] : angles;
}
