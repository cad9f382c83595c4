/**
 * TensorFlow, loaded once for the whole process: quietly, with memory growth on a GPU, and on every supported Node.
 * Everything else in the library takes `tf` and `backend` from here.
 */
import type * as tensorflow from '@tensorflow/tfjs-node-gpu';
import util from 'node:util';

// TensorFlow reads these when its library is loaded; whoever starts the process may have set them already.
process.env.TF_CPP_MIN_LOG_LEVEL ??= '3';
process.env.TF_FORCE_GPU_ALLOW_GROWTH ??= 'true';
// tfjs-node calls a helper that Node 23 removed.
(util as { isNullOrUndefined?: unknown }).isNullOrUndefined ??= (value: unknown) =>
  value === null || value === undefined;

// eslint-disable-next-line @typescript-eslint/no-require-imports -- must run after the lines above
export const tf = require('@tensorflow/tfjs-node-gpu') as typeof tensorflow;
