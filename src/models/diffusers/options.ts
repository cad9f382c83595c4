/** Options in the JSON files of diffusers: read with their defaults there, or refused by name with what is supported. */
import type { Settings } from './folder';

/** What an option may be. */
export interface Option<T> {
  /** What diffusers takes where the option is absent; undefined for one that must be there. */
  readonly fallback: T;
  readonly accepts: (value: unknown) => boolean;
  /** In words, for errors. */
  readonly supported: string;
}

/** The values of a table of options. */
export type Values<O> = { readonly [K in keyof O]: O[K] extends Option<infer T> ? T : never };

/**
 * The options that a file has, or their defaults; what the table does not name is left out, as diffusers does.
 * @throws RangeError naming the file, the first option that is not supported, and what is
 */
export function readOptions<O extends Record<string, Option<unknown>>>(
  settings: Settings,
  options: O,
  file: string,
): Values<O> {
  const values = Object.entries(options).map(([name, { fallback, accepts, supported }]) => {
    const value = settings[name] === undefined ? fallback : settings[name];
    if (accepts(value)) return [name, value] as const;
    const given = value === undefined ? `has no ${name}` : `has ${name} = ${JSON.stringify(value)}`;
    throw new RangeError(`${file} ${given}. Supported: ${supported}.`);
  });
  return Object.fromEntries(values) as Values<O>;
}

/** A whole number. */
export function count(fallback: number, minimum = 1): Option<number> {
  return {
    fallback,
    accepts: value => Number.isInteger(value) && (value as number) >= minimum,
    supported: `a whole number of at least ${minimum}`,
  };
}

/** A number of which `isPossible` holds. */
export function number(
  fallback: number,
  isPossible: (value: number) => boolean,
  supported: string,
): Option<number> {
  return { fallback, accepts: value => typeof value === 'number' && isPossible(value), supported };
}

/** A positive number. */
export function positive(fallback: number): Option<number> {
  return number(fallback, value => value > 0, 'a positive number');
}

/** One of some values, the first of them where it is absent. */
export function oneOf<const T>(...values: readonly [T, ...T[]]): Option<T> {
  return {
    fallback: values[0],
    accepts: value => values.includes(value as T),
    supported: values.map(value => JSON.stringify(value)).join(' or '),
  };
}

/** What `option` may be, or null, which it is where it is absent. */
export function orNull<T>(option: Option<T>, fallback: T | null = null): Option<T | null> {
  return {
    fallback,
    accepts: value => value === null || option.accepts(value),
    supported: `${option.supported}, or null`,
  };
}

/** A list, not empty, of what `option` may be. */
export function listOf<T>(option: Option<T>, fallback: readonly T[]): Option<readonly T[]> {
  return {
    fallback,
    accepts: value => Array.isArray(value) && value.length > 0 && value.every(option.accepts),
    supported: `a list, each element ${option.supported}`,
  };
}

/** An option that must be there. */
export function required<T>(option: Option<T>): Option<T> {
  return { ...option, fallback: undefined as T };
}
