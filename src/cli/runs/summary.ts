/** What is known of a run without TensorFlow: from its text files. */
import fs from 'node:fs/promises';
import path from 'node:path';
import { analyseCurve, type Band, type CurveAnalysis, fewestLevels } from '../../curve/analysis';
import { accuracies, type CurveMeasurement } from '../../curve/curve';
import type { GeneralizationScore } from '../../generation/score';
import { isHeld } from '../../store/lock';
import { readMetrics } from '../../store/metrics';
import { listResults } from '../../store/results';
import type { StoredRun } from '../../store/runs';
import { isFinished } from '../../store/weights';

/** A run in one line. */
export interface RunSummary {
  readonly name: string;
  readonly key: string;
  readonly folder: string;
  /** 'results only': trained to its end, but its weights are not here; 'training' while a process is at work in it. */
  readonly status: 'finished' | 'results only' | 'training' | 'unfinished';
  /** The last step of the log, and the steps of the whole training; undefined where they are not known. */
  readonly step?: number;
  readonly steps?: number;
  /** The last loss of the log. */
  readonly loss?: number;
  readonly startedAt: string;
  readonly megabytes: number;
}

/** The run in one line. */
export async function summarize(run: StoredRun): Promise<RunSummary> {
  const { name, key, folder, record } = run;
  const last = (await readMetrics(run)).at(-1);
  const { training } = run.config as { training?: { steps?: number } };
  return {
    name,
    key,
    folder,
    status: await statusOf(run),
    step: last?.step,
    steps: training?.steps,
    loss: last?.loss,
    startedAt: record.startedAt,
    megabytes: (await bytesIn(folder)) / 1e6,
  };
}

async function statusOf(run: StoredRun): Promise<RunSummary['status']> {
  if (await isFinished(run)) return 'finished';
  if (await isHeld(run.folder)) return 'training';
  return run.record.status === 'finished' ? 'results only' : 'unfinished';
}

async function bytesIn(folder: string): Promise<number> {
  const names = await fs.readdir(folder, { recursive: true });
  const sizes = names.map(async name => {
    const stat = await fs.stat(path.join(folder, name)).catch(() => undefined); // gone meanwhile
    return stat?.isFile() ? stat.size : 0;
  });
  return (await Promise.all(sizes)).reduce((sum, size) => sum + size, 0);
}

/** A curve that was measured on the run; one of fewer than three noise levels has accuracies alone, and no bounds of theirs. */
export interface RunCurve
  extends Pick<CurveMeasurement, 'layer' | 'input' | 'sigmas'>,
    Partial<Omit<CurveAnalysis, 'sigmas' | 'accuracy'>> {
  /** The step of the weights; undefined for the last ones. */
  readonly step?: number;
  /** Percent at each noise level. */
  readonly accuracy: readonly (Pick<Band, 'mean'> & Partial<Band>)[];
}

/** All curves that were measured, whatever the settings. */
export async function curvesOf(run: StoredRun): Promise<RunCurve[]> {
  const saved = await listResults(run, 'curve');
  return saved.map(({ value, dependsOn }) => {
    const curve = value as CurveMeasurement;
    const { layer, input, sigmas } = curve;
    const { step } = dependsOn as { step?: number };
    const found =
      sigmas.length < fewestLevels
        ? { accuracy: accuracies(curve).map(mean => ({ mean })) }
        : analyseCurve(curve, { seed: 0 });
    return { layer, input, sigmas, step, ...found };
  });
}

/** A score that was measured on the run. */
export interface RunScore
  extends Pick<GeneralizationScore, 'sampleCount' | 'novelByRatio' | 'novelByCosine' | 'medianCosine'> {
  readonly step?: number;
}

/** All scores that were measured. */
export async function scoresOf(run: StoredRun): Promise<RunScore[]> {
  const saved = await listResults(run, 'score');
  return saved.map(({ value, dependsOn }) => {
    const { sampleCount, novelByRatio, novelByCosine, medianCosine } = value as GeneralizationScore;
    const { step } = dependsOn as { step?: number };
    return { sampleCount, novelByRatio, novelByCosine, medianCosine, step };
  });
}
