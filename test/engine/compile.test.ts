import { afterEach, describe, expect, test } from 'vitest';
import { applyAdam } from '../../src/engine/adam';
import { executeOp, typeAttribute } from '../../src/engine/backend';
import { compile } from '../../src/engine/compile';
import { randomNormal } from '../../src/engine/random';
import { tf } from '../../src/engine/tensorflow';
import { float32, float32Scalar, int32Scalar, type TensorValue } from '../../src/engine/values';
import type { Variables } from '../../src/engine/variables';
import { createVariables } from '../../src/engine/variables';

const open: Variables[] = [];
const variablesOf = (...args: Parameters<typeof createVariables>) => {
  const variables = createVariables(...args);
  open.push(variables);
  return variables;
};
afterEach(() => open.splice(0).forEach(variables => variables.dispose()));

describe.each([{ compile: true }, { compile: false }])('with compile: $compile', options => {
  test('a function of inputs and variables returns its values by name', async () => {
    const variables = variablesOf({ weight: float32([1, 2], [2]) }, options);
    const f = compile(({ x }) => ({ y: x.mul(variables.tensors.weight), total: x.sum() }), { variables });
    expect(await f({ x: float32([3, 4]) })).toEqual({ y: float32([3, 8]), total: float32Scalar(7) });
  });

  test('an assignment is kept for the next call and for reading', async () => {
    const variables = variablesOf({ count: float32Scalar(5) }, options);
    const { count } = variables.tensors;
    const increment = compile(
      () => {
        const before = count.clone();
        count.assign(count.add(1));
        return { before, after: count.mul(1) };
      },
      { variables },
    );
    expect(await increment()).toEqual({ before: float32Scalar(5), after: float32Scalar(6) });
    expect(await increment()).toEqual({ before: float32Scalar(6), after: float32Scalar(7) });
    expect(await variables.read()).toEqual({ count: float32Scalar(7) });
    await variables.write({ count: float32Scalar(-1) });
    expect((await increment()).after).toEqual(float32Scalar(0));
  });

  test('functions share their variables', async () => {
    const variables = variablesOf({ state: float32([0, 0]) }, options);
    const { state } = variables.tensors;
    const add = compile(({ x }) => (state.assign(state.add(x)), {}), { variables });
    const norm = compile(() => ({ norm: state.norm() }), { variables });
    await add({ x: float32([3, 4]) });
    expect((await norm()).norm.values[0]).toBeCloseTo(5, 6);
  });

  test('another input shape gives the right values too', async () => {
    const variables = variablesOf({}, options);
    const f = compile(({ x }) => ({ sum: x.sum(), size: tf.scalar(x.size) }), {
      variables,
      example: { x: float32([1]) },
    });
    expect((await f({ x: float32([1, 2, 3], [3, 1]) })).size.values[0]).toBe(3);
    expect((await f({ x: float32([1, 2, 3, 4], [2, 2]) })).sum.values[0]).toBe(10);
  });

  test('gradients of variables are those of calculus', async () => {
    const variables = variablesOf({ w: float32([1, -2, 3]) }, options);
    const { w } = variables.tensors;
    const gradient = compile(
      ({ x }) => {
        const { value, grads } = tf.variableGrads(() => w.mul(x).sin().sum<tf.Scalar>(), [w]);
        return { value, gradient: grads[w.name] };
      },
      { variables },
    );
    const x = [0.5, 1.5, -0.25];
    const result = await gradient({ x: float32(x) });
    [1, -2, 3].forEach((weight, i) => {
      expect(result.gradient.values[i]).toBeCloseTo(x[i] * Math.cos(weight * x[i]), 5);
    });
  });

  test('random numbers are new at each counter and equal at the same one', async () => {
    const variables = variablesOf({}, options);
    const draw = compile(({ step }) => ({ noise: randomNormal([4], 7, step as tf.Scalar) }), { variables });
    const [first, second, again] = [
      await draw({ step: int32Scalar(1) }),
      await draw({ step: int32Scalar(2) }),
      await draw({ step: int32Scalar(1) }),
    ];
    expect(first).toEqual(again);
    expect(first).not.toEqual(second);
    expect(Array.from(first.noise.values)).toEqual(
      Array.from(tf.tidy(() => randomNormal([4], 7, 1).dataSync())),
    );
  });

  test('Adam moves every parameter by about the learning rate in its first step, against the gradient', async () => {
    const names = ['parameter', 'firstMoment', 'secondMoment'] as const;
    const variables = variablesOf(
      Object.fromEntries(names.map(name => [name, float32(name === 'parameter' ? [1, 2] : [0, 0])])),
      options,
    );
    const { parameter, firstMoment, secondMoment } = variables.tensors;
    const update = compile(
      ({ gradient, step }) => {
        applyAdam([{ parameter, firstMoment, secondMoment, gradient }], {
          learningRate: 0.1,
          step: step as tf.Scalar,
        });
        return { parameter: parameter.mul(1) };
      },
      { variables },
    );
    const { parameter: moved } = await update({ gradient: float32([4, -0.01]), step: int32Scalar(1) });
    // m/sqrt(v) after bias correction is the gradient's sign; epsilon changes it by 1e-8/0.01.
    expect(moved.values[0]).toBeCloseTo(0.9, 5);
    expect(moved.values[1]).toBeCloseTo(2.1, 5);
    const { firstMoment: m } = await variables.read(['firstMoment']);
    expect(m.values[0]).toBeCloseTo(0.4, 5);
  });

  test('an input that is missing or is no tensor value is refused by name', async () => {
    const double = compile(({ x }) => ({ y: x.mul(2) }), { variables: variablesOf({}, options) });
    await expect(double({ z: float32([1]) })).rejects.toThrow(/uses the input x, but was given z/);
    const x = float32([1, 2]);
    for (const [wrong, message] of [
      [{ ...x, shape: [3] }, /input x has the shape \[3\], but 2 values/],
      [{ ...x, values: new Int32Array(2) }, /input x is float32, so its values must be a Float32Array/],
      [{ ...x, dtype: 'float64' }, /input x is not a tensor value/],
      [[1, 2], /input x is not a tensor value/],
    ] as [TensorValue, RegExp][])
      await expect(double({ x: wrong })).rejects.toThrow(message);
  });

  test('an aborted signal stops it before the next call', async () => {
    const variables = variablesOf({ count: float32Scalar(0) }, options);
    const { count } = variables.tensors;
    const increment = compile(() => (count.assign(count.add(1)), {}), { variables });
    const controller = new AbortController();
    await increment({}, controller);
    controller.abort(new Error('enough'));
    await expect(increment({}, controller)).rejects.toThrow('enough');
    expect(await variables.read()).toEqual({ count: float32Scalar(1) });
  });

  test('calls in flight together see variables before or after a change, in the order of the calls', async () => {
    const size = 10_000;
    const filled = (value: number) => float32(new Float32Array(size).fill(value));
    const variables = variablesOf({ a: filled(0), b: filled(0) }, options);
    const { a, b } = variables.tensors;
    const increment = compile(() => (a.assign(a.add(1)), b.assign(b.add(1)), {}), { variables });
    const sum = compile(({ x }) => ({ sum: a.add(b).add(x).mean() }), { variables });
    const calls = Array.from({ length: 20 }, async (_, i) => {
      const [changed, read, both] = [increment(), sum({ x: float32Scalar(0.5) }), variables.read()];
      await changed;
      expect((await read).sum.values[0]).toBe(2 * (i + 1) + 0.5);
      const values = Object.values(await both).flatMap(each => [...each.values]);
      expect(values.every(value => value === i + 1)).toBe(true);
    });
    await Promise.all(calls);
  });

  test('an unknown variable name or another shape is refused by name', async () => {
    const variables = variablesOf({ weight: float32([1, 2]) }, options);
    await expect((async () => variables.read(['wait']))()).rejects.toThrow(/no variable named wait.*weight/);
    await expect((async () => variables.write({ weight: float32([1]) }))()).rejects.toThrow(
      /weight is float32 \[2\]/,
    );
  });
});

