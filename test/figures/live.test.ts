import { afterAll, afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { MimeBundle, NotebookHost } from '../../src/display/host';
import { createFigure } from '../../src/figures/figure';
import { liveFigure } from '../../src/figures/live';
import { closePng } from '../../src/figures/png';

const place = globalThis as { [key: symbol]: NotebookHost | undefined };
const kernel = Symbol.for('Jupyter.kernel');
const figure = (title: string) =>
  createFigure({ title, finding: 'It rises.', data: [], layout: {}, height: 100, width: 100 });
let shown: { bundle: MimeBundle; id?: string; update?: boolean }[];

beforeEach(() => {
  shown = [];
  place[kernel] = {
    display: (bundle, options) => void shown.push({ bundle, ...options }),
    clearOutput: () => undefined,
    interruptSignal: () => new AbortController().signal,
  };
});
afterEach(() => delete place[kernel]);
afterAll(closePng);

describe('a live figure', () => {
  it('draws in one place: a first figure, and the one that stays, interactive', async () => {
    const live = liveFigure();
    live.update(() => figure('first'));
    await live.finish(figure('last'));
    expect(shown.map(({ bundle }) => bundle['text/plain'])).toEqual(['first. It rises.', 'last. It rises.']);
    expect(shown.map(({ update }) => update)).toEqual([false, true]);
    expect(new Set(shown.map(({ id }) => id)).size).toBe(1);
    expect(shown.map(({ bundle }) => 'application/vnd.plotly.v1+json' in bundle)).toEqual([false, true]);
  });

  it('makes only the figures that it draws, however often it is told of one', async () => {
    const live = liveFigure();
    let made = 0;
    const make = () => figure(`figure ${++made}`);
    for (let i = 0; i < 100; i++) live.update(make);
    await live.finish(figure('last'));
    expect(made).toBe(1);
  });

  it('does nothing outside of a notebook', async () => {
    delete place[kernel];
    const live = liveFigure();
    live.update(() => {
      throw new Error('not to be made');
    });
    await live.finish(figure('last'));
    expect(shown).toEqual([]);
  });
});
