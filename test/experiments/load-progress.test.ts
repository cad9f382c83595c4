import { expect, test } from 'vitest';
import { showLoadProgress } from '../../src/experiments/load-progress';

test('a download and the images after it have a bar each, and data that are there at once none', () => {
  let text = '';
  const stream = { isTTY: false, write: (piece: string) => Boolean((text += piece)) };
  let seconds = 0;
  const environment = { stream, now: () => 1000 * seconds++ };
  showLoadProgress('digits', environment).finish();
  expect(text).toBe('');
  const shown = showLoadProgress('cifar10', environment);
  shown.onProgress({ what: 'bytes', done: 1000, total: 4000 });
  shown.onProgress({ what: 'images', done: 30, total: 60 });
  shown.finish();
  expect(text).toMatch(/cifar10: 1,000\/4,000 bytes, 25 %/);
  expect(text).toMatch(/cifar10: 30\/60 images, 50 %/);
});
