/** The result of a command: on standard output, as text or JSON. Everything else goes to standard error. */
import type { Command } from 'commander';

/** What {@link addJson} reads. */
export interface OutputFlags {
  readonly json?: boolean;
}

/** Adds `--json`. */
export function addJson(command: Command): Command {
  return command.option('--json', 'print the result as JSON');
}

/** Prints the result. */
export function printResult({ json }: OutputFlags, value: object, text: string): void {
  process.stdout.write(`${json ? JSON.stringify(value) : text}\n`);
}

/** Says something beside the result. */
export function say(sentence: string): void {
  process.stderr.write(`${sentence}\n`);
}

/** Rows below headers: columns of numbers to the right, texts to the left. */
export function textTable(headers: readonly string[], rows: readonly (readonly string[])[]): string {
  const widths = headers.map((name, c) => Math.max(name.length, ...rows.map(row => row[c].length)));
  const isNumeric = headers.map((_, c) => rows.every(row => /^-?[\d.]*$/.test(row[c])));
  const line = (cells: readonly string[]) =>
    cells
      .map((cell, c) => (isNumeric[c] ? cell.padStart(widths[c]) : cell.padEnd(widths[c])))
      .join('  ')
      .trimEnd();
  return [headers, ...rows].map(line).join('\n');
}

/** Adds examples to a command's help, a line each. */
export function addExamples(command: Command, examples: readonly string[]): Command {
  const title = examples.length === 1 ? 'Example:' : 'Examples:';
  return command.addHelpText(
    'after',
    ['', title, ...examples.map(example => `  npx unimodal ${example}`)].join('\n'),
  );
}