describe('what cannot be recorded is an error', () => {
  test('reading values back names the line', () => {
    const variables = variablesOf({});
    expect(() =>
      compile(({ x }) => ({ y: x.mul(x.square().dataSync()[0]) }), {
        variables,
        example: { x: float32([1]) },
      }),
    ).toThrow(/cannot read a tensor's values back, as dataSync does at .*compile\.test\.ts:\d+/);
  });

  test('reading values back asynchronously, before anybody could wait for them', () => {
    const variables = variablesOf({});
    const reads = ({ x }: Record<string, tf.Tensor>) => (void x.square().array(), {});
    expect(() => compile(reads, { variables, example: { x: float32([1]) } })).toThrow(
      /values back, as array does at .*compile\.test\.ts:\d+/,
    );
  });

  test.each<[string, (x: tf.Tensor, gone: tf.Tensor) => tf.Tensor]>([
    ['add', (x, gone) => gone.add(x)],
    ['Multiply', (x, gone) => x.mul(gone)],
    ['Pack', (x, gone) => tf.stack([x, gone])],
    ['The function', (_, gone) => gone],
  ])('a disposed tensor: %s and the line are named', (user, use) => {
    const variables = variablesOf({});
    const fn = ({ x }: Record<string, tf.Tensor>) => {
      let gone!: tf.Tensor;
      tf.tidy(() => void (gone = x.mul(2)));
      return { y: use(x, gone) };
    };
    expect(() => compile(fn, { variables, example: { x: float32([1]) } })).toThrow(
      new RegExp(`${user} uses a tensor that was disposed of.*compile\\.test\\.ts:\\d+`),
    );
  });

  test('an op that TensorFlow lacks, or refuses', () => {
    const variables = variablesOf({});
    const call =
      (op: string) =>
      ({ x }: Record<string, tf.Tensor>) => ({ y: executeOp(op, [], [x, x], 1)[0] });
    const example = { x: float32([1]) };
    expect(() => compile(call('Frobnicate'), { variables, example })).toThrow(
      /no op named Frobnicate at .*compile\.test\.ts:\d+/,
    );
    expect(() => compile(call('MatMul'), { variables, example })).toThrow(
      /could not run MatMul: .*compile\.test\.ts:\d+/,
    );
  });

  test('random numbers made in JavaScript', () => {
    const variables = variablesOf({});
    expect(() => compile(() => ({ y: tf.randomNormal([2]) }), { variables, example: {} })).toThrow(
      /engine\/random/,
    );
  });

  test('a random op of TensorFlow that keeps its own state', () => {
    const variables = variablesOf({});
    expect(() =>
      compile(({ x }) => ({ y: tf.multinomial(x as tf.Tensor1D, 3, 1) }), {
        variables,
        example: { x: float32([0.5, 0.5]) },
      }),
    ).toThrow(/Multinomial/);
  });

  test('a variable of another set', () => {
    const variables = variablesOf({});
    const stranger = tf.variable(tf.scalar(1), false, 'stranger');
    expect(() =>
      compile(({ x }) => ({ y: x.mul(stranger) }), { variables, example: { x: float32([1]) } }),
    ).toThrow(/variable stranger/);
    stranger.dispose();
  });

  test('after an error the next function compiles', async () => {
    const variables = variablesOf({});
    expect(() =>
      compile(
        () => {
          throw new Error('mine');
        },
        { variables, example: {} },
      ),
    ).toThrow('mine');
    expect(
      (await compile(({ x }) => ({ y: x.square() }), { variables })({ x: float32([3]) })).y.values[0],
    ).toBe(9);
  });
});

test('without memory for a tensor, a call says what was asked for and what to lower', async () => {
  const variables = variablesOf({});
  const types = [typeAttribute('T', 'float32'), typeAttribute('index_type', 'int32')];
  const fill = (side: tf.Tensor) => {
    const shape = side.mul(tf.onesLike(tf.tensor1d([1, 1], 'int32')));
    return { y: executeOp('Fill', types, [shape, tf.scalar(1)], 1)[0].sum() };
  };
  const run = compile(({ side }) => fill(side), { variables });
  expect((await run({ side: int32Scalar(3) })).y.values[0]).toBe(9);
  // Eight terabytes; TensorFlow waits ten seconds for somebody to free them.
  await expect(run({ side: int32Scalar(1_400_000) })).rejects.toThrow(
    /ran out of memory in the compiled function \(in .*Fill.*\): .*1400000,1400000.*Lower the batch size/,
  );
  expect((await run({ side: int32Scalar(2) })).y.values[0], 'the session lives on').toBe(4);
}, 30_000);

test('a thousand calls leave no tensor behind', async () => {
  const variables = variablesOf({ state: float32([0, 0]) });
  const { state } = variables.tensors;
  const f = compile(({ x }) => (state.assign(state.mul(0.9).add(x)), { total: state.sum() }), { variables });
  await f({ x: float32([1, 1]) });
  const before = tf.memory().numTensors;
  for (let i = 0; i < 1000; i++) await f({ x: float32([1, 1]) });
  expect(tf.memory().numTensors).toBe(before);
});

test('the event loop stays free while a compiled function runs', async () => {
  const variables = variablesOf({}, { threads: 1 });
  const slow = compile(
    ({ x }) => {
      let y = x;
      for (let i = 0; i < 20; i++) y = tf.matMul(y as tf.Tensor2D, x as tf.Tensor2D).mul(1e-3);
      return { y: y.sum() };
    },
    { variables },
  );
  const x = float32(new Float32Array(500 * 500).fill(0.01), [500, 500]);
  await slow({ x });
  let ticks = 0;
  const timer = setInterval(() => ticks++, 1);
  await slow({ x });
  clearInterval(timer);
  expect(ticks).toBeGreaterThan(0);
});
