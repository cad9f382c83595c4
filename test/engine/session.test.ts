import { once } from 'node:events';
import { Worker } from 'node:worker_threads';
import { afterEach, describe, expect, test } from 'vitest';
import { typeNumbers } from '../../src/engine/backend';
import { createGraph } from '../../src/engine/graph';
import type { NativeTensor, Session } from '../../src/engine/session';
import { createSession, sessionModule } from '../../src/engine/session';

const open: Session[] = [];
function session(): Session {
  const session = createSession({ threads: 1 });
  open.push(session);
  return session;
}
afterEach(() => open.splice(0).forEach(session => session.dispose()));

const { float32, float64, int64, uint8, complex64 } = typeNumbers;
const vector = (...values: number[]): NativeTensor => ({
  dtype: float32,
  shape: [values.length],
  values: Float32Array.from(values),
});

/** x (a placeholder of unknown shape) and x cast to a type. */
function cast(to: number) {
  const graph = createGraph('test');
  const x = `${graph.add('Placeholder', { dtype: { type: float32 } }, [])}:0`;
  const y = `${graph.add('Cast', { DstT: { type: to } }, [{ name: x, dtype: float32 }])}:0`;
  return { x, y, bytes: graph.serialize() };
}

/** A call that doubles a vector. */
function doubling(from = session()) {
  const graph = createGraph('double');
  const x = { name: `${graph.add('Placeholder', { dtype: { type: float32 } }, [])}:0`, dtype: float32 };
  const y = `${graph.add('AddV2', {}, [x, x])}:0`;
  from.extend(graph.serialize());
  return from.prepare([x.name], [y], []);
}

describe('what goes in and out', () => {
  test('float32 values, scalars and tensors without elements', async () => {
    const double = doubling();
    expect((await double([vector(1, 2)]))[0].values).toEqual(Float32Array.of(2, 4));
    const scalar = await double([{ dtype: float32, shape: [], values: Float32Array.of(3) }]);
    expect(scalar).toEqual([{ dtype: float32, shape: [], values: Float32Array.of(6) }]);
    const none = await double([{ dtype: float32, shape: [2, 0, 3], values: new Float32Array() }]);
    expect(none).toEqual([{ dtype: float32, shape: [2, 0, 3], values: new Float32Array() }]);
  });

  test.each([
    ['float64', float64, Float64Array.of(1, 200)],
    ['int64', int64, BigInt64Array.of(1n, 200n)],
    ['uint8', uint8, Uint8Array.of(1, 200)],
  ])('%s comes out in its own typed array', async (_, dtype, values) => {
    const { x, y, bytes } = cast(dtype);
    const own = session();
    own.extend(bytes);
    const [output] = await own.prepare([x], [y], [])([vector(1, 200)]);
    expect(output).toEqual({ dtype, shape: [2], values });
  });

  test('a part of a larger array is that part', async () => {
    const values = Float32Array.of(9, 1, 2, 9).subarray(1, 3);
    expect((await doubling()([{ dtype: float32, shape: [2], values }]))[0].values).toEqual(
      Float32Array.of(2, 4),
    );
  });

  test('values are copied when the call begins', async () => {
    const values = Float32Array.of(1, 2);
    const result = doubling()([{ dtype: float32, shape: [2], values }]);
    values.fill(0);
    expect((await result)[0].values).toEqual(Float32Array.of(2, 4));
  });
});

