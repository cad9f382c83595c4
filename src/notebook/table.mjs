/** Rows as lines of aligned columns: the first to the left, the others, numbers, to the right. The first row are the headers. */
export function alignedTable(rows) {
  const widths = rows[0].map((_, column) => Math.max(...rows.map(row => row[column].length)));
  const aligned = (cell, column) => (column === 0 ? cell.padEnd(widths[0]) : cell.padStart(widths[column]));
  return rows.map(row => row.map(aligned).join('  ').trimEnd()).join('\n');
}
