import { describe, expect, it } from 'vitest';
import { summarizeTransition } from '../../src/figures/summary';
import { accuracyTable, tableOf, transitionTable } from '../../src/figures/tables';
import { exampleTransition } from './example';

const transition = exampleTransition();
const rows = summarizeTransition(transition);

describe('transitionTable', () => {
  const table = transitionTable(transition);

  it('is a DataFrame with a row a training-set size', () => {
    expect(table.shape).toEqual([6, 7]);
    expect(table.column('N').values).toEqual([32, 64, 128, 256, 512, 1000]);
    expect(table.column('verdict').values).toEqual(rows.map(row => row.analysis.verdict));
    expect(table.column('novel share').values).toEqual([0.03, 0.45, 0.99, 1, 1, 1]);
    expect(table.column('median cosine').values).toEqual([1, 0.98, 0.85, 0.79, 0.77, 0.78]);
    expect(table.column('peak sigma').values).toEqual(rows.map(row => row.analysis.peak.sigma));
  });

  it('gives values with their intervals', () => {
    const { mean, lower, upper } = rows[5].analysis.rise;
    const text = `${mean.toFixed(1)} (${lower.toFixed(1)} to ${upper.toFixed(1)})`;
    expect(table.column('rise, points (95 % bounds)').values[5]).toBe(text);
  });

  it('has a plain text that shows every column whole', () => {
    const text = String(table);
    for (const name of table.columns) expect(text).toContain(name);
    for (const value of table.values.flat()) expect(text).toContain(String(value));
  });
});

describe('accuracyTable', () => {
  it('has a row a noise level and a column a size', () => {
    const table = accuracyTable(transition);
    expect(table.columns).toEqual(['sigma', ...[32, 64, 128, 256, 512, 1000].map(size => `N = ${size}`)]);
    expect(table.column('N = 1000').values).toEqual(
      rows[5].analysis.accuracy.map(band => Number(band.mean.toFixed(1))),
    );
  });
});

describe('tableOf', () => {
  it('refuses a table without rows', () => {
    expect(() => tableOf([])).toThrow(/at least one row/);
  });
});
