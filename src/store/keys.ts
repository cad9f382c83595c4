/** Names for settings: equal settings get equal keys, whatever the order in which they were written down. */
import { createHash } from 'node:crypto';

/**
 * JSON with sorted keys and without undefined entries, so that equal values give equal texts.
 * @throws TypeError naming the place of a value that JSON can't hold (NaN, a function, a typed array, ...).
 */
export function canonicalJson(value: unknown): string {
  return JSON.stringify(canonical(value, 'value'));
}

function canonical(value: unknown, place: string): unknown {
  if (value === null || typeof value === 'string' || typeof value === 'boolean') return value;
  if (typeof value === 'number' && Number.isFinite(value)) return value;
  if (Array.isArray(value)) return value.map((item, index) => canonical(item, `${place}[${index}]`));
  if (isPlainObject(value)) {
    const entries = Object.entries(value).filter(([, item]) => item !== undefined);
    entries.sort(([a], [b]) => (a < b ? -1 : 1));
    return Object.fromEntries(entries.map(([key, item]) => [key, canonical(item, `${place}.${key}`)]));
  }
  throw new TypeError(
    `${place} is ${describe(value)}: settings may hold finite numbers, texts, booleans, null, lists and tables of them.`,
  );
}

/** Whether it is a table of values, and not an instance of a class. */
export function isPlainObject(value: unknown): value is Record<string, unknown> {
  if (typeof value !== 'object' || value === null) return false;
  // By the constructor's name: a notebook's cells may have an Object of their own.
  const prototype = Object.getPrototypeOf(value) as object | null;
  return prototype === null || prototype.constructor?.name === 'Object';
}

/** What a value is, for people: "a Map", "a function". */
export function describe(value: unknown): string {
  if (typeof value === 'number' || value === undefined) return String(value);
  return typeof value === 'object' ? `a ${value?.constructor.name}` : `a ${typeof value}`;
}

/** SHA-256 of text (UTF-8) or bytes, in hexadecimal. */
export function sha256(content: string | Uint8Array): string {
  return createHash('sha256').update(content).digest('hex');
}

/** A short, stable key of settings: 12 hexadecimal digits of the SHA-256 of their canonical JSON. */
export function keyOf(settings: unknown): string {
  return sha256(canonicalJson(settings)).slice(0, 12);
}
