/** Values as plain text. */
import util from 'node:util';

/** As Node's console shows it: objects in colours (unless NO_COLOR is set), single numbers and strings without. */
export function inspectValue(value: unknown, colors = !process.env.NO_COLOR): string {
  const isObject = typeof value === 'object' && value !== null;
  try {
    return util.inspect(value, { colors: colors && isObject, depth: 4, maxArrayLength: 100 });
  } catch {
    return Object.prototype.toString.call(value);
  }
}
