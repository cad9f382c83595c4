/**
 * `npm run bench [-- --with-torch] [--gpu] [--profile] [--rounds N] [--only TEXT] [--json FILE]`: this library against stock TensorFlow.js (the
 * same model in plain tfjs) and against PyTorch and scikit-learn, interleaved in one run, each measurement in a process of
 * its own, the median of several. On a shared machine only the ratios mean something.
 */
import { execFileSync } from 'node:child_process';
import { existsSync, renameSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { Command } from 'commander';
import type { Workload } from './workloads';
import { profileTraining, workloads } from './workloads';

interface Measurement {
  readonly seconds: number;
  readonly units: number;
  readonly peakMegabytes: number;
}

const variants = ['ours', 'stock', 'torch', 'torchCompile'] as const;
type VariantName = (typeof variants)[number];

/** A row of the report, in the workload's unit; null where not run. */
type Row = { name: string; unit: string; peakMegabytes: Partial<Record<VariantName, number>> } & Record<
  VariantName,
  number | null
>;

const project = path.join(__dirname, '..', '..');
const torchEnvironment = path.join(project, '.venv-torch');

const options = new Command('bench')
  .option(
    '--with-torch',
    'also run PyTorch and scikit-learn, in an environment of their own (.venv-torch)',
    false,
  )
  .option('--rounds <count>', 'measurements of each kind, interleaved', '3')
  .option('--only <text>', 'only the workloads whose name contains this')
  .option('--gpu', 'refuse to run without a GPU, instead of measuring the CPU', false)
  .option(
    '--profile',
    'print where a training step spends its time (of the default model, or of the first that --only names), and nothing else',
    false,
  )
  .option('--json <file>', 'write the rows to a file')
  .parse()
  .opts<{
    withTorch: boolean;
    rounds: string;
    only?: string;
    json?: string;
    gpu: boolean;
    profile: boolean;
  }>();

if (options.gpu) requireGpu();
if (options.profile) void printProfile();
else report(main());

function report(rows: Row[]): void {
  console.table(Object.fromEntries(rows.map(row => [row.name, printed(row)])));
  if (!options.json) return;
  writeFileSync(`${options.json}.${process.pid}`, JSON.stringify(rows, null, 2));
  renameSync(`${options.json}.${process.pid}`, options.json);
}

function requireGpu(): void {
  const usesGpu = "console.log(require('./src/engine/tensorflow').tf.backend().isUsingGpuDevice)";
  const answer = execFileSync(process.execPath, ['--require', 'tsx/cjs', '-e', usesGpu], {
    cwd: project,
    stdio: ['ignore', 'pipe', 'ignore'],
  });
  if (answer.toString().trim().endsWith('true')) return;
  console.error(
    'TensorFlow finds no GPU here. Run it on a machine with an NVIDIA GPU and its driver, or without --gpu.',
  );
  process.exit(1);
}

async function printProfile(): Promise<void> {
  const ops = await profileTraining(options.only ?? '');
  const total = ops.reduce((sum, { microseconds }) => sum + microseconds, 0);
  console.table(
    ops.map(({ op, device, count, microseconds }) => ({
      op,
      device: device.replace(/.*device:/, ''),
      count,
      microseconds: Math.round(microseconds),
      'share %': Number(((100 * microseconds) / total).toFixed(1)),
    })),
  );
}

function main(): Row[] {
  if (options.withTorch) prepareTorch();
  const chosen = Object.entries(workloads).filter(([name]) => name.includes(options.only ?? ''));
  if (chosen.length === 0)
    throw new Error(
      `No workload's name contains "${options.only}". They are: ${Object.keys(workloads).join('; ')}.`,
    );
  return chosen.map(([name, workload]) => measureAll(name, workload));
}

function measureAll(name: string, workload: Workload): Row {
  const measured = new Map<VariantName, Measurement[]>();
  for (let round = 0; round < Number(options.rounds); round++) {
    for (const variant of variants) {
      const measurement = measure(name, workload, variant);
      if (measurement) measured.set(variant, [...(measured.get(variant) ?? []), measurement]);
      process.stderr.write('.');
    }
  }
  process.stderr.write(` ${name}\n`);
  const value = (variant: VariantName) => {
    const all = measured.get(variant);
    return all ? median(all.map(each => inUnit(each, workload.unit))) : null;
  };
  const peaks = [...measured].map(([variant, all]) => [variant, median(all.map(each => each.peakMegabytes))]);
  return {
    name,
    unit: workload.unit,
    ours: value('ours'),
    stock: value('stock'),
    torch: value('torch'),
    torchCompile: value('torchCompile'),
    peakMegabytes: Object.fromEntries(peaks) as Row['peakMegabytes'],
  };
}

function measure(name: string, workload: Workload, variant: VariantName): Measurement | undefined {
  if (variant !== 'ours' && !workload.against.includes(variant)) return undefined;
  if (variant.startsWith('torch') && !options.withTorch) return undefined;
  const { threads } = workload;
  const [worker, stockOps] = ['worker.ts', 'stock-ops.ts'].map(file => path.join(__dirname, file));
  const stock = ['--require', 'tsx/cjs', '--require', stockOps, worker];
  const [command, arguments_] = {
    ours: [process.execPath, ['--require', 'tsx/cjs', worker, name, `${threads}`, 'compiled']] as const,
    stock: [process.execPath, [...stock, name, `${threads}`, 'stock']] as const,
    torch: [pythonOf(), [path.join(__dirname, 'torch_bench.py'), name, `${threads}`, 'eager']] as const,
    torchCompile: [
      pythonOf(),
      [path.join(__dirname, 'torch_bench.py'), name, `${threads}`, 'compile'],
    ] as const,
  }[variant];
  const limits = { TF_NUM_INTRAOP_THREADS: `${threads}`, OMP_NUM_THREADS: `${threads}` };
  const output = execFileSync(command, arguments_, {
    cwd: project,
    env: { ...process.env, ...limits },
    stdio: ['ignore', 'pipe', 'ignore'],
  });
  return JSON.parse(output.toString().trim().split('\n').at(-1)!) as Measurement;
}

function inUnit({ seconds, units }: Measurement, unit: Workload['unit']): number {
  if (unit === 'ms/step') return (1000 * seconds) / units;
  return unit.endsWith('/s') ? units / seconds : units;
}

function median(values: number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  return (sorted[(sorted.length - 1) >> 1] + sorted[sorted.length >> 1]) / 2;
}

function printed(row: Row) {
  const ratio = (variant: VariantName) => {
    const [ours, theirs] = [row.ours, row[variant]];
    if (ours === null || theirs === null || !/step|\/s/.test(row.unit)) return '';
    return (row.unit === 'ms/step' ? ours / theirs : theirs / ours).toFixed(2);
  };
  const rounded = (value: number | null | undefined) => (value == null ? '' : Number(value.toPrecision(3)));
  return {
    unit: row.unit,
    ...Object.fromEntries(variants.map(variant => [variant, rounded(row[variant])])),
    'time / stock': ratio('stock'),
    'time / torch': ratio('torch'),
    'time / torch.compile': ratio('torchCompile'),
    'peak MB': rounded(row.peakMegabytes.ours),
    'peak MB torch': rounded(row.peakMegabytes.torch),
  };
}

function pythonOf(): string {
  return path.join(torchEnvironment, 'bin', 'python');
}

function prepareTorch(): void {
  if (existsSync(path.join(torchEnvironment, 'ready'))) return;
  console.error('Installing PyTorch and scikit-learn into .venv-torch (once) ...');
  execFileSync('python3', ['-m', 'venv', torchEnvironment]);
  execFileSync(pythonOf(), ['-m', 'pip', 'install', '-q', 'torch==2.13.0', 'numpy', 'scikit-learn'], {
    stdio: ['ignore', 'ignore', 'inherit'],
  });
  writeFileSync(path.join(torchEnvironment, 'ready'), '');
}
