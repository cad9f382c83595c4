import { afterEach, describe, expect, it } from 'vitest';
import type { MimeBundle } from '../../src/display/host';
import { createProgress, createProgressTable } from '../../src/display/progress';

/** A stream that keeps what is written, and a clock that is moved by hand. */
function world(isTTY: boolean, columns = 200, rows = 50) {
  const written: string[] = [];
  const clock = { milliseconds: 0 };
  return {
    written,
    clock,
    environment: {
      stream: { isTTY, columns, rows, write: (text: string) => written.push(text) },
      now: () => clock.milliseconds,
    },
  };
}

const symbol = Symbol.for('Jupyter.kernel');
const globals = globalThis as { [key: symbol]: unknown };

interface Shown {
  bundle: MimeBundle;
  id?: string;
  update?: boolean;
}

/** Stands in for a notebook's kernel. */
function notebook(): Shown[] {
  const shown: Shown[] = [];
  globals[symbol] = {
    display: (bundle: MimeBundle, options: { id?: string; update?: boolean }) =>
      shown.push({ bundle, ...options }),
  };
  return shown;
}

afterEach(() => {
  delete globals[symbol];
});

describe('progress in a log', () => {
  it('writes a line a tenth, with count, share, speed, time left and note, and a final line', () => {
    const { written, clock, environment } = world(false);
    const progress = createProgress({ label: 'training', total: 3000, unit: 'steps' }, environment);
    for (let step = 0; step <= 3000; step += 10) {
      progress.update(step, { note: `loss ${step}` });
      clock.milliseconds += 200; // 50 steps a second
    }
    progress.finish();
    expect(written.length).toBe(11); // tenths 1 to 10, and the end
    expect(written[3]).toBe('training: 1,200/3,000 steps, 40 %, 50/s, 36 s left, loss 1200\n');
    expect(written[10]).toBe('training: 3,000/3,000 steps, 100 %, 50/s, in 1 min 0 s, loss 3000\n');
  });

  it('says where work stopped that did not reach its end', () => {
    const { written, clock, environment } = world(false);
    const progress = createProgress({ label: 'sampling', total: 10 }, environment);
    progress.update(0);
    clock.milliseconds = 4000;
    progress.update(4);
    progress.finish();
    expect(written.at(-1)).toBe('sampling: 4/10, 40 %, 1/s, stopped after 4.0 s\n');
  });

  it('counts the speed from where the work began', () => {
    const { written, clock, environment } = world(false);
    const progress = createProgress({ label: 'resumed', total: 1000 }, environment);
    progress.update(400);
    clock.milliseconds = 10_000;
    progress.update(550);
    expect(written.at(-1)).toContain('15/s, 30 s left');
  });
});

