/** A grid of models as data: settings, and the values that some of them take in turn. */
import { lasting, type ModelSettings } from './model-run';
import { type ModelChanges, type PresetName, resolveModel } from './presets';
import { merged, settingAt, type Settings } from './settings';

/**
 * The settings to change, by name, and the axes.
 *
 * @example
 * { "preset": "digits", "training": { "steps": 500 },
 *   "over": { "trainingSize": [32, 1000], "network.channels": [8, 16], "seed": [0, 1] } }
 */
export interface Grid extends ModelChanges {
  /** Where the settings start from. Default 'digits'. */
  readonly preset?: PresetName;
  /** By the name of a setting, such as network.channels: the values that it takes. Default: none, which is one model. */
  readonly over?: Readonly<Record<string, readonly unknown[]>>;
}

/** One model of a grid. Plain data. */
export interface GridCell extends ModelSettings {
  /** What tells it from the others: "trainingSize   32, channels 8". */
  readonly label: string;
  /** Its value on each axis. */
  readonly at: Readonly<Record<string, unknown>>;
  readonly preset: PresetName;
  /** Everything in which it departs from the preset. */
  readonly changes: ModelChanges;
}

/**
 * The models of a grid, the last axis changing fastest.
 * @throws Error for an unknown preset or setting, naming the nearest ones, a value of another kind, or an axis without values
 * or with the same one twice.
 */
export function gridCells({ preset = 'digits', over = {}, ...changes }: Grid): GridCell[] {
  for (const [name, values] of Object.entries(over)) requireAxis(name, values);
  const label = labelsOf(over);
  return combinations(over).map(at => {
    const values = Object.entries(at).map(([name, value]) => settingAt(name, value));
    const all = withLastingSource(values.reduce(merged, changes as Settings));
    const model = resolveModel(preset, all);
    const { trainingSize, seed } = model;
    return {
      ...model,
      preset,
      changes: all,
      at,
      label: label(at) || `trainingSize ${trainingSize}, seed ${seed}`,
    };
  });
}

function requireAxis(name: string, values: unknown): void {
  if (!Array.isArray(values)) {
    throw new Error(`${name}: an axis is a list of values, not ${JSON.stringify(values)}.`);
  }
  if (values.length === 0) throw new RangeError(`${name} holds at least one value.`);
  if (new Set(values.map(value => JSON.stringify(value))).size < values.length) {
    throw new RangeError(`${name} holds a value twice: ${values.map(textOf).join(', ')}.`);
  }
}

function combinations(over: NonNullable<Grid['over']>): Record<string, unknown>[] {
  return Object.entries(over).reduce<Record<string, unknown>[]>(
    (cells, [name, values]) => cells.flatMap(cell => values.map(value => ({ ...cell, [name]: value }))),
    [{}],
  );
}

function withLastingSource(changes: ModelChanges): ModelChanges {
  const source = changes.data?.source;
  return typeof source === 'string'
    ? { ...changes, data: { ...changes.data, source: lasting(source) } }
    : changes;
}

/** Names models by the axes that have several values, which are aligned. */
function labelsOf(over: NonNullable<Grid['over']>): (at: GridCell['at']) => string {
  const last = (name: string) => name.slice(name.lastIndexOf('.') + 1);
  const axes = Object.entries(over).filter(([, values]) => values.length > 1);
  const columns = axes.map(([name, values]) => ({
    name,
    title: axes.filter(([other]) => last(other) === last(name)).length > 1 ? name : last(name),
    width: Math.max(...values.map(value => textOf(value).length)),
  }));
  return at =>
    columns.map(({ name, title, width }) => `${title} ${textOf(at[name]).padStart(width)}`).join(', ');
}

function textOf(value: unknown): string {
  return typeof value === 'string' ? value : JSON.stringify(value);
}