describe('mistakes are errors that say what was expected', () => {
  test('an output without a typed array', () => {
    const { y, bytes } = cast(complex64);
    const own = session();
    own.extend(bytes);
    expect(() => own.prepare([], [y], [])).toThrow(/output "test.*" has the element type 8.*Cast it first/);
  });

  test.each<[string, object, RegExp]>([
    ['another number of values', { values: Float32Array.of(1) }, /8 bytes was given 4 bytes/],
    ['another element type', { dtype: 3, values: new Int32Array(2) }, /element type 3 instead of 1/],
    ['strings', { dtype: 7, values: new Uint8Array() }, /element type 7 instead of 1/],
    ['a negative size', { shape: [-2] }, /impossible shape/],
    [
      'sizes whose product overflows',
      { shape: [2 ** 32, 2 ** 32], values: new Float32Array() },
      /impossible/,
    ],
    [
      'an overflow that a zero hides',
      { shape: [2 ** 40, 2 ** 40, 0], values: new Float32Array() },
      /impossible/,
    ],
    ['more dimensions than TensorFlow has', { shape: new Array<number>(300).fill(1) }, /impossible/],
    ['a shape of strings', { shape: ['2'] }, /shape consists of numbers/],
    ['no shape', { shape: undefined }, /An array was expected/],
    ['no values', { values: undefined }, /typed array was expected/],
    ['a plain array', { values: [1, 2] }, /typed array was expected/],
    ['a DataView', { values: new DataView(new ArrayBuffer(8)) }, /typed array was expected/],
    ['no type', { dtype: 'float32' }, /dtype is a number/],
  ])('a fed tensor with %s', async (_, change, message) => {
    const double = doubling();
    const wrong = { ...vector(1, 2), ...change };
    await expect((async () => double([wrong]))()).rejects.toThrow(message);
    expect((await double([vector(1)]))[0].values, 'the session lives on').toEqual(Float32Array.of(2));
  });

  test('another number of tensors, or none at all', async () => {
    const double = doubling();
    await expect((async () => double([]))()).rejects.toThrow(/takes 1 tensors, but was given 0/);
    await expect((async () => double([vector(1), vector(2)]))()).rejects.toThrow(/given 2/);
    await expect((async () => double([null as never]))()).rejects.toThrow();
  });

  test('an exception of a getter arrives as it was thrown', async () => {
    const angry = { ...vector(1) };
    Object.defineProperty(angry, 'shape', {
      get: () => {
        throw new RangeError('mine');
      },
    });
    await expect((async () => doubling()([angry]))()).rejects.toThrow('mine');
  });

  test.each(['x', '', ':', 'x:', 'x:abc', 'x:-1', 'x:99999999999999999999', 'x:1'])(
    'the output name "%s"',
    name => {
      const own = session();
      const graph = createGraph('g');
      graph.add('NoOp', {}, []);
      own.extend(graph.serialize());
      expect(() => own.prepare([], [name], [])).toThrow(/named like "operation:0"|has no operation/);
      expect(() => own.prepare([], ['g/NoOp_0:0'], [])).toThrow(/has no output/);
    },
  );

  test('bytes that are not a graph, a graph twice, options that are none', () => {
    const own = session();
    expect(() => own.extend(Uint8Array.of(255, 255, 255))).toThrow(/GraphDef/);
    const { bytes } = cast(float64);
    own.extend(bytes);
    expect(() => own.extend(bytes)).toThrow(/already exists/);
    expect(() => sessionModule().createSession(Uint8Array.of(255), false)).toThrow();
  });

  test('values of the wrong kind anywhere never crash', () => {
    const native = sessionModule() as unknown as Record<string, (...args: unknown[]) => unknown>;
    const own = native.createSession(new Uint8Array(), false) as object;
    const callable = native.prepare(own, [], [], [], new Uint8Array()) as object;
    const values = [
      undefined,
      null,
      1,
      'x',
      {},
      [],
      [1],
      new Uint8Array(),
      () => 1,
      Symbol('s'),
      own,
      callable,
    ];
    let errors = 0;
    for (const name of ['createSession', 'extendSession', 'prepare', 'run', 'trace']) {
      for (const a of values) {
        for (const b of values) {
          try {
            const result = native[name](a, b, a, b, a);
            if (result instanceof Promise) result.catch(() => undefined);
          } catch (error) {
            expect(error).toBeInstanceOf(Error);
            errors++;
          }
        }
      }
    }
    expect(errors).toBeGreaterThan(600);
    native.release(callable);
    native.release(own);
  });

  test('an error of TensorFlow while running names the op', async () => {
    const graph = createGraph('bad');
    const x = { name: `${graph.add('Placeholder', { dtype: { type: float32 } }, [])}:0`, dtype: float32 };
    const y = `${graph.add('MatMul', {}, [x, x])}:0`;
    const own = session();
    own.extend(graph.serialize());
    await expect(own.prepare([x.name], [y], [])([vector(1, 2)])).rejects.toThrow(
      /could not run.*ndims.*in bad\/MatMul_1/,
    );
  });
});

describe('the end of a session', () => {
  test('calls in flight finish, later ones are refused', async () => {
    const own = createSession({ threads: 1 });
    const double = doubling(own);
    const large = vector(...new Float32Array(100_000).fill(1));
    const calls = Array.from({ length: 20 }, () => double([large]));
    own.dispose();
    for (const [output] of await Promise.all(calls)) expect(output.values[99_999]).toBe(2);
    await expect((async () => double([large]))()).rejects.toThrow(/was disposed of/);
    expect(() => own.extend(cast(float64).bytes)).toThrow(/was disposed of/);
    expect(() => own.dispose()).not.toThrow();
  });

  test('a handle may be released twice, and a call before or after its session', () => {
    const native = sessionModule();
    const own = native.createSession(new Uint8Array(), false);
    const [first, second] = [0, 1].map(() => native.prepare(own, [], [], [], new Uint8Array()));
    native.release(first);
    native.release(own);
    native.release(second);
    native.release(own);
    native.release(first);
    expect(() => native.release({})).toThrow(/session or a prepared call/);
  });

  test('a worker thread may end while a call is in flight', async () => {
    const code = `
      require('tsx/cjs');
      const { createSession } = require('./src/engine/session');
      const { createGraph } = require('./src/engine/graph');
      const graph = createGraph('w');
      const x = { name: graph.add('Placeholder', { dtype: { type: 1 } }, []) + ':0', dtype: 1 };
      let y = x;
      for (let i = 0; i < 20; i++) y = { name: graph.add('MatMul', {}, [y, x]) + ':0', dtype: 1 };
      const session = createSession({ threads: 1 });
      session.extend(graph.serialize());
      const call = session.prepare([x.name], [y.name], []);
      for (let i = 0; i < 3; i++) call([{ dtype: 1, shape: [500, 500], values: new Float32Array(250000) }]).catch(() => 0);
      require('node:worker_threads').parentPort.postMessage('started');`;
    const worker = new Worker(code, { eval: true });
    await once(worker, 'message');
    expect(await worker.terminate()).toBe(1);
  });
});
