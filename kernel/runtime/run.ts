/** Runs compiled cells over one scope. */
import { createRequire } from 'node:module';
import path from 'node:path';
import vm from 'node:vm';
import { bundleOf } from '../display/bundle';
import type { CellOutcome, ToMain } from '../threads';
import type { Cell } from './cell';
import { errorOutcome } from './errors';
import { defaultOf, importModule, importNamespace, namespaceOf } from './modules';
import { cellScript, registerCell } from './stack';

type RunMessage = Extract<ToMain, { type: 'run' }>;
type CellFunction = (...environment: unknown[]) => Promise<[unknown] | undefined>;

/** The variables of the notebook. */
const scope: Record<string, unknown> = {};
/** Names in the scope that read from a module. */
const bound = new Set<string>();
const folder = process.cwd();
const cellFile = path.join(folder, 'cell.ts');
const cellModule = { exports: {} };

/** What the compiled code of a cell refers to (cells/transform.ts, cells/imports.ts), by name. */
function environment(cell: Cell): Record<string, unknown> {
  const declare = (name: string, descriptor?: PropertyDescriptor, value?: unknown) => {
    cell.declared.add(name);
    if (descriptor || bound.delete(name)) {
      Object.defineProperty(
        scope,
        name,
        descriptor ?? { value, writable: true, enumerable: true, configurable: true },
      );
    } else scope[name] = value;
  };
  return {
    __scope: scope,
    __declare: new Proxy(scope, {
      set(_, name, value) {
        declare(String(name), undefined, value);
        return true;
      },
    }),
    __bind(name: string, get: () => unknown) {
      declare(name, { get, enumerable: true, configurable: true });
      bound.add(name);
    },
    __import: (specifier: string) => importModule(specifier, folder),
    __importDynamic: (specifier: string) => importNamespace(specifier, folder),
    __default: defaultOf,
    __namespace: namespaceOf,
    require: createRequire(cellFile),
    module: cellModule,
    exports: cellModule.exports,
    __filename: cellFile,
    __dirname: folder,
  };
}

function compile({ cell, label, javaScript, sourceMap }: RunMessage, names: string[]): CellFunction {
  registerCell(cell, label, sourceMap);
  const text = `(async function (${names.join(', ')}) { "use strict";\n${javaScript}\n})`;
  return new vm.Script(text, { filename: cellScript(cell) }).runInThisContext() as CellFunction;
}

/** Runs a cell to its end. Never settles for a cell that is interrupted: the front has answered by then. */
export async function runCell(message: RunMessage, cell: Cell): Promise<CellOutcome> {
  try {
    const values = environment(cell);
    const body = compile(message, Object.keys(values));
    const result = await body(...Object.values(values));
    for (const display of cell.displays) await display;
    const isShown = result !== undefined && result[0] !== undefined && !message.quiet;
    return {
      status: 'ok',
      result: isShown ? await bundleOf(result[0]) : undefined,
      declared: [...cell.declared],
    };
  } catch (error) {
    return errorOutcome(error, cell);
  }
}
