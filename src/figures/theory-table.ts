/** Tables of quantities over noise levels, one row a reading, with the distance to a reference row in standard errors. */
import { escapeHtml } from '../display/bars';
import { displaySymbol, type MimeBundle } from '../display/host';
import { formatNumber } from './style';

/** A row of numbers over the noise levels. */
export interface LevelRow {
  readonly name: string;
  /** null where there is no number. */
  readonly values: readonly (number | null)[];
  /** Standard errors of the values. */
  readonly stderr?: readonly number[];
}

/** A table that draws itself in a notebook: HTML, with plain text beside it. */
export interface LevelTable {
  readonly caption: string;
  readonly header: readonly string[];
  readonly rows: readonly (readonly string[])[];
  [displaySymbol](): MimeBundle;
}

/**
 * A table over noise levels.
 * @param options.reference a row that the rows with standard errors are compared with: a line of differences in standard errors is
 *   added below each of them
 */
export function levelTable(options: {
  caption: string;
  sigmas: readonly number[];
  rows: readonly LevelRow[];
  reference?: LevelRow;
}): LevelTable {
  const { caption, sigmas, reference } = options;
  const header = ['\u03c3', ...sigmas.map(formatNumber)];
  const all = reference ? [reference, ...options.rows] : options.rows;
  const rows = all.flatMap(row => [
    [row.name, ...row.values.map(cell)],
    ...(reference && row.stderr ? [differences(row, reference)] : []),
  ]);
  return {
    caption,
    header,
    rows,
    [displaySymbol]: () => ({
      'text/html': htmlOf(caption, header, rows),
      'text/plain': plainOf(caption, header, rows),
    }),
  };
}

function cell(value: number | null): string {
  return value === null ? '-' : formatNumber(Number(value.toPrecision(3)));
}

function differences(row: LevelRow, reference: LevelRow): string[] {
  const values = row.values.map((value, s) => {
    const expected = reference.values[s];
    if (value === null || expected === null) return '-';
    const difference = (value - expected) / row.stderr![s];
    return `${difference < 0 ? '' : '+'}${difference.toFixed(1)} s.e.`;
  });
  return ['\u00a0\u00a0difference', ...values];
}

function htmlOf(caption: string, header: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[], tag: 'th' | 'td') =>
    `<tr>${cells
      .map(
        (text, c) => `<${tag} style="text-align: ${c === 0 ? 'left' : 'right'}">${escapeHtml(text)}</${tag}>`,
      )
      .join('')}</tr>`;
  const body = rows.map(row => line(row, 'td')).join('');
  return `<table><caption>${escapeHtml(caption)}</caption><thead>${line(header, 'th')}</thead><tbody>${body}</tbody></table>`;
}

function plainOf(caption: string, header: readonly string[], rows: readonly (readonly string[])[]): string {
  const lines = [header, ...rows];
  const widths = header.map((_, c) => Math.max(...lines.map(row => row[c].length)));
  const pad = (text: string, c: number) => (c === 0 ? text.padEnd(widths[c]) : text.padStart(widths[c]));
  return [caption, ...lines.map(row => row.map(pad).join('  '))].join('\n');
}
