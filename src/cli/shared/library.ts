/** The library, loaded when a command begins to compute: TensorFlow takes seconds to load, and --help needs none of it. */
import { createRequire } from 'node:module';
import type * as Library from '../../index';

/**
 * The same functions that notebooks import.
 * @throws Error with the remedy when TensorFlow has not been set up.
 */
export function library(): typeof Library {
  try {
    return createRequire(__filename)('../../index') as typeof Library;
  } catch (error) {
    const { message } = error as Error;
    if (!message.includes('tfjs_binding')) throw error;
    throw new Error('TensorFlow is not set up here: run "npx unimodal setup" first.', { cause: error });
  }
}
