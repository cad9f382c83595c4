/** plotly.js's own check of a figure against its schema, in Node: the library is loaded beside a document that does nothing. */
import { readFileSync } from 'node:fs';
import vm from 'node:vm';
import type { Figure } from '../../src/figures/figure';

type Validate = (figure: string) => { msg: string }[] | undefined;
let validate: Validate | undefined;

/** What plotly.js finds wrong with a figure: unknown or misplaced keys, values outside their domain. */
export function schemaErrors({ data, layout }: Pick<Figure, 'data' | 'layout'>): string[] {
  validate ??= loadValidate();
  return (validate(JSON.stringify({ data, layout })) ?? []).map(error => error.msg);
}

function loadValidate(): Validate {
  const sandbox: Record<string, unknown> = {
    module: { exports: {} },
    console,
    navigator: { userAgent: 'node', platform: '' },
    location: { href: '', search: '' },
    document: anything(),
    DOMParser: anything(),
    XMLSerializer: anything(),
    URL,
    Blob,
    performance,
    TextDecoder,
    TextEncoder,
    queueMicrotask,
    setTimeout,
    clearTimeout,
    requestAnimationFrame: () => 0,
    addEventListener: () => undefined,
    getComputedStyle: () => ({}),
    matchMedia: () => ({ matches: false }),
  };
  sandbox.window = sandbox.self = sandbox.globalThis = sandbox;
  for (const name of ['HTMLElement', 'Element', 'Node', 'Image']) sandbox[name] = class {};
  const context = vm.createContext(sandbox);
  vm.runInContext(readFileSync(require.resolve('plotly.js-dist-min'), 'utf8'), context);
  // Parsed inside: plotly.js knows only the plain objects of its own realm.
  const code =
    '(text => { const { data, layout } = JSON.parse(text); return module.exports.validate(data, layout); })';
  return vm.runInContext(code, context) as Validate;
}

/** A value of which every property is such a value again, and which can be called. */
function anything(): unknown {
  return new Proxy(function () {}, {
    get: (_, key) => (key === Symbol.toPrimitive ? () => '' : key === 'length' ? 0 : anything()),
    apply: () => anything(),
    construct: () => anything() as object,
    set: () => true,
    has: () => true,
  });
}
