/** `unimodal runs export`: runs as an archive for another person, or as a table for other programs. */
import path from 'node:path';
import { type Command, Option } from 'commander';
import { writeFileAtomically } from '../../store/atomic';
import { exportRuns } from '../../store/export';
import { findRuns, listRuns, type StoredRun } from '../../store/runs';
import { addRuns, rootOf } from '../shared/model';
import { addExamples, addJson, type OutputFlags, printResult } from '../shared/output';
import { csvOf, type TableName, tableNames, tableOf } from './table';

interface ExportFlags extends OutputFlags {
  readonly runs?: string;
  readonly table: TableName;
  readonly weights?: boolean;
  readonly out?: string;
}

export function addExportCommand(runs: Command): void {
  const command = runs
    .command('export')
    .description('runs as an archive that "runs import" opens elsewhere, or as a table in CSV or JSON')
    .argument('[runs...]', "names (a star fits any text: 'digits-*'), folders, or beginnings of keys (default: all)")
    .option(
      '--out <file>',
      'file to write: an archive, .tar.gz, or a table, .csv or .json (default: a table on standard output)',
    )
    .option('--weights', 'archive: the weights as well, not only settings, log and results')
    .addOption(
      new Option('--table <what>', 'table: a line a run, a noise level of a curve, or an interval of the log')
        .choices(tableNames)
        .default('runs'),
    )
    .action(exportChosen);
  addJson(addRuns(command));
  addExamples(command, [
    'runs export',
    'runs export digits-64-seed0 --table curves --out curves.csv',
    "runs export 'digits-*' --out digits.tar.gz",
  ]);
}

async function exportChosen(references: readonly string[], flags: ExportFlags): Promise<void> {
  const write = writerFor(flags);
  const root = rootOf(flags);
  await write(references.length > 0 ? await findRuns(references, root) : (await listRuns(root)).runs, flags);
}

type Writer = (runs: readonly StoredRun[], flags: ExportFlags) => Promise<void>;

/** What the ending of --out asks for. */
function writerFor({ out, json, weights }: ExportFlags): Writer {
  const isArchive = out !== undefined && /\.(tar\.gz|tgz)$/i.test(out);
  if (isArchive) return writeArchive;
  if (weights) throw new Error('--weights is for archives: name one by --out runs.tar.gz.');
  const format = out === undefined ? (json ? '.json' : '.csv') : path.extname(out).toLowerCase();
  if (format === '.csv') return writeTable(csvOf);
  if (format === '.json') return writeTable(rows => JSON.stringify(rows, undefined, 2));
  throw new Error(`--out ${out}: name a .csv or a .json file for a table, or a .tar.gz for an archive.`);
}

async function writeArchive(runs: readonly StoredRun[], flags: ExportFlags): Promise<void> {
  const { archive, bytes, files } = await exportRuns(runs, flags.out!, { weights: flags.weights });
  printResult(
    flags,
    { out: archive, runs: runs.map(({ name, key }) => ({ name, key })), files, bytes },
    `${archive}: ${runs.length} runs, ${files} files, ${(bytes / 1e6).toFixed(2)} MB`,
  );
}

function writeTable(format: (rows: Awaited<ReturnType<typeof tableOf>>) => string): Writer {
  return async (runs, flags) => {
    const { out, table } = flags;
    const rows = await tableOf(runs, table);
    if (out === undefined) return printResult({}, rows, format(rows));
    await writeFileAtomically(out, `${format(rows)}\n`);
    printResult(flags, { out, table, lines: rows.length }, `${out}: ${rows.length} lines`);
  };
}
