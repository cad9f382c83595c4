/** What code in cells hands over to clients, which can only get JSON: refused here, where the cell gets the error. */
import type { MimeBundle } from '../threads';

/** Code in a cell may replace the global one. */
const { parse, stringify } = JSON;

/**
 * A copy of a value as JSON has it, without functions and methods, which can go to the other threads.
 * @param what the value's name for the error when JSON cannot hold it: a BigInt, or a value that contains itself
 */
export function asJson(value: unknown, what: string): unknown {
  if (typeof value === 'string') return value;
  let text: string | undefined;
  try {
    text = stringify(value);
  } catch (error) {
    throw new TypeError(`${what} cannot be written as JSON: ${(error as Error).message}`, { cause: error });
  }
  return text === undefined ? undefined : parse(text);
}

/** {@link asJson} of each format of an output. */
export function bundleAsJson(bundle: MimeBundle): MimeBundle {
  return Object.fromEntries(
    Object.entries(bundle).map(([type, data]) => [type, asJson(data, `The output of type ${type}`)]),
  );
}
