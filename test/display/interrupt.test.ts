/** The library in a notebook whose kernel doesn't guard its awaits: installed as a package, it stops by its own asking. */
import { setImmediate as nextTurn } from 'node:timers/promises';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { initializeParameters } from '../../src/diffusion/network';
import { sampleHeun } from '../../src/diffusion/sampler';
import { interruptSignal, type NotebookHost } from '../../src/display/host';
import { compile } from '../../src/engine/compile';
import { float32Scalar } from '../../src/engine/values';
import { createVariables } from '../../src/engine/variables';
import { minimize } from '../../src/representation/lbfgs';
import { train } from '../../src/training/train';
import { tiny } from '../training/tiny';

const kernel = globalThis as { [key: symbol]: NotebookHost | undefined };
const hostSymbol = Symbol.for('Jupyter.kernel');
let cell: AbortController;

beforeEach(() => {
  cell = new AbortController();
  kernel[hostSymbol] = { display() {}, clearOutput() {}, interruptSignal: () => cell.signal };
});
afterEach(() => delete kernel[hostSymbol]);

/** What the kernel does: the cell's signal is aborted, and whoever asks from then on gets another cell's. */
function interrupt(): void {
  const stopped = cell;
  cell = new AbortController();
  stopped.abort(new DOMException('The cell was interrupted', 'AbortError'));
}

const interrupted = { name: 'AbortError', message: 'The cell was interrupted' };

test('outside a notebook there is no interrupt button', () => {
  expect(interruptSignal()).toBe(cell.signal);
  delete kernel[hostSymbol];
  expect(interruptSignal()).toBeUndefined();
});

test('whatever computes by compiled calls stops at the call that is under way', async () => {
  const variables = createVariables({});
  const double = compile(({ x }) => ({ y: x.mul(2) }), { variables });
  const endless = async () => {
    for (;;) await double({ x: float32Scalar(1) });
  };
  setTimeout(interrupt, 20);
  await expect(endless()).rejects.toMatchObject(interrupted);
  variables.dispose();
});

test('a call that has to be completed is completed', async () => {
  const variables = createVariables({ count: float32Scalar(0) });
  const { count } = variables.tensors;
  const add = compile(() => (count.assign(count.add(1)), {}), { variables });
  const pending = add({}, { signal: null });
  interrupt();
  await pending;
  expect((await variables.read()).count).toEqual(float32Scalar(1));
  variables.dispose();
});

test('drawing samples without a signal of its own stops', async () => {
  const { denoiser } = tiny;
  const variables = createVariables(initializeParameters(denoiser.network, 1));
  let steps = 0;
  const samples = sampleHeun({
    denoiser,
    variables,
    count: 4,
    seed: 1,
    onStep: () => ++steps === 3 && setImmediate(interrupt),
  });
  await expect(samples).rejects.toMatchObject(interrupted);
  expect(steps).toBeLessThan(17);
  variables.dispose();
});

test('a fit in JavaScript stops', async () => {
  const slope = async (x: Float64Array, gradient: Float64Array) => {
    await nextTurn();
    gradient[0] = 1;
    return x[0];
  };
  setTimeout(interrupt, 20);
  await expect(minimize(slope, new Float64Array(1), { maxIterations: 1e9 })).rejects.toMatchObject(
    interrupted,
  );
});

test('training stops between steps, with its own message', async () => {
  const training = train({
    ...tiny,
    config: { ...tiny.config, steps: 100_000 },
    onProgress: ({ step }) => step > 2 && setImmediate(interrupt),
  });
  await expect(training).rejects.toThrow(/^Training was interrupted after step \d+ of 100000/);
});
