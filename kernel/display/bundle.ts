/** A value as an output: the formats in which a front end may show it. */
import { types } from 'node:util';
import { bundleAsJson } from '../runtime/json';
import type { MimeBundle } from '../threads';
import { renderImage } from './image';
import { inspectValue } from './inspect';
import { renderTable } from './table';
import { renderTensor } from './tensor';

/** The method by which a value draws itself; it may answer later (same protocol as Deno's). */
export const DISPLAY = Symbol.for('Jupyter.display');

/** Whether a bundle is still to come (also where code in a cell has replaced the global Promise). */
export function isPromise(drawn: MimeBundle | Promise<MimeBundle> | undefined): drawn is Promise<MimeBundle> {
  return types.isPromise(drawn);
}

/** How one kind of value is shown; undefined when it is not of that kind. */
export type Renderer = (value: object) => MimeBundle | Promise<MimeBundle> | undefined;

/** Kinds of values that the kernel knows by their shape, first match first. To add one, add its renderer here. */
const renderers: Renderer[] = [renderTable, renderTensor, renderImage];

/** The formats of a value. Synchronous for everything but values that take time to draw. */
export function bundleOf(value: unknown): MimeBundle | Promise<MimeBundle> {
  if ((typeof value === 'object' && value !== null) || typeof value === 'function') {
    try {
      const drawn = drawItself(value) ?? render(value);
      if (isPromise(drawn)) return drawn.catch((error: unknown) => failed(value, error));
      if (drawn) return drawn;
    } catch (error) {
      return failed(value, error);
    }
  }
  return { 'text/plain': inspectValue(value) };
}

function drawItself(value: object): MimeBundle | Promise<MimeBundle> | undefined {
  const draw = (value as { [DISPLAY]?: unknown })[DISPLAY];
  if (typeof draw !== 'function') return undefined;
  const drawn = Reflect.apply(draw, value, []) as MimeBundle | Promise<MimeBundle>;
  return isPromise(drawn) ? drawn.then(bundle => withText(bundle, value)) : withText(drawn, value);
}

/** Every output has a plain text, for front ends that show nothing else. */
function withText(bundle: MimeBundle, value: object): MimeBundle {
  if (typeof bundle !== 'object' || bundle === null) {
    throw new TypeError(
      `[Symbol.for('Jupyter.display')]() must return an object of MIME types, not ${String(bundle)}`,
    );
  }
  const formats = bundleAsJson(bundle);
  return 'text/plain' in formats ? formats : { 'text/plain': inspectValue(value), ...formats };
}

function render(value: object): MimeBundle | Promise<MimeBundle> | undefined {
  for (const renderer of renderers) {
    const rendered = renderer(value);
    if (rendered) return rendered;
  }
  return undefined;
}

/** A value whose display method throws is shown as text, and the error on stderr: the cell itself has not failed. */
function failed(value: object, error: unknown): MimeBundle {
  console.error('The value could not be displayed:', error);
  return { 'text/plain': inspectValue(value) };
}
