/** The library, loaded when a command begins to compute: TensorFlow takes seconds to load, and --help needs none of it. */
import { createRequire } from 'node:module';
import type * as Library from '../../index';

/** The same functions that notebooks import. */
export const library = (): typeof Library => createRequire(__filename)('../../index') as typeof Library;
