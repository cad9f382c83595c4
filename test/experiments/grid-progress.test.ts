import { expect, test } from 'vitest';
import { showGridProgress } from '../../src/experiments/grid-progress';

/** What is written to a log while `work` goes on; a second passes between any two events. */
function logged(seeds: number[], work: (progress: ReturnType<typeof showGridProgress>) => void): string {
  let text = '';
  let seconds = 0;
  const stream = { isTTY: false, write: (piece: string) => Boolean((text += piece)) };
  const cells = [32, 1000].flatMap(trainingSize => seeds.map(seed => ({ trainingSize, seed })));
  const progress = showGridProgress(cells, 3000, { stream, now: () => 1000 * seconds++ });
  work(progress);
  progress.finish();
  return text;
}

test('each model has a bar in training steps, and a note on what comes after', () => {
  const text = logged([0], progress => {
    progress.onProgress(0, { stage: 'training', share: 0.4, detail: 'loss 0.300' });
    progress.onProgress(1, { stage: 'curve', share: 0.5, detail: 'probe at sigma 0.15' });
    progress.onSettled(0, { status: 'fulfilled', value: 1 });
    progress.onSettled(1, { status: 'rejected', reason: new Error() });
  });
  expect(text).toMatch(/N = {3}32: 1,200\/3,000 steps, 40 %.*loss 0\.300/);
  expect(text).toMatch(/N = {3}32: 3,000\/3,000 steps, 100 %, .*in .*done/);
  expect(text).toMatch(/N = 1000: 3,000\/3,000 steps, .*failed/);
});

test('seeds are named where there are several', () => {
  const text = logged([8, 10], progress => progress.onSettled(0, { status: 'fulfilled', value: 1 }));
  expect(text).toMatch(/N = {3}32, seed {2}8: 3,000\/3,000 steps, 100 %.*done/);
});
