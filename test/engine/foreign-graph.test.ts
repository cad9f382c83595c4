/** Graphs made by TensorFlow's Python package: see test/reference/graphs.py. */
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { typeNumbers } from '../../src/engine/backend';
import { loadForeignGraph, type ForeignGraphOptions } from '../../src/engine/foreign-graph';
import { relativeError } from '../reference/compare';
import recorded from '../reference/recorded/graphs.json';

const file = (name: string) => path.join(__dirname, '..', 'reference', 'recorded', 'graphs', name);
const images = {
  dtype: typeNumbers.float32,
  shape: [5, 6, 6, 3],
  values: Float32Array.from(recorded.images),
};

async function outputOf(
  name: string,
  input: typeof images | { values: Uint8Array },
  options?: ForeignGraphOptions,
) {
  const graph = await loadForeignGraph(file(name), options);
  try {
    return await graph.run({ ...images, dtype: graph.inputType, ...input });
  } finally {
    graph.dispose();
  }
}

describe('loadForeignGraph', () => {
  it.each(['frozen.pb', 'saved'])("computes NumPy's numbers from %s", async name => {
    const { shape, values } = await outputOf(name, images);
    expect(shape).toEqual([5, 4]);
    expect(relativeError(values as Float32Array, recorded.output)).toBeLessThan(1e-5); // float32
  });

  it('restores a SavedModel from wherever it lies', async () => {
    const moved = fs.mkdtempSync(path.join(os.tmpdir(), 'saved model '));
    fs.cpSync(file('saved'), moved, { recursive: true });
    const graph = await loadForeignGraph(moved);
    const { values } = await graph.run(images);
    graph.dispose();
    fs.rmSync(moved, { recursive: true });
    expect(relativeError(values as Float32Array, recorded.output)).toBeLessThan(1e-5);
  });

  it('feeds 8-bit images to a graph that takes them, and cuts off what comes before a tensor inside', async () => {
    const bytes = Uint8Array.from({ length: 540 }, (_, i) => i % 256);
    const mean = (i: number, c: number) => {
      let sum = 0;
      for (let p = 0; p < 36; p++) sum += bytes[(36 * i + p) * 3 + c];
      return sum / 36;
    };
    const expected = Array.from({ length: 15 }, (_, k) => mean(Math.floor(k / 3), k % 3));
    const whole = await outputOf('bytes.pb', { values: bytes });
    expect(relativeError(whole.values as Float32Array, expected)).toBeLessThan(1e-6);
    await expect(loadForeignGraph(file('decoded.pb'))).rejects.toThrow(/DecodePng \(node 'DecodePng'\)/);
    const inside = await outputOf('decoded.pb', { values: bytes }, { input: 'images' });
    expect(inside.values).toEqual(whole.values);
  });

  it.each([
    ['reads a file', 'read.pb', /ReadFile \(node 'ReadFile'\).*never run/],
    ['runs Python', 'python.pb', /PyFunc \(node 'PyFunc'\)/],
    [
      'writes a file in a function',
      'call.pb',
      /WriteFile \(node '\w+' of the function '__inference_writing_\d+'\)/,
    ],
  ])('refuses a graph that %s', async (_, name, message) => {
    await expect(loadForeignGraph(file(name))).rejects.toThrow(message);
    expect(fs.existsSync('/tmp/written-by-a-graph')).toBe(false);
  });

  it('says what is missing or unclear', async () => {
    await expect(loadForeignGraph(file('none.pb'))).rejects.toThrow(
      /Cannot read .*none\.pb\. Does it exist.*frozen GraphDef/,
    );
    await expect(loadForeignGraph(__dirname)).rejects.toThrow(/Cannot read .*saved_model\.pb\. Does it/);
    await expect(loadForeignGraph(__filename)).rejects.toThrow(/is not a TensorFlow graph.*frozen GraphDef/);
    await expect(loadForeignGraph(file('frozen.pb'), { output: 'pool_3' })).rejects.toThrow(
      /no tensor 'pool_3:0'/,
    );
    await expect(loadForeignGraph(file('saved'), { signature: 'train' })).rejects.toThrow(
      /no signature 'train'; it has serving_default\. Name one/,
    );
    const tensors = { input: 'images', output: 'scores' };
    await expect(loadForeignGraph(file('saved'), { ...tensors, signature: 'train' })).rejects.toThrow(
      /no signature 'train'/,
    );
  });
});
