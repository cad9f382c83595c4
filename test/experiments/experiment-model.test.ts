import fs from 'node:fs/promises';
import path from 'node:path';
import { beforeAll, describe, expect, test, vi } from 'vitest';
import { type ExperimentModelOptions, experimentModel } from '../../src/experiments/experiment-model';
import { measure } from '../../src/experiments/measures';
import { openModel } from '../../src/experiments/open-model';

const settings: ExperimentModelOptions = {
  trainingSize: 16,
  seed: 3,
  network: { channels: 4 },
  training: { steps: 6, batchSize: 4, keep: [2, 4] },
};

describe('a model of an experiment', () => {
  let root: string;
  beforeAll(async () => {
    root = await fs.mkdtemp('/tmp/unimodal-test-');
    return () => fs.rm(root, { recursive: true });
  });
  const folder = async () => path.join(root, (await fs.readdir(root))[0]);
  const size = (values: { readonly values: ArrayLike<number> }) => values.values.length;

  test('is trained when the first measure needs its weights, and not before', async () => {
    const model = await experimentModel({ ...settings, root });
    expect(await fs.readdir(await folder())).not.toContain('weights.safetensors');
    const count = await measure(model, 'count', {}, async variables => {
      const [name] = Object.keys(variables.tensors);
      return size((await variables.read([name]))[name]);
    });
    expect(count).toBeGreaterThan(0);
    expect(await fs.readdir(await folder())).toContain('weights.safetensors');
    model.dispose();
  });

  test('gives the weights of kept steps, and its losses', async () => {
    const model = await experimentModel({ ...settings, root });
    const [early, late] = await Promise.all([model.at(2), model].map(({ variables }) => variables()));
    const [name] = Object.keys(early.tensors);
    const [before, after] = await Promise.all([early, late].map(variables => variables.read([name])));
    expect(before[name].values).not.toEqual(after[name].values);
    expect((await model.losses()).map(({ step }) => step)).toEqual([1, 2, 3, 4, 5, 6]);
    model.dispose();
  });

  test('refuses, without training, weights of a step that is not kept', async () => {
    const model = await experimentModel({ ...settings, root, seed: 4 });
    await expect(model.at(3).variables()).rejects.toThrow(/no weights of step 3: none were kept/);
    expect(await fs.readdir(model.run.folder)).not.toContain('weights.safetensors');
  });

  test('stops at the interrupt of the cell that asks for its weights, and is trained on in the next one', async () => {
    let signal = new AbortController().signal;
    const key = Symbol.for('Jupyter.kernel');
    Object.assign(globalThis, {
      [key]: { display: vi.fn(), clearOutput: vi.fn(), interruptSignal: () => signal },
    });
    try {
      const model = await experimentModel({ ...settings, root, seed: 5 });
      signal = AbortSignal.abort();
      await expect(model.variables()).rejects.toMatchObject({ name: 'AbortError' });
      signal = new AbortController().signal;
      await expect(model.variables()).resolves.toBeDefined();
      model.dispose();
    } finally {
      Reflect.deleteProperty(globalThis, key);
    }
  });

  test('whose run came without weights gives the measures that the run holds, and nothing else by name', async () => {
    for (const name of ['weights.safetensors', 'kept'])
      await fs.rename(path.join(await folder(), name), path.join(root, name));
    const compute = vi.fn();
    const model = await experimentModel({ ...settings, root });
    expect(await measure(model, 'count', {}, compute)).toBeGreaterThan(0);
    expect(compute).not.toHaveBeenCalled();
    expect(await model.losses()).toHaveLength(6);
    const opened = await openModel('digits-16-seed3', { root });
    await expect(opened.weights()).rejects.toThrow(/came without its weights.*Train it/);
  });
});
