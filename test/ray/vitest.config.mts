import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: { include: ['test/ray/*.ray.ts'], testTimeout: 1_800_000, hookTimeout: 300_000 },
});
