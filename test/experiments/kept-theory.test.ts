import fs from 'node:fs/promises';
import path from 'node:path';
import { beforeAll, describe, expect, test } from 'vitest';
import { keptMolrg, keptVanilla } from '../../src/experiments/kept-theory';
import { createMolrg, sampleMolrg } from '../../src/theory/molrg';

const model = createMolrg({ ambient: 8, classes: 2, rank: 2, delta: 0.2 });
const settings = { samples: 64, epochs: 2, batchSize: 16 };
const points = sampleMolrg(model, 5).samples;

describe('a denoiser of the solvable model that is kept', () => {
  let root: string;
  beforeAll(async () => {
    root = await fs.mkdtemp('/tmp/unimodal-test-');
    return () => fs.rm(root, { recursive: true });
  });
  const files = () => fs.readdir(path.join(root, 'values'));

  test('is read the second time, and gives the same estimates, features and losses', async () => {
    for (const train of [keptMolrg, keptVanilla]) {
      const first = await train(model, { ...settings, root });
      const before = await files();
      const second = await train(model, { ...settings, root, onProgress: () => expect.unreachable() });
      expect(await files()).toEqual(before);
      expect(second.losses).toEqual(first.losses);
      expect(second.estimator.estimate(points, 0.3)).toEqual(first.estimator.estimate(points, 0.3));
    }
    const [first, second] = [
      await keptMolrg(model, { ...settings, root }),
      await keptMolrg(model, { ...settings, root }),
    ];
    expect(second.features(points, 0.3)).toEqual(first.features(points, 0.3));
  });

  test('is trained anew for other settings and for another mixture', async () => {
    const { length } = await files();
    await keptMolrg(model, { ...settings, epochs: 3, root });
    await keptMolrg(createMolrg({ ambient: 8, classes: 2, rank: 2, delta: 0.3 }), { ...settings, root });
    expect(await files()).toHaveLength(length + 2);
  });
});
