/** Changing settings by name, so that a mistyped name or a value of the wrong kind is an error and not silence. */

/** Some of the settings of a configuration, at any depth. Lists are replaced as a whole. */
export type Changes<T> = {
  readonly [K in keyof T]?: T[K] extends readonly unknown[] | null
    ? T[K]
    : T[K] extends object
      ? Changes<T[K]>
      : T[K];
};

/** Settings by name, some of them tables of settings. */
export type Settings = Readonly<Record<string, unknown>>;

/** By the name of a table of settings with a `kind`: the settings of each kind, from which a change of kind starts. */
export type Kinds = Readonly<Record<string, Readonly<Record<string, object>>>>;

/**
 * The settings with changes applied; neither is modified. Undefined changes nothing.
 * @throws Error naming an unknown setting with the nearest known ones, an unknown kind, or a value of another type than the setting's.
 */
export function withChanges<T extends object>(settings: T, changes: Changes<T>, kinds: Kinds = {}): T {
  return changed(withKinds(settings as Settings, changes, kinds), changes) as T;
}

/** The settings where tables whose `kind` changes are the other kind's. */
function withKinds(settings: Settings, changes: Settings, kinds: Kinds): Settings {
  const replaced: Record<string, unknown> = { ...settings };
  for (const [name, tables] of Object.entries(kinds)) {
    const kind = (changes[name] as Settings | undefined)?.kind;
    if (typeof kind !== 'string' || kind === (settings[name] as Settings).kind) continue;
    if (!Object.hasOwn(tables, kind)) {
      throw new Error(
        `There is no ${name} of kind "${kind}". The kinds are: ${Object.keys(tables).join(', ')}.`,
      );
    }
    replaced[name] = { kind, ...tables[kind] };
  }
  return replaced;
}

function changed(
  settings: Settings,
  changes: Settings,
  place = '',
  known: readonly string[] = settingNames(settings),
): Settings {
  const result: Record<string, unknown> = { ...settings };
  for (const [key, value] of Object.entries(changes)) {
    const name = place + key;
    if (value === undefined) continue;
    if (!Object.hasOwn(settings, key)) throw new Error(unknownSetting(name, known));
    const before = settings[key];
    requireKind(name, before, value);
    result[key] = isTable(before) ? changed(before, value as Settings, `${name}.`, known) : value;
  }
  return result;
}

/** The table that holds one setting, named with the tables it is in: training.steps. */
export function settingAt(name: string, value: unknown): Settings {
  return name
    .split('.')
    .reduceRight<unknown>((inner, part) => Object.fromEntries([[part, inner]]), value) as Settings;
}

/** Both tables as one; where both have a setting, the second's counts. */
export function merged(table: Settings, more: Settings): Settings {
  const both: Record<string, unknown> = { ...table };
  for (const [name, value] of Object.entries(more)) {
    both[name] = isTable(both[name]) && isTable(value) ? merged(both[name], value) : value;
  }
  return both;
}

/** Settings as pairs of a name such as training.steps and its value, in their order. */
export function flatSettings(settings: unknown, place = ''): [name: string, value: unknown][] {
  if (!isTable(settings)) return [[place, settings]];
  return Object.entries(settings).flatMap(([key, value]) =>
    flatSettings(value, place === '' ? key : `${place}.${key}`),
  );
}

function isTable(value: unknown): value is Settings {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** A setting that is null by default may be anything; what it may be is checked where it is used. */
function requireKind(name: string, before: unknown, after: unknown): void {
  if (before === null || kindOf(before) === kindOf(after)) return;
  throw new Error(
    `${name} is ${kindOf(before)} (such as ${JSON.stringify(before)}), not ${JSON.stringify(after)}.`,
  );
}

function kindOf(value: unknown): string {
  if (Array.isArray(value)) return 'a list';
  return typeof value === 'object' ? 'a table of settings' : `a ${typeof value}`;
}

/** Names of all settings, with the tables they are in: training.steps. */
function settingNames(settings: Settings, place = ''): string[] {
  return Object.entries(settings).flatMap(([key, value]) =>
    isTable(value) ? [place + key, ...settingNames(value, `${place + key}.`)] : [place + key],
  );
}

function unknownSetting(name: string, known: readonly string[]): string {
  const near = nearest(name, known);
  const question =
    near.length > 0 ? `Did you mean ${near.join(' or ')}?` : `Settings are: ${known.join(', ')}.`;
  return `There is no setting "${name}". ${question}`;
}

/** Up to three names that a mistyped or misplaced one may have meant, the nearest first. */
export function nearest(name: string, known: readonly string[]): string[] {
  const last = (text: string) => text.slice(text.lastIndexOf('.') + 1).toLowerCase();
  const near = known.map(candidate => ({
    candidate,
    distance: Math.min(
      editDistance(name.toLowerCase(), candidate.toLowerCase()),
      editDistance(last(name), last(candidate)),
    ),
  }));
  const limit = Math.max(2, Math.floor(last(name).length / 3));
  return near
    .filter(({ distance }) => distance <= limit)
    .sort((a, b) => a.distance - b.distance)
    .slice(0, 3)
    .map(({ candidate }) => candidate);
}

/** Levenshtein distance: the fewest insertions, deletions and replacements of letters that turn a into b. */
export function editDistance(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, j) => j);
  for (let i = 1; i <= a.length; i++) {
    const next = [i];
    for (let j = 1; j <= b.length; j++) {
      const replaced = row[j - 1] + Number(a[i - 1] !== b[j - 1]);
      next.push(Math.min(replaced, row[j] + 1, next[j - 1] + 1));
    }
    row = next;
  }
  return row[b.length];
}
