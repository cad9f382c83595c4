import { expect, test } from 'vitest';
import { createGridProgress } from '../../src/experiments/grid-progress';

test('each model has a line, and the first says how far all are and how long they will take', () => {
  let clock = 0;
  const progress = createGridProgress(
    [
      { trainingSize: 32, seed: 0 },
      { trainingSize: 1000, seed: 0 },
    ],
    () => clock,
  );
  expect(progress.lines()).toEqual([
    '0 of 2 models, 0 %, just begun',
    'N =   32  waiting',
    'N = 1000  waiting',
  ]);
  clock = 60_000;
  progress.report(0, { stage: 'training', share: 0.5, detail: 'step 5 of 10' });
  progress.settle(1, true);
  // (0.5 * 0.85 + 1) / 2 of the work in 60 s: 24.2 s for the rest.
  expect(progress.share()).toBeCloseTo(0.7125);
  expect(progress.lines()).toEqual([
    '1 of 2 models, 71 %, about 25 s left',
    'N =   32  training: step 5 of 10',
    'N = 1000  done',
  ]);
  clock = 300_000;
  progress.settle(0, false);
  expect(progress.lines()).toEqual([
    '2 of 2 models, 100 %, done in 5 min',
    'N =   32  failed',
    'N = 1000  done',
  ]);
});

test('seeds are named where there are several', () => {
  const cells = [8, 10].map(seed => ({ trainingSize: 32, seed }));
  expect(createGridProgress(cells).lines().slice(1)).toEqual([
    'N = 32, seed  8  waiting',
    'N = 32, seed 10  waiting',
  ]);
});
