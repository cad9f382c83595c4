import { afterEach, describe, expect, test } from 'vitest';
import { applyAdam } from '../../src/engine/adam';
import { backend, executeOp, typeNumbers } from '../../src/engine/backend';
import { compile } from '../../src/engine/compile';
import type { TensorFunction } from '../../src/engine/recorder';
import { tf } from '../../src/engine/tensorflow';
import type { NamedValues, TensorValue } from '../../src/engine/values';
import { float32, float32Scalar, int32, int32Scalar } from '../../src/engine/values';
import type { Variables } from '../../src/engine/variables';
import { createVariables } from '../../src/engine/variables';

const open: Variables[] = [];
afterEach(() => open.splice(0).forEach(variables => variables.dispose()));

const bool = (...values: number[]): TensorValue => ({
  dtype: 'bool',
  shape: [values.length],
  values: Uint8Array.from(values),
});

describe.each([{ compile: true }, { compile: false }])('with compile: $compile', options => {
  type Build = (tensors: Variables['tensors']) => TensorFunction;
  /** Outputs of some calls, then the variables' values. */
  async function results(build: Build, initial: NamedValues, ...calls: NamedValues[]) {
    const variables = createVariables(initial, { ...options, threads: 1 });
    open.push(variables);
    const run = compile(build(variables.tensors), { variables });
    const outputs = [];
    for (const inputs of calls) outputs.push(await run(inputs));
    return [...outputs, await variables.read()];
  }

  test('a tensor may be returned under two names', async () => {
    const double = (x: tf.Tensor) => x.mul(2);
    const [outputs] = await results(
      () =>
        ({ x }) => {
          const y = double(x);
          return { a: y, b: y };
        },
      {},
      { x: float32([1]) },
    );
    expect(outputs).toEqual({ a: float32([2]), b: float32([2]) });
  });

  test('an input, a clone of it and a variable may be returned as they are', async () => {
    const [outputs] = await results(
      ({ state }) =>
        ({ x }) => ({ x, again: x, clone: x.clone(), state, sum: x.sum() }),
      { state: float32([5, 6]) },
      { x: float32([1, 2]) },
    );
    const x = float32([1, 2]);
    expect(outputs).toEqual({ x, again: x, clone: x, state: float32([5, 6]), sum: float32Scalar(3) });
  });

  test('a function may return nothing, with and without an assignment', async () => {
    expect(await results(() => () => ({}), {}, {})).toEqual([{}, {}]);
    expect(
      await results(
        ({ state }) =>
          ({ x }) => {
            state.assign(x);
            return {};
          },
        { state: float32([0]) },
        { x: float32([3]) },
      ),
    ).toEqual([{}, { state: float32([3]) }]);
  });

  test('of two assignments the last holds, and what was read between them keeps its value', async () => {
    const outputs = await results(
      ({ state }) =>
        () => {
          const before = state.clone();
          state.assign(state.add(1));
          const between = state.mul(10);
          state.assign(state.add(1));
          return { before, between, after: state };
        },
      { state: float32Scalar(1) },
      {},
      {},
    );
    expect(outputs).toEqual([
      { before: float32Scalar(1), between: float32Scalar(20), after: float32Scalar(3) },
      { before: float32Scalar(3), between: float32Scalar(40), after: float32Scalar(5) },
      { state: float32Scalar(5) },
    ]);
  });

  test('two variables can be exchanged', async () => {
    const outputs = await results(
      ({ a, b }) =>
        () => {
          const kept = a.clone();
          a.assign(b);
          b.assign(kept);
          return {};
        },
      { a: float32([1, 2]), b: float32([3, 4]) },
      {},
      {},
      {},
    );
    expect(outputs.at(-1)).toEqual({ a: float32([3, 4]), b: float32([1, 2]) });
  });

  test('an assignment before and after an optimizer update is done in that order', async () => {
    const adam = (tensors: Variables['tensors'], gradient: tf.Tensor) => {
      const { parameter, firstMoment, secondMoment } = tensors;
      applyAdam([{ parameter, firstMoment, secondMoment, gradient }], {
        learningRate: 0.1,
        step: tf.scalar(1, 'int32'),
      });
    };
    const [outputs, values] = await results(
      tensors =>
        ({ gradient }) => {
          const { parameter, firstMoment } = tensors;
          parameter.assign(parameter.mul(0.5));
          adam(tensors, gradient);
          const updated = parameter.clone();
          const moment = firstMoment.mul(1);
          parameter.assign(parameter.sub(1));
          firstMoment.assign(tf.zerosLike(firstMoment));
          return { updated, moment };
        },
      { parameter: float32([2, -4]), firstMoment: float32([0, 0]), secondMoment: float32([0, 0]) },
      { gradient: float32([3, -3]) },
    );
    // The first step of Adam moves by the learning rate against the gradient's sign, from half the start.
    [0.9, -1.9].forEach((value, i) => {
      expect(outputs.updated.values[i]).toBeCloseTo(value, 5);
      expect(values.parameter.values[i]).toBeCloseTo(value - 1, 5);
    });
    expect(outputs.moment.values[0]).toBeCloseTo(0.3, 5);
    expect(values.firstMoment).toEqual(float32([0, 0]));
  });

  test('integers, Booleans and empty tensors go in and out', async () => {
    const inputs = { count: int32([7, -2]), flags: bool(1, 0), none: float32([], [0, 3]) };
    const [outputs] = await results(
      () =>
        ({ count, flags, none }) => ({
          next: count.add(tf.scalar(1, 'int32')),
          not: flags.logicalNot(),
          none,
          twice: none.mul(2),
          chosen: tf.where(flags, count, count.neg()),
        }),
      {},
      inputs,
    );
    expect(outputs).toEqual({
      next: int32([8, -1]),
      not: bool(0, 1),
      none: inputs.none,
      twice: inputs.none,
      chosen: int32([7, 2]),
    });
  });

  test('variables may be integers and Booleans', async () => {
    const values = await results(
      ({ count, flag }) =>
        () => {
          count.assign(count.add(tf.scalar(1, 'int32')));
          flag.assign(flag.logicalNot());
          return {};
        },
      { count: int32Scalar(4), flag: bool(1) },
      {},
    );
    expect(values.at(-1)).toEqual({ count: int32Scalar(5), flag: bool(0) });
  });

  test('constants that were made in JavaScript may be read', async () => {
    const [outputs] = await results(
      () =>
        ({ x }) => {
          const scale = tf.scalar(3);
          const y = x.mul(scale);
          return { y: y.add(scale.dataSync()[0]) };
        },
      {},
      { x: float32([1]) },
    );
    expect(outputs).toEqual({ y: float32([6]) });
  });

  test('what is not a record of tensors, or of another type, is refused', async () => {
    const returned = async (value: unknown) => results(() => () => value as never, {}, {});
    for (const value of [tf.scalar(1), [tf.scalar(1)], { y: 1 }, undefined, Promise.resolve({})])
      await expect(returned(value)).rejects.toThrow(/returns its output tensors by name/);
    const complex = () =>
      results(
        () =>
          ({ x }) => ({ z: tf.complex(x, x) }),
        {},
        { x: float32([1]) },
      );
    await expect(complex()).rejects.toThrow(/output z is complex64.*tf\.real/);
  });
});

