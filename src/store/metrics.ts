/** The training's log: `metrics.jsonl`, a JSON object a line, so that it can be followed while it grows. */
import fs from 'node:fs/promises';
import { explainFileError, writeFileAtomically } from './atomic';
import { fileOf, readText, type Run } from './record';

/** One line of the log: averages over the steps since the line before. */
export interface Metric {
  /** Steps done so far. */
  readonly step: number;
  /** Mean loss. */
  readonly loss: number;
  readonly imagesPerSecond: number;
}

const logName = 'metrics.jsonl';

/** Appends a line to the run's log. */
export async function appendMetric(run: Run, metric: Metric): Promise<void> {
  const file = fileOf(run, logName);
  await fs.appendFile(file, JSON.stringify(metric) + '\n').catch((error: unknown) => {
    throw explainFileError(error, file, 'write');
  });
}

/** The run's log; lines that a killed process left incomplete are passed over. */
export async function readMetrics(run: Run): Promise<Metric[]> {
  const lines = ((await readText(fileOf(run, logName))) ?? '').split('\n');
  return lines.flatMap(line => parseLine(line) ?? []);
}

function parseLine(line: string): Metric | undefined {
  try {
    return JSON.parse(line) as Metric;
  } catch {
    return undefined;
  }
}

/** Cuts the log back to a checkpoint's step: what came after it is going to be done again. */
export async function rewindMetrics(run: Run, step: number): Promise<void> {
  const kept = (await readMetrics(run)).filter(metric => metric.step <= step);
  const text = kept.map(metric => JSON.stringify(metric) + '\n').join('');
  await writeFileAtomically(fileOf(run, logName), text);
}
