import fs from 'node:fs/promises';
import path from 'node:path';
import { beforeAll, describe, expect, test, vi } from 'vitest';
import { accuracies } from '../../src/curve/curve';
import { imagesOf } from '../../src/data/dataset';
import { loadDigits } from '../../src/data/digits';
import { splitData } from '../../src/experiments/build';
import { presets } from '../../src/experiments/presets';
import { transition, type Transition, type TransitionOptions } from '../../src/experiments/transition';
import { defaultRoot } from '../../src/store/root';
import { withTemporaryFolder } from '../store/temporary';

/** The whole chain in seconds: too small to find anything. */
const small: TransitionOptions = {
  sizes: [16, 20],
  seeds: [3],
  network: { channels: 4 },
  training: { steps: 6, batchSize: 4 },
  probe: { sigmas: [0.1, 1], testDraws: 1 },
  sampling: { count: 5, steps: 3 },
  workers: 2,
};

describe('a transition, from data to saved results', () => {
  let root: string;
  let result: Transition;
  beforeAll(async () => {
    root = await fs.mkdtemp('/tmp/unimodal-test-');
    result = await transition({ ...small, root });
    return () => fs.rm(root, { recursive: true });
  });

  test('holds curves, scores, losses and images of each size', () => {
    expect(result.sizes.map(size => size.trainingSize)).toEqual([16, 20]);
    for (const size of result.sizes) {
      expect(size.curves).toHaveLength(1);
      expect(size.curves[0]).toMatchObject({
        layer: '8x8_block0',
        input: 'noisy',
        sigmas: [0.1, 1],
        testCount: 797,
      });
      expect(accuracies(size.curves[0]).every(accuracy => accuracy > 5 && accuracy <= 100)).toBe(true);
      expect(size.scores[0]).toMatchObject({ sampleCount: 5 });
      expect(size.losses.map(point => point.step)).toEqual([1, 2, 3, 4, 5, 6]);
      expect(size.samples.shape).toEqual([5, 8, 8, 1]);
      expect(size.nearestImages.shape).toEqual([5, 8, 8, 1]);
    }
  });

  test('the nearest images are training images of that size', () => {
    const { train } = splitData(loadDigits(), presets.digits.data, 16, 3);
    const known = new Set(Array.from({ length: 16 }, (_, i) => imagesOf(train, [i]).values.join()));
    const shown = result.sizes[0].nearestImages.values as Float32Array;
    for (let i = 0; i < 5; i++) expect(known).toContain(shown.slice(64 * i, 64 * (i + 1)).join());
  });

  test('asked for again it comes from disk, the same and without training', async () => {
    const onProgress = vi.fn();
    expect(await transition({ ...small, root, onProgress })).toEqual(result);
    expect(onProgress).not.toHaveBeenCalled();
  });

  test('another probe setting measures the curve again, without training', async () => {
    const stages = new Set<string>();
    const onProgress: TransitionOptions['onProgress'] = (_, { stage }) => stages.add(stage);
    await transition({ ...small, root, probe: { sigmas: [0.5], testDraws: 1 }, onProgress });
    expect([...stages]).toEqual(['curve']);
  });

  test('made fresh, the numbers are the same', async () => {
    const onProgress = vi.fn();
    const again = await transition({ ...small, sizes: [16], root, fresh: true, onProgress });
    expect(onProgress).toHaveBeenCalled();
    expect(again.sizes[0]).toEqual(result.sizes[0]);
  });

  test('a finished run without its weights still gives what was measured on it', async () => {
    const folders = await fs.readdir(root);
    const weights = folders.map(folder => path.join(root, folder, 'weights.safetensors'));
    for (const file of weights) await fs.rename(file, `${file}.away`);
    const onProgress = vi.fn();
    expect(await transition({ ...small, root, onProgress })).toEqual(result);
    expect(onProgress).not.toHaveBeenCalled();
    for (const file of weights) await fs.rename(`${file}.away`, file);
  });

  test('a model that fails is named with its own error, the others are kept', async () => {
    const [folder] = (await fs.readdir(root)).filter(name => name.startsWith('digits-16-'));
    await fs.truncate(path.join(root, folder, 'weights.safetensors'), 100);
    const unmeasured = { probe: { sigmas: [0.7], testDraws: 1 } };
    await expect(transition({ ...small, ...unmeasured, root })).rejects.toThrow(
      /1 of 2 models failed; the others are kept\.\n {2}trainingSize 16: .*weights\.safetensors is not a usable/,
    );
  });
});

test('an interrupted transition says how to go on', async () => {
  await withTemporaryFolder(async root => {
    const controller = new AbortController();
    const stopped = transition({
      ...small,
      root,
      training: { steps: 100_000, batchSize: 4 },
      signal: controller.signal,
      onProgress: () => controller.abort(),
    });
    await expect(stopped).rejects.toMatchObject({
      name: 'AbortError',
      message: expect.stringMatching(/0 of 2 finished\. Run it again/) as string,
    });
    const runs = await fs.readdir(root);
    for (const run of runs)
      expect(await fs.readdir(path.join(root, run))).toContain('checkpoint.safetensors');
  });
});

describe('what cannot be computed is refused before any work', () => {
  test.each<[string, TransitionOptions, RegExp]>([
    ['more images than there are', { sizes: [32, 1001] }, /1001/],
    ['a pool larger than the data', { data: { pool: 5000 } }, /has 1797 images/],
    [
      'an unknown layer',
      { probe: { layer: '16x16_up' } },
      /no layer '16x16_up'. Its layers are: .*4x4_in0, /,
    ],
    ['a negative sigma', { probe: { sigmas: [-0.1] } }, /not -0\.1/],
    ['a sigma that is no number', { probe: { sigmas: [NaN] } }, /not NaN/],
    ['no sigma', { probe: { sigmas: [] } }, /at least one noise level/],
    ['no sizes', { sizes: [] }, /sizes holds at least one number/],
    ['a size twice', { sizes: [32, 32] }, /twice/],
    ['a seed that is no whole number', { seeds: [0.5] }, /A seed is a whole number from 0, not 0\.5/],
    ['an impossible schedule', { sampling: { sigmaMin: 100 } }, /sigmaMax/],
    ['an impossible training', { training: { steps: 0 } }, /training\.steps/],
    ['a missing folder of images', { data: { source: '/no/such/folder' } }, /\/no\/such\/folder/],
    ['an unknown setting', { size: [32] } as TransitionOptions, /mean data\.size or sizes/],
  ])('%s', async (_name, options, message) => {
    await withTemporaryFolder(async root => {
      await expect(transition({ ...options, root })).rejects.toThrow(message);
      expect(await fs.readdir(root)).toEqual([]);
    });
  });
});

test('runs are kept in the project around the current folder, or where the environment says', () => {
  expect(defaultRoot()).toBe(path.resolve(__dirname, '../../runs'));
  vi.stubEnv('UNIMODAL_RUNS', '/tmp/elsewhere');
  expect(defaultRoot()).toBe('/tmp/elsewhere');
  vi.unstubAllEnvs();
});
