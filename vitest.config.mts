import { fileURLToPath } from 'node:url';
import { defineConfig } from 'vitest/config';

export default defineConfig({
  // As in the kernel: nothing is built. The workshop's checks import the library by its name.
  resolve: { alias: { unimodal: fileURLToPath(new URL('src/index.ts', import.meta.url)) } },
  test: {
    include: ['test/**/*.test.ts'],
    // TensorFlow is one native library with process-wide state: a process a file, one after the other per core.
    pool: 'forks',
    maxWorkers: 2,
    maxConcurrency: 2,
    // A guard against hanging, not a measure of speed: other work may share the machine.
    testTimeout: 180_000,
    hookTimeout: 180_000,
  },
});