describe('progress in a terminal', () => {
  it('rewrites one line, at most ten times a second, and ends it', () => {
    const { written, clock, environment } = world(true);
    const progress = createProgress({ label: 'training', total: 1000, unit: 'steps' }, environment);
    for (let step = 0; step <= 1000; step++) {
      progress.update(step);
      clock.milliseconds += 2;
    }
    progress.finish();
    expect(written.length).toBeLessThanOrEqual(22); // two seconds
    expect(written.slice(1).every(text => text.startsWith('\r'))).toBe(true);
    expect(written.slice(0, -1).every(text => !text.includes('\n'))).toBe(true);
    expect(written.at(-1)).toContain('\u2588'.repeat(20));
    expect(written.at(-1)).toMatch(/1,000\/1,000 steps {2}100 % {2}500\/s {2}in 2\.0 s\n$/);
  });

  it('shows a row for each worker, and goes back up to rewrite them', () => {
    const { written, clock, environment } = world(true);
    const rows = [32, 1000].map(size => ({ label: `N = ${size}`, total: 100 }));
    const table = createProgressTable(rows, environment);
    table.rows[0].update(50);
    clock.milliseconds = 1000;
    table.rows[1].update(10, { note: 'loss 0.2' });
    table.finish();
    expect(written[0].split('\n').length).toBe(2);
    expect(written[1].startsWith('\r\u001b[1A')).toBe(true);
    expect(written[1]).toMatch(/N = 32 {4}.*50\/100.*\n.*N = 1000 {2}.*10\/100.*loss 0\.2/);
  });

  it('shows those at work when there are more bars than lines, and all of them at the end', () => {
    const { written, clock, environment } = world(true, 200, 5);
    const rows = Array.from({ length: 10 }, (_, i) => ({ label: `model ${i}`, total: 10 }));
    const table = createProgressTable(rows, environment);
    table.rows[0].update(10);
    table.rows[8].update(1);
    clock.milliseconds = 1000;
    table.rows[0].finish();
    expect(written.at(-1)?.match(/model \d/g)).toEqual(['model 1', 'model 2', 'model 8']);
    expect(written.at(-1)).toMatch(/1 of 10 have ended$/);
    table.finish();
    expect(written.at(-1)?.match(/model \d/g)).toHaveLength(10);
  });

  it('cuts lines to the width of the terminal and keeps control characters out of it', () => {
    const { written, environment } = world(true, 40);
    const progress = createProgress({ label: 'a\nb\u001b[2J', total: 10 }, environment);
    progress.update(1, { note: 'x'.repeat(100) });
    // eslint-disable-next-line no-control-regex -- our own escape sequence
    const line = written[0].replace(/^\u001b\[2K/, '');
    expect(line.length).toBeLessThan(40);
    expect(line.startsWith('a b [2J')).toBe(true);
  });
});

describe('progress in a notebook', () => {
  it('replaces one output, and escapes what it shows', () => {
    const shown = notebook();
    const { written, clock, environment } = world(false);
    const progress = createProgress({ label: '<script>', total: 10, unit: 'images' }, environment);
    progress.update(1, { note: '"a" & <b>' });
    clock.milliseconds = 50;
    progress.update(2); // too soon to be drawn
    clock.milliseconds = 200;
    progress.update(3);
    progress.finish();
    expect(written).toEqual([]);
    expect(shown.map(output => output.update)).toEqual([false, true, true]);
    expect(new Set(shown.map(output => output.id)).size).toBe(1);
    const html = shown[0].bundle['text/html'] as string;
    expect(html).toContain('&lt;script&gt;');
    expect(html).toContain('&quot;a&quot; &amp; &lt;b&gt;');
    expect(html).not.toContain('<script>');
    expect(shown[2].bundle['text/plain']).toMatch(/^<script>: 3\/10 images, 30 %/);
  });

  it('gives each piece of work an output of its own, and a table one row a worker', () => {
    const shown = notebook();
    createProgress({ label: 'a', total: 1 }).update(1);
    const table = createProgressTable([
      { label: 'b', total: 1 },
      { label: 'c', total: 1 },
    ]);
    table.rows[0].update(1);
    expect(shown[0].id).not.toBe(shown[1].id);
    expect((shown[1].bundle['text/html'] as string).match(/<tr>/g)?.length).toBe(2);
  });
});

describe('progress', () => {
  it('never throws: not when it can not be shown, nor for odd numbers', () => {
    const broken = {
      stream: {
        write: () => {
          throw new Error('EPIPE');
        },
      },
    };
    const progress = createProgress({ label: 'a', total: 10 }, broken);
    expect(() => [NaN, -1, Infinity, 10, 20].forEach(done => progress.update(done))).not.toThrow();
    expect(() => progress.finish()).not.toThrow();
    const { written, environment } = world(false);
    const empty = createProgress({ label: 'empty', total: 0 }, environment);
    empty.finish();
    createProgressTable([], environment).finish();
    expect(written).toEqual(['empty: 0/0, 0 %, in 0.0 s\n']);
  });

  it('counts time and speed from the first number, whatever notes came before', () => {
    const { written, clock, environment } = world(false);
    const progress = createProgress({ label: 'training', total: 100, unit: 'steps' }, environment);
    progress.update(NaN, { note: 'will be tried again' });
    clock.milliseconds = 60_000;
    progress.update(50);
    clock.milliseconds = 65_000;
    progress.update(60);
    progress.finish();
    expect(written.at(-1)).toBe(
      'training: 60/100 steps, 60 %, 2/s, stopped after 5.0 s, will be tried again\n',
    );
  });

  it('leaves one final line, however often it is finished, and says nothing after it', () => {
    const { written, environment } = world(false);
    const progress = createProgress({ label: 'a', total: 10 }, environment);
    progress.update(10);
    progress.finish();
    progress.finish();
    progress.update(3);
    expect(written.filter(line => line.includes(' in ')).length).toBe(1);
    expect(written.length).toBe(2);
  });

  it('finishes rows one by one', () => {
    const { written, environment } = world(false);
    const table = createProgressTable(
      ['a', 'b'].map(label => ({ label, total: 2 })),
      environment,
    );
    table.rows[0].update(2);
    table.rows[0].finish();
    table.finish();
    expect(written.map(line => line.slice(0, 6))).toEqual(['a: 2/2', 'a: 2/2', 'b: 0/2']);
  });
});
