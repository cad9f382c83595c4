/** What a sweep on Ray does in this process; what its jobs do is tried on a real one by npm run test:ray. */
import { expect, test, vi } from 'vitest';
import * as load from '../../src/data/load';
import { sweep, type SweepOptions } from '../../src/experiments/sweep';
import { withTemporaryFolder } from '../store/temporary';
import { startFakeRay, token } from './fake-ray';

vi.mock('../../src/data/load', async importOriginal => {
  const original = await importOriginal<typeof load>();
  return { ...original, loadDataset: vi.fn(original.loadDataset) };
});

const grid: SweepOptions = {
  trainingSize: 16,
  network: { channels: 4 },
  training: { steps: 3, batchSize: 4 },
  probe: { sigmas: [0.1, 0.5, 1], testDraws: 1 },
  sampling: { count: 5, steps: 3 },
  over: { seed: [0, 1] },
};

test('the images of a grid are loaded once, however many of its models are there already', async () => {
  vi.stubEnv('RAY_AUTH_TOKEN', token);
  const ray = await startFakeRay();
  await withTemporaryFolder(async root => {
    const there = await sweep({ ...grid, root });
    vi.mocked(load.loadDataset).mockClear();
    expect(await sweep({ ...grid, root, ray })).toEqual(there);
    expect(load.loadDataset).toHaveBeenCalledTimes(1);
    expect(ray.submitted).toEqual([]);
  });
  await ray.stop();
  vi.unstubAllEnvs();
});
