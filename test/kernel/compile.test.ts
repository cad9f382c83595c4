/**
 * The cell compiler without a kernel: what JavaScript a cell becomes, and what the type checker says. How the result
 * behaves when it is run is tested from outside, in the pytest files of this folder.
 */
import { mkdtempSync, mkdirSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { CellCompiler } from '../../kernel/cells/compile';
import { complete } from '../../kernel/cells/complete';
import { isComplete } from '../../kernel/cells/completeness';
import { CellService } from '../../kernel/cells/service';

const kernelFolder = path.join(__dirname, '..', '..', 'kernel');
let folder: string;
let compiler: CellCompiler;
let cells = 0;

beforeAll(() => {
  folder = mkdtempSync(path.join(tmpdir(), 'cells-'));
  compiler = new CellCompiler(new CellService(folder, kernelFolder));
});
afterAll(() => rmSync(folder, { recursive: true }));

/** Compiles a cell as if all of it had been run; its JavaScript on one line, or the message of its error. */
function compile(code: string, declared?: string[]): string {
  const cell = ++cells;
  const result = compiler.compile(cell, code, `Cell [${cell}]`);
  if ('error' in result) return `${result.error.name}: ${result.error.message.replace(/^.*? - /, '')}`;
  compiler.commit(cell, declared ?? [...code.matchAll(/[\w$]+/g)].map(([name]) => name));
  return result.compiled.javaScript.replace(/\s+/g, ' ').trim();
}

describe('names of the notebook', () => {
  it('keeps variables in the scope, where later cells find them', () => {
    expect(compile('let width = 2, height = 3')).toBe('__declare.width = 2, __declare.height = 3;');
    expect(compile('width *= height')).toBe('return [__scope.width *= __scope.height];');
  });

  it('declares functions before anything else runs, and calls them without a this', () => {
    expect(compile('area(); function area() { return width * height }')).toBe(
      '__declare.area = area; (0, __scope.area)(); function area() { return __scope.width * __scope.height; }',
    );
  });

  it('leaves names inside of blocks, functions and parameters alone', () => {
    expect(compile('{ let width = 1; width } ((height: number) => height)(1)')).toBe(
      '{ let width = 1; width; } return [((height) => height)(1)];',
    );
  });

  it('turns destructuring into assignments, with defaults and rest', () => {
    expect(compile('const { a, b: [c = width], ...rest } = { a: 1, b: [2], d: 3 }')).toBe(
      '({ a: __declare.a, b: [__declare.c = __scope.width], ...__declare.rest } = { a: 1, b: [2], d: 3 });',
    );
  });

  it('writes shorthand properties and targets out', () => {
    expect(compile('({ width } = { width: 5 }, { height })')).toBe(
      'return [({ width: __scope.width } = { width: 5 }, { height: __scope.height })];',
    );
  });

  it('lets a class refer to itself before it is declared', () => {
    expect(compile('class Node1 { static root = new Node1() }')).toBe(
      'class Node1 { static root = new Node1(); } __declare.Node1 = Node1;',
    );
  });

  it('gives anonymous functions the name of their variable', () => {
    expect(compile('const arrow = () => 1')).toBe('__declare.arrow = ({ arrow: () => 1 }).arrow;');
  });

  it('emits nothing for types', () => {
    expect(compile('interface Shape { area: number } type Id = string')).toBe('');
    expect(compile('const shape: Shape = { area: 1 }')).toBe('__declare.shape = { area: 1 };');
  });

  it('does not make a name visible that the cell has not reached', () => {
    compile('const reached = 1; const missed = 2', ['reached']);
    expect(compile('reached')).toBe('return [__scope.reached];');
    expect(compile('missed')).toMatch(/^TypeCheckError: error TS2304/);
  });

  it('does not keep a value that is disposed with its cell', () => {
    compile('using held = { [Symbol.dispose]() {} }');
    expect(compile('held')).toMatch(/^TypeCheckError: error TS2304/);
  });
});

describe('the result of a cell', () => {
  it('is its last expression, wrapped so that a promise is not awaited', () => {
    expect(compile('1; 2;')).toBe('1; return [2];');
    expect(compile('3 // with a comment')).toBe('return [3];');
  });

  it('is nothing after a statement', () => {
    expect(compile('if (1) 2')).toBe('if (1) 2;');
  });
});

describe('awaits', () => {
  it('are guarded, so that an interrupted cell does not go on', () => {
    expect(compile('await 1')).toBe('return [await __await(1)];');
    expect(compile('for await (const x of [1]) x')).toBe('for await (const x of __iterate([1])) x;');
  });
});

describe('imports', () => {
  it('load through the kernel and read the module at each use', () => {
    expect(compile('import fs, { statSync as stat, type Stats } from "node:fs"')).toBe(
      'const module_1 = await __await(__import("node:fs")); __bind("fs", () => __default(module_1)); __bind("stat", () => module_1["statSync"]);',
    );
  });

  it('of types alone load nothing', () => {
    expect(compile("import { PathLike } from 'node:fs'; import type * as os from 'node:os'")).toBe('');
  });

  it('of a package outside of node_modules resolve to its source', () => {
    writeFileSync(
      path.join(folder, 'package.json'),
      '{"name": "own", "exports": {".": {"source": "./own.ts", "default": "./missing.js"}}}',
    );
    writeFileSync(path.join(folder, 'own.ts'), 'export const size: number = 1;');
    expect(compile("import { size } from 'own'; size.toFixed()")).not.toMatch(/Error/);
    expect(compile('size.missing')).toMatch(/TS2339/);
  });

  it('see a file that was edited', () => {
    writeFileSync(path.join(folder, 'edited.ts'), 'export const value: number = 1;');
    compile("import { value } from './edited'");
    writeFileSync(path.join(folder, 'edited.ts'), 'export const value: string = "longer";');
    expect(compile("import { value } from './edited'; value.trim()")).not.toMatch(/Error/);
  });
});

describe('type checking', () => {
  it('knows the types of earlier cells', () => {
    compile('let count = 1');
    expect(compile("count = 'one'")).toBe(
      "TypeCheckError: error TS2322: Type 'string' is not assignable to type 'number'.",
    );
  });

  it('takes the newest declaration of a name', () => {
    compile("const count = 'text'");
    expect(compile('count.length')).toBe('return [__scope.count.length];');
  });

  it('says where in the cell an error is, and marks it', () => {
    const result = compiler.compile(++cells, 'const fine = 1;\n  unknownName', 'Cell [9]');
    if (!('error' in result)) throw new Error('expected an error');
    expect(result.error.message).toMatch(/^Cell \[9\]:2:3 - error TS2304/);
    expect(result.error.traceback.join('\n')).toMatch(/ {4} {2}unknownName\n {4} {2}\S*~{11}/);
  });

  it('calls errors of syntax so', () => {
    expect(compile('const = 1')).toMatch(/^SyntaxError/);
    expect(compile('/* open')).toMatch(/^SyntaxError/);
  });

  it('is strict where the tsconfig.json says so', () => {
    const strict = path.join(folder, 'strict');
    mkdirSync(strict);
    writeFileSync(path.join(strict, 'tsconfig.json'), '{"compilerOptions": {"strict": true}}');
    const checked = new CellCompiler(new CellService(strict, kernelFolder));
    expect('error' in checked.compile(1, 'function f(x) { return x }', 'Cell [1]')).toBe(true);
    expect(compile('function f(x) { return x }')).not.toMatch(/Error/);
  });
});

describe('a program that grows', () => {
  const check = (code: string) => compiler.service.programWith(++cells, `${code}\n;export {};`);

  it('checks a cell that needs nothing new with the checker at hand, as a new one would', () => {
    const { program } = check('1');
    compile('interface Point { x: number } const point: Point = { x: 1 }');
    expect(compile('const moved: Point = { ...point, x: point.x + 1 }')).not.toMatch(/Error/);
    expect(compile('moved.y')).toBe(
      "TypeCheckError: error TS2339: Property 'y' does not exist on type 'Point'.",
    );
    expect(compile("import { readFileSync } from 'node:fs'; readFileSync('x').length")).not.toMatch(/Error/);
    expect(check('2').program).toBe(program);
  });

  it('makes way for a new one when a cell imports a file that is not in it, or that was edited', () => {
    const file = path.join(folder, 'grown.ts');
    writeFileSync(file, 'export const value = 1;');
    const { program } = check('1');
    const importing = check("import { value } from './grown'; value");
    expect(importing.program).not.toBe(program);
    expect(check("import { value } from './grown'; value + 1").program).toBe(importing.program);
    writeFileSync(file, 'export const value = "edited";');
    expect(check('3').program).not.toBe(importing.program);
  });

  it('looks again for what a file of the project could not import', () => {
    writeFileSync(path.join(folder, 'needy.ts'), "import { late } from './late'; export const got = late;");
    compile("import { got } from './needy'");
    expect(compile('got.anything')).not.toMatch(/Error/);
    writeFileSync(path.join(folder, 'late.ts'), 'export const late = 1;');
    expect(compile('got.anything')).toMatch(/TS2339/);
  });

  it('keeps global declarations of a cell to that cell', () => {
    expect(compile('declare global { var onlyHere: number } onlyHere')).not.toMatch(/Error/);
    expect(compile('onlyHere')).toMatch(/TS2304/);
  });

  it('is made anew before cells that nothing refers to any more pile up', () => {
    const programs = new Set<object>();
    for (let i = 0; i < 1_200; i++) programs.add(check('the same').program);
    expect(programs.size).toBeGreaterThanOrEqual(3); // each takes 500
  });
});

describe('a tsconfig.json', () => {
  it('is read again after an edit', () => {
    const edited = path.join(folder, 'edited-config');
    mkdirSync(edited);
    const checked = new CellCompiler(new CellService(edited, kernelFolder));
    const isRefused = () => 'error' in checked.compile(++cells, 'function f(x) { return x }', 'Cell');
    const write = (name: string, content: object) =>
      writeFileSync(path.join(edited, name), JSON.stringify(content));
    expect(isRefused()).toBe(false);
    write('base.json', { compilerOptions: { strict: true } });
    write('tsconfig.json', { extends: './base.json' });
    expect(isRefused()).toBe(true);
    write('base.json', { compilerOptions: { strict: false } });
    utimesSync(path.join(edited, 'base.json'), 1, 1);
    expect(isRefused()).toBe(false);
  });
});

describe('help while typing', () => {
  it('ranks what begins with the typed text first', () => {
    const { matches } = complete(compiler, { code: 'Math.ma', cursor: 7 }) as { matches: string[] };
    expect(matches[0]).toBe('max');
  });

  it.each([
    ['1 + 1', 'complete'],
    ['const x = [1,', 'incomplete'],
    ['function f() {', 'incomplete'],
    ['`open', 'incomplete'],
    ['const = 1', 'invalid'],
    [')', 'invalid'],
  ])('tells of %j that it is %s', (code, status) => {
    expect(isComplete(code).status).toBe(status);
  });
});
