/** What must be in place before TensorFlow's library is loaded; imported by tensorflow.ts ahead of it. */
import util from 'node:util';

// TensorFlow reads these once; whoever starts the process may have set them already. Its notice about oneDNN comes at any
// level of the log: TensorFlow 2.21 prints it while its library is being loaded, before it reads the level.
process.env.TF_CPP_MIN_LOG_LEVEL ??= '3';
process.env.TF_FORCE_GPU_ALLOW_GROWTH ??= 'true';
process.env.TF_XLA_FLAGS ??= '--tf_xla_cpu_global_jit'; // a session that asks for XLA gets it on a CPU too
// tfjs-node calls a helper that Node 23 removed.
(util as { isNullOrUndefined?: unknown }).isNullOrUndefined ??= (value: unknown) =>
  value === null || value === undefined;
