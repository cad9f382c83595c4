/** Settings on the command line: `--preset digits --set training.steps=500 --set probe.sigmas=0.1,0.3`. */
import { type Command, Option } from 'commander';
import { presets } from '../../experiments/presets';
import { collect } from './values';

/** What {@link addSettings} and {@link addPreset} read. */
export interface SettingFlags {
  readonly preset: keyof typeof presets;
  readonly set?: readonly string[];
}

/** Adds `--set`. */
export function addSettings(command: Command, example: string): Command {
  return command.option('--set <key=value>', `changes a setting, such as ${example}; repeatable`, collect);
}

/** Adds `--preset`. */
export function addPreset(command: Command): Command {
  const names = Object.keys(presets);
  return command.addOption(
    new Option('--preset <name>', 'where the settings start from').choices(names).default(names[0]),
  );
}

/** Nested tables of settings. */
type Table = { [name: string]: unknown };

/**
 * The settings of all `--set` options as one table: "training.steps=500" becomes { training: { steps: 500 } }. A value is
 * JSON, or numbers separated by commas, or else a text.
 * @throws Error for an option without "=".
 */
export function parseSettings(options: readonly string[] = []): Table {
  return options.map(parseSetting).reduce(merge, {});
}

function parseSetting(option: string): Table {
  const at = option.indexOf('=');
  if (at < 1) throw new Error(`--set ${option}: write key=value, such as --set training.steps=500.`);
  const path = option.slice(0, at).split('.');
  const value = parseValue(option.slice(at + 1));
  return path.reduceRight<unknown>((inner, name) => Object.fromEntries([[name, inner]]), value) as Table;
}

function parseValue(text: string): unknown {
  for (const json of text.includes(',') ? [text, `[${text}]`] : [text]) {
    try {
      return JSON.parse(json);
    } catch {
      // Not JSON: the next reading.
    }
  }
  return text;
}

function merge(table: Table, more: Table): Table {
  const merged = { ...table };
  for (const [name, value] of Object.entries(more)) {
    merged[name] = isTable(merged[name]) && isTable(value) ? merge(merged[name], value) : value;
  }
  return merged;
}

function isTable(value: unknown): value is Table {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
