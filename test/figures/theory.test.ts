import { describe, expect, it } from 'vitest';
import { displaySymbol } from '../../src/display/host';
import { levelSlider, projectionFigure } from '../../src/figures/theory';
import { levelTable } from '../../src/figures/theory-table';

describe('figures of the solvable model', () => {
  it('have a slider whose steps show one setting each', () => {
    const lines = [
      { name: 'measured', values: [1, 2], stderr: [0.1, 0.1] },
      { name: 'Theorem 1', values: [1, 3] },
    ];
    const { data, layout } = levelSlider({
      title: 'SNR',
      finding: 'It rises.',
      sigmas: [0.1, 1],
      quantity: 'SNR',
      parameter: 'delta',
      settings: ['0.1', '0.2', '0.3'].map(label => ({ label, lines })),
    });
    expect(data.map(trace => trace.visible)).toEqual([false, false, true, true, false, false]);
    const [{ steps, active }] = layout.sliders as {
      steps: { label: string; args: [string, boolean[]] }[];
      active: number;
    }[];
    expect(active).toBe(1);
    expect(steps.map(({ label }) => label)).toEqual(['0.1', '0.2', '0.3']);
    expect(steps[2].args).toEqual(['visible', [false, false, false, false, true, true]]);
  });

  it('show every estimate once, by class, on one scale', () => {
    const { data, layout } = projectionFigure(
      [0.1, 1].map(sigma => ({ sigma, x: [1, 2, 3], y: [4, 5, 6], labels: [0, 1, 0] })),
      { title: 'Estimates', finding: 'They collapse.' },
    );
    expect(data.map(trace => trace.x)).toEqual([[1, 3], [2], [1, 3], [2]]);
    expect(layout.xaxis2).toMatchObject({ matches: 'x' });
    expect(layout.yaxis2).toMatchObject({ matches: 'y' });
  });
});

describe('tables over noise levels', () => {
  const table = levelTable({
    caption: 'a < b',
    sigmas: [0.01, 1],
    reference: { name: 'paper', values: [null, 10] },
    rows: [{ name: 'ours & theirs', values: [5, 12.34], stderr: [1, 2] }],
  });

  it('give differences from the reference in standard errors', () => {
    expect(table.rows).toEqual([
      ['paper', '-', '10'],
      ['ours & theirs', '5', '12.3'],
      ['\u00a0\u00a0difference', '-', '+1.2 s.e.'],
    ]);
  });

  it('escape what they show', () => {
    const bundle = table[displaySymbol]();
    expect(bundle['text/html']).toContain('a &lt; b');
    expect(bundle['text/html']).toContain('ours &amp; theirs');
    expect(bundle['text/plain']).toContain('ours & theirs');
  });
});
