/**
 * Trains ten steps on the CPU and ten on the GPU, each in a process of its own, and compares them: `npm run doctor -- --gpu`.
 *
 *     node --require tsx/cjs src/experiments/compare-devices.ts            compares; exit status 1 when something is wrong
 *     node --require tsx/cjs src/experiments/compare-devices.ts measure    trains on the device that TensorFlow chooses, prints JSON
 */
import { spawnSync } from 'node:child_process';
import { loadDigits } from '../data/digits';
import { residentImages } from '../data/pixels';
import { initializeParameters } from '../diffusion/network';
import { compile } from '../engine/compile';
import { profile } from '../engine/profile';
import { deriveSeed } from '../engine/random';
import { createVariables } from '../engine/variables';
import { buildModel } from './build';
import { resolvePreset } from './presets';
import { initialState } from '../training/state';
import { createTrainingStep, imagesName, stepInputs } from '../training/step';

/** Where one kind of op ran, and how many of it in a step. */
export interface Placement {
  readonly op: string;
  readonly device: string;
  readonly count: number;
}

/** Ten training steps on one device. */
export interface DeviceMeasurement {
  readonly losses: readonly number[];
  /** Median of the steps after the first, which also warms up. */
  readonly millisecondsPerStep: number;
  readonly placements: readonly Placement[];
}

const steps = 10;
const seed = 7;

/** GPUs multiply with 10 bits of mantissa (TF32) where that is fast: a relative 1e-3 an operation, some of which adds up. */
const agreement = 1e-2;

/** A network wide enough for a GPU to show, on the embedded digits. */
const settings = {
  network: { channels: 64, multipliers: [1, 2] },
  training: { steps, batchSize: 256 },
};

/** Trains ten steps on the device that TensorFlow chooses. */
export async function measureDevice(
  changes: Parameters<typeof resolvePreset>[1] = settings,
): Promise<DeviceMeasurement> {
  const config = resolvePreset('digits', changes);
  const dataset = loadDigits();
  const { denoiser, noise } = buildModel(config, dataset.imageShape);
  const { network } = denoiser;
  const weights = initializeParameters(network, deriveSeed(seed, 'weights'));
  const { values } = initialState(weights, network.parameters);
  const variables = createVariables({ ...values, [imagesName]: residentImages(dataset) });
  try {
    const trainingStep = createTrainingStep({
      denoiser,
      noise,
      dataset,
      config: config.training,
      seed,
      tensors: variables.tensors,
    });
    const step = compile(trainingStep, { variables, example: stepInputs(0, config.training) });
    const losses: number[] = [];
    const times: number[] = [];
    for (let i = 0; i < steps; i++) {
      const start = performance.now();
      const { loss } = await step(stepInputs(i, config.training));
      times.push(performance.now() - start);
      losses.push(loss.values[0]);
    }
    const inputs = stepInputs(steps, config.training);
    const ops = await profile(trainingStep, { variables, inputs, calls: 1 });
    return {
      losses,
      millisecondsPerStep: times.slice(1).sort((a, b) => a - b)[Math.floor((steps - 1) / 2)],
      // A GPU's streams repeat, kernel by kernel, what its device line says.
      placements: ops.filter(({ device }) => !device.includes('stream')),
    };
  } finally {
    variables.dispose();
  }
}

/** What the comparison says, a line each, and whether the GPU does what it should. */
export function compare(
  cpu: DeviceMeasurement,
  gpu: DeviceMeasurement,
): { lines: string[]; passed: boolean } {
  const difference = Math.max(
    ...cpu.losses.map((loss, i) => Math.abs(gpu.losses[i] - loss) / Math.abs(loss)),
  );
  const agrees = difference <= agreement; // false for NaN as well
  const onGpu = gpu.placements.filter(({ device }) => device.includes('GPU'));
  const elsewhere = gpu.placements.filter(({ device }) => !device.includes('GPU'));
  if (onGpu.length === 0) {
    return {
      lines: ['TensorFlow used no GPU: run "npm run setup -- --gpu", and check the driver with nvidia-smi.'],
      passed: false,
    };
  }
  const ratio = cpu.millisecondsPerStep / gpu.millisecondsPerStep;
  return {
    lines: [
      `ops on the GPU: ${describe(onGpu)}`,
      `ops on the CPU: ${describe(elsewhere)}`,
      `losses of ${cpu.losses.length} steps differ by at most ${difference.toExponential(1)} of their size: ` +
        (agrees ? 'CPU and GPU agree' : `CPU and GPU do NOT agree (allowed: ${agreement})`),
      `a step takes ${cpu.millisecondsPerStep.toFixed(1)} ms on the CPU and ${gpu.millisecondsPerStep.toFixed(1)} ms on the GPU: ` +
        `the GPU is ${ratio.toFixed(1)} times as fast`,
    ],
    passed: agrees,
  };
}

function describe(placements: readonly Placement[]): string {
  const total = placements.reduce((sum, { count }) => sum + count, 0);
  if (total === 0) return 'none';
  const counts = new Map<string, number>();
  for (const { op, count } of placements) counts.set(op, (counts.get(op) ?? 0) + count);
  return `${total} (${[...counts].map(([op, count]) => `${count} ${op}`).join(', ')})`;
}

/** Measures in a process of its own: TensorFlow chooses its devices once, when it is loaded. */
function measureIn(environment: NodeJS.ProcessEnv): DeviceMeasurement {
  const { status, stdout, stderr } = spawnSync(
    process.execPath,
    [...process.execArgv, __filename, 'measure'],
    { env: { ...process.env, ...environment }, encoding: 'utf8', maxBuffer: 1e8 },
  );
  if (status !== 0)
    throw new Error(`Training ten steps failed:\n${stderr.trim().split('\n').slice(-15).join('\n')}`);
  return JSON.parse(stdout.trim().split('\n').at(-1)!) as DeviceMeasurement;
}

async function main(): Promise<void> {
  if (process.argv[2] === 'measure') {
    console.log(JSON.stringify(await measureDevice()));
    return;
  }
  const { lines, passed } = compare(measureIn({ CUDA_VISIBLE_DEVICES: '-1' }), measureIn({}));
  console.log(process.argv[2] === '--json' ? JSON.stringify({ passed, lines }) : lines.join('\n'));
  process.exitCode = passed ? 0 : 1;
}

if (require.main === module) {
  main().catch((error: unknown) => {
    console.error(error instanceof Error ? error.message : error);
    process.exitCode = 1;
  });
}