describe('what would hold old values is refused', () => {
  const compiled = (fn: TensorFunction) => {
    const variables = createVariables({ state: float32([1]) }, { threads: 1 });
    open.push(variables);
    return () => compile(fn, { variables, example: { x: float32([1]) } });
  };

  test('a tensor that another recording kept', () => {
    let kept: tf.Tensor | undefined;
    const caching = ({ x }: Record<string, tf.Tensor>) => ({ y: x.add((kept ??= tf.keep(x.mul(2)))) });
    compiled(caching)();
    expect(compiled(caching)).toThrow(/computed while another function was recorded.*recorder\.test\.ts/);
    kept!.dispose();
  });

  test('but not one that was made of numbers alone', () => {
    let kept: tf.Tensor | undefined;
    const caching = ({ x }: Record<string, tf.Tensor>) => ({
      y: x.add((kept ??= tf.keep(tf.range(0, 1).mul(2)))),
    });
    compiled(caching)();
    expect(compiled(caching)).not.toThrow();
    kept!.dispose();
  });

  test('an asynchronous function', () => {
    expect(compiled((async () => Promise.resolve({})) as never)).toThrow(/is not async/);
  });

  test('a compiled function inside another one', () => {
    const variables = createVariables({}, { threads: 1 });
    open.push(variables);
    expect(
      compiled(({ x }) => {
        compile(({ x }) => ({ x }), { variables, example: { x: float32([1]) } });
        return { x };
      }),
    ).toThrow(/inside another one/);
  });
});

test('64-bit integers are recorded as what they are, eight-bit ones refused', async () => {
  const variables = createVariables({}, { threads: 1 });
  open.push(variables);
  const cast = (x: tf.Tensor, from: number, to: number) => {
    const type = (name: string, value: number) => ({ name, type: backend.binding.TF_ATTR_TYPE, value });
    return executeOp('Cast', [type('SrcT', from), type('DstT', to)], [x], 1)[0];
  };
  const { float32: float, int64, uint8 } = typeNumbers;
  const wide = cast(tf.tensor1d([3, 4]), float, int64);
  const narrow = cast(tf.tensor1d([200, 7]), float, uint8);
  const run = compile(({ x }) => ({ y: cast(wide, int64, float).add(x) }), { variables });
  expect(await run({ x: float32Scalar(0.5) })).toEqual({ y: float32([3.5, 4.5]) });
  expect(() => compile(() => ({ wide }), { variables, example: {} })).toThrow(/output wide is int64/);
  expect(() => compile(() => ({ y: cast(narrow, uint8, float) }), { variables, example: {} })).toThrow(
    /type uint8.*\.cast/,
  );
  tf.dispose([wide, narrow]);
});
