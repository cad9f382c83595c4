import { expect, test } from 'vitest';
import { gridCells } from '../../src/experiments/grid';
import { showGridProgress } from '../../src/experiments/grid-progress';

/** What is written to a log while `work` goes on; a second passes between any two events. */
function logged(
  over: Record<string, number[]>,
  work: (progress: ReturnType<typeof showGridProgress>) => void,
): string {
  let text = '';
  let seconds = 0;
  const stream = { isTTY: false, write: (piece: string) => Boolean((text += piece)) };
  const progress = showGridProgress(gridCells({ over }), { stream, now: () => 1000 * seconds++ });
  work(progress);
  progress.finish();
  return text;
}

test('each model has a bar in training steps, and a note on what comes after', () => {
  const text = logged({ trainingSize: [32, 1000], seed: [0] }, progress => {
    progress.onProgress(0, { stage: 'training', share: 0.4, detail: 'loss 0.300' });
    progress.onProgress(1, { stage: 'curve', share: 0.5, detail: 'probe at sigma 0.15' });
    progress.onSettled(0, { status: 'fulfilled', value: 1 });
    progress.onSettled(1, { status: 'rejected', reason: new Error() });
  });
  expect(text).toMatch(/trainingSize {3}32: 1,200\/3,000 steps, 40 %.*loss 0\.300/);
  expect(text).toMatch(/trainingSize {3}32: 3,000\/3,000 steps, 100 %, .*in .*done/);
  expect(text).toMatch(/trainingSize 1000: 3,000\/3,000 steps, .*failed/);
});

test('a model that was interrupted has not failed', () => {
  const text = logged({ trainingSize: [32] }, progress => {
    progress.onProgress(0, { stage: 'training', share: 0.4, detail: 'loss 0.300' });
    progress.onSettled(0, { status: 'rejected', reason: new DOMException('Interrupted.', 'AbortError') });
  });
  expect(text).toMatch(/1,200\/3,000 steps, .*interrupted, saved/);
  expect(text).not.toContain('failed');
});

test('models have the steps of their own training, and why one is tried again is said', () => {
  const text = logged({ 'training.steps': [10, 3000] }, progress => {
    progress.onProgress(0, { stage: 'training', share: 1, detail: 'loss 0.300' });
    progress.onPostponed(1, new Error('the worker was killed'));
  });
  expect(text).toMatch(/steps {3}10: 10\/10 steps/);
  expect(text).toMatch(/steps 3000: 0\/3,000 steps.*will be tried again: the worker was killed/);
});
