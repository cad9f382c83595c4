/** Command-line arguments of the project's own programs. */
import { parseArgs } from 'node:util';
import { SetupError } from './report.mjs';

/**
 * As parseArgs of Node.
 * @throws SetupError with the remedy for an unknown option, or one that lacks its value
 */
export function readArguments(config, remedy) {
  try {
    return parseArgs(config);
  } catch (error) {
    throw new SetupError(`${error.message}.`, remedy);
  }
}
