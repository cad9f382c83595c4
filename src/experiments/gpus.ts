/** Which GPUs there are. */
import { spawnSync } from 'node:child_process';

/** NVIDIA GPUs that this process may use, named as in CUDA_VISIBLE_DEVICES, which decides where it is set (by a job scheduler, say). */
export function visibleGpus({ CUDA_VISIBLE_DEVICES: chosen } = process.env): string[] {
  if (chosen !== undefined) return chosen.split(',').filter(name => !['', '-1', 'NoDevFiles'].includes(name));
  const { status, stdout } = spawnSync('nvidia-smi', ['--query-gpu=index', '--format=csv,noheader'], {
    encoding: 'utf8',
  });
  return status === 0 ? stdout.trim().split('\n').filter(Boolean) : [];
}
