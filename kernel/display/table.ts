/**
 * Data frames and series as tables. Recognised by their members, as danfo.js has them, so that any library with the
 * same shape is shown too.
 */
import type { MimeBundle } from '../threads';
import { escapeHtml } from './html';
import { inspectValue } from './inspect';

/** How much of a table is shown: as many rows or columns from the start as from the end. */
const MAXIMUM_ROWS = 60;
const MAXIMUM_COLUMNS = 20;
const MAXIMUM_CELL_LENGTH = 80;
const GAP = '\u2026';

interface Frame {
  readonly columns: readonly unknown[];
  readonly index: readonly unknown[];
  readonly values: readonly unknown[];
  readonly dtypes: readonly string[];
  readonly shape: readonly number[];
}

/** A part of a table as text, with {@link GAP} where rows or columns were left out. */
interface TextTable {
  readonly header: string[];
  readonly types: string[];
  readonly rows: string[][];
  readonly caption: string;
}

function isFrame(value: object): value is Frame {
  const { columns, index, values, dtypes, shape } = value as Partial<Frame>;
  return (
    [columns, index, values, dtypes, shape].every(Array.isArray) &&
    typeof (value as { toString?: unknown }).toString === 'function'
  );
}

/** Shows a data frame or a series; undefined for anything else. */
export function renderTable(value: object): MimeBundle | undefined {
  if (!isFrame(value)) return undefined;
  const table = textTable(value);
  return { 'text/html': html(table), 'text/plain': plain(table) };
}

/** The positions to show of `count`: all of them, or the first and the last with `undefined` for the gap. */
function shown(count: number, maximum: number): (number | undefined)[] {
  const all = Array.from({ length: count }, (_, position) => position);
  if (count <= maximum) return all;
  return [...all.slice(0, Math.ceil(maximum / 2)), undefined, ...all.slice(count - Math.floor(maximum / 2))];
}

function textTable({ columns, index, values, dtypes, shape }: Frame): TextTable {
  // danfo.js gives a series the shape [n, 1]; its values are not rows.
  const isSeries = shape.length === 1 || !Array.isArray(values[0] ?? []);
  const columnPositions = shown(isSeries ? 1 : columns.length, MAXIMUM_COLUMNS);
  const rowPositions = shown(index.length, MAXIMUM_ROWS);
  const valueAt = (row: number, column: number) =>
    isSeries ? values[row] : (values[row] as unknown[])[column];
  const name = (column: number) => text(columns[column]);
  const cell = (row: number | undefined, column: number | undefined) =>
    row === undefined || column === undefined ? GAP : text(valueAt(row, column));
  return {
    header: ['', ...columnPositions.map(column => (column === undefined ? GAP : name(column)))],
    types: ['', ...columnPositions.map(column => (column === undefined ? GAP : (dtypes[column] ?? '')))],
    rows: rowPositions.map(row => [
      row === undefined ? GAP : text(index[row]),
      ...columnPositions.map(column => cell(row, column)),
    ]),
    caption: isSeries ? `${index.length} values` : `${index.length} rows × ${columns.length} columns`,
  };
}

function text(value: unknown): string {
  if (typeof value === 'number' && !Number.isInteger(value)) return String(Number(value.toPrecision(6)));
  const full =
    typeof value === 'string'
      ? value
      : value instanceof Date
        ? value.toISOString()
        : inspectValue(value, false);
  return full.length > MAXIMUM_CELL_LENGTH ? `${full.slice(0, MAXIMUM_CELL_LENGTH)}${GAP}` : full;
}

function html({ header, types, rows, caption }: TextTable): string {
  const cells = (tag: string, contents: string[]) =>
    contents.map(content => `<${tag}>${escapeHtml(content)}</${tag}>`).join('');
  const types_ = types
    .map(type => `<th style="font-weight: normal; opacity: 0.6">${escapeHtml(type)}</th>`)
    .join('');
  const body = rows.map(
    ([label, ...values]) => `<tr><th>${escapeHtml(label)}</th>${cells('td', values)}</tr>`,
  );
  return [
    '<table>',
    `<thead><tr>${cells('th', header)}</tr><tr>${types_}</tr></thead>`,
    `<tbody>${body.join('\n')}</tbody>`,
    '</table>',
    `<p>${escapeHtml(caption)}</p>`,
  ].join('\n');
}

function plain({ header, types, rows, caption }: TextTable): string {
  const lines = [header, types, ...rows];
  const widths = header.map((_, column) => Math.max(...lines.map(line => line[column].length)));
  const aligned = lines.map(line =>
    line
      .map((cell, column) => cell.padStart(widths[column]))
      .join('  ')
      .trimEnd(),
  );
  return [...aligned, caption].join('\n');
}
