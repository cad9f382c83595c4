/** Settings on the command line: `--preset digits --set training.steps=500 --set probe.sigmas=0.1,0.3`. */
import { type Command, Option } from 'commander';
import { presets } from '../../experiments/presets';
import { merged, settingAt, type Settings } from '../../experiments/settings';
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

/**
 * The settings of all `--set` options as one table: "training.steps=500" becomes { training: { steps: 500 } }. A value is
 * JSON, or numbers separated by commas, or else a text.
 * @throws Error for an option without "=".
 */
export function parseSettings(options: readonly string[] = []): Settings {
  return options
    .map(option => parsePair(option, '--set', 'training.steps=500'))
    .map(([name, text]) => settingAt(name, parseValue(text)))
    .reduce(merged, {});
}

function parsePair(text: string, option: string, example: string): [name: string, text: string] {
  const at = text.indexOf('=');
  if (at < 1) throw new Error(`${option} ${text}: write key=value, such as ${option} ${example}.`);
  return [text.slice(0, at), text.slice(at + 1)];
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

/**
 * The axes of all `--over` options: "network.channels=8,16" becomes { 'network.channels': [8, 16] }. Values are JSON or texts,
 * separated by commas.
 * @throws Error for an option without "="
 */
export function parseAxes(options: readonly string[] = []): Record<string, unknown[]> {
  const pairs = options.map(option => parsePair(option, '--over', 'network.channels=8,16'));
  return Object.fromEntries(pairs.map(([name, text]) => [name, parseValues(text)]));
}

function parseValues(text: string): unknown[] {
  const values = parseValue(`[${text}]`);
  return Array.isArray(values) ? values : text.split(',').map(parseValue);
}
