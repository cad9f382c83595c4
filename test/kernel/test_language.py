"""What a cell means: variables across cells, types, imports, errors in terms of the notebook."""

import json
import time

from conftest import NAMES, Kernel


def test_the_last_expression_is_the_result(kernel):
    assert kernel.run("40 + 2").text == "42"
    assert kernel.run(kernel.choose("'a'", "'a'")).text == "'a'"


def test_a_semicolon_does_not_hide_the_result(kernel):
    kernel.choose("")
    assert kernel.run("40 + 2;").text == "42"


def test_statements_undefined_and_void_have_no_result(kernel):
    for code in kernel.choose(["const quiet = 1", "undefined", "void 3", "if (true) 3", "function f() {}", ""], ["quiet = 1", "None", ""]):
        result = kernel.run(code)
        assert result.reply["status"] == "ok" and result.data is None, code


def test_variables_functions_classes_and_types_are_seen_by_later_cells(kernel):
    kernel.choose("")
    kernel.run("let n = 1; const c = 'x'; function f(a: number) { return a + n } class P { constructor(readonly x: number) {} }")
    kernel.run("interface Shape { area: number } type Id = string | number; enum Color { Red, Green } namespace Space { export const deep = 5 }")
    assert kernel.run("f(1) + new P(2).x + Color.Green + Space.deep").text == "10"
    assert kernel.run("const s: Shape & { id: Id } = { area: 2, id: 'a' }; s.area").text == "2"


def test_anything_can_be_declared_again(kernel):
    kernel.choose("")
    for code in ["const again = 1", "let again = 'two'", "function again() { return 3 }", "class again {}", "const again: number[] = [5]"]:
        assert kernel.run(code).reply["status"] == "ok", code
    assert kernel.run("again[0]").text == "5"


def test_destructuring_declares_its_names(kernel):
    kernel.choose("")
    kernel.run("const { a, b: [, second = 2], ...rest } = { a: 1, b: [0], x: 9, y: 8 }; let [p, ...q] = 'abc'")
    assert kernel.run("[a, second, rest.x, p, q.length].join()").text == "'1,2,9,a,2'"


def test_closures_see_later_changes_of_a_let(kernel):
    kernel.choose("")
    kernel.run("let counter = 0; const read = () => counter; function raise() { return ++counter }")
    kernel.run("counter = 10")
    assert kernel.run("raise(); read()").text == "11"


def test_functions_see_a_name_that_was_declared_again(kernel):
    kernel.run(kernel.choose("const rate = 1", "rate = 1"))
    kernel.run(kernel.choose("const doubled = () => rate * 2", "doubled = lambda: rate * 2"))
    kernel.run(kernel.choose("const rate = 4", "rate = 4"))
    assert kernel.run("doubled()").text == "8"


def test_var_in_loops_and_blocks_belongs_to_the_notebook(kernel):
    kernel.choose("")
    kernel.run("for (var i = 0; i < 3; i++) { var last = i } for (var k of ['z']) {}")
    assert kernel.run("`${i}${last}${k}`").text == "'32z'"


def test_a_var_without_a_value_keeps_it_from_round_to_round_and_has_none_in_a_new_cell(kernel):
    kernel.choose("")
    for _ in range(2):
        assert kernel.run("for (let n = 0; n < 3; n++) { var total: number; total = (total ?? 0) + 1 } total").text == "3"
    kernel.run("var total: number")
    assert kernel.run("String(total)").text == "'undefined'"


def test_functions_and_classes_keep_their_names(kernel):
    kernel.choose("")
    kernel.run("const arrow = () => 1; const Klass = class {}; let plain = function () {}")
    assert kernel.run("[arrow.name, Klass.name, plain.name].join()").text == "'arrow,Klass,plain'"


def test_this_is_undefined_in_called_functions(kernel):
    kernel.choose("")
    kernel.run("function self(this: unknown) { return this }")
    assert kernel.run("self() === undefined").text == "true"


def test_export_in_a_cell_declares(kernel):
    kernel.choose("")
    assert kernel.run("export const shared = 3; export function g() { return shared }").reply["status"] == "ok"
    assert kernel.run("g()").text == "3"


def test_default_exports_without_a_name_run(kernel):
    kernel.choose("")
    for code in ("export default function () { return 1 }", "export default class { static made = ((globalThis as any).made = 'made') }"):
        result = kernel.run(code)
        assert result.reply["status"] == "ok", result.error
    assert kernel.run("(globalThis as any).made").text == "'made'"


def test_const_enums_have_values_here_and_in_later_cells(kernel):
    kernel.choose("")
    result = kernel.run("const enum Level { Low = 1, High } export const enum Side { Left = 'left' } [Level.High, Side.Left].join()")
    assert result.text == "'2,left'", result.error
    assert kernel.run("[Level.High, Side['Left']].join()").text == "'2,left'"


def test_a_name_for_a_member_of_a_namespace(kernel):
    kernel.choose("")
    result = kernel.run("namespace Deep { export namespace Inner { export let value = 1; export interface Shape { x: number } } export function f() { return 3 } } import inner = Deep.Inner; import Shape = Deep.Inner.Shape; import Format = Intl.NumberFormat; inner.value")
    assert result.text == "1", result.error
    assert kernel.run("Deep.Inner.value = 2; const shape: Shape = { x: inner.value }; [shape.x, Deep.f(), Format === Intl.NumberFormat].join()").text == "'2,3,true'"


def test_text_that_looks_like_the_end_of_a_module_is_kept(kernel):
    kernel.choose("")
    code = "const generated = `\nexport {};\n//# sourceMappingURL=a.js.map\n`; generated.length"
    result = kernel.run(code)
    assert result.text == str(len("\nexport {};\n//# sourceMappingURL=a.js.map\n")), result.error


def test_top_level_await_and_for_await(kernel):
    kernel.choose("")
    assert kernel.run("const late = await new Promise<number>(r => setTimeout(() => r(7), 20)); late").text == "7"
    assert kernel.run("let sum = 0; for await (const x of [1, Promise.resolve(2)]) sum += x; sum").text == "3"
    assert kernel.run("await (async () => 5)()").text == "5"


def test_a_promise_as_last_expression_is_shown_not_awaited(kernel):
    kernel.choose("")
    assert "Promise" in kernel.run("new Promise(() => {})").text


def test_current_syntax_using_decorators_satisfies(kernel):
    kernel.choose("")
    code = """
const log: string[] = [];
function traced<T extends (...args: never[]) => unknown>(method: T, _: ClassMethodDecoratorContext) { log.push('decorated'); return method }
class Traced { @traced run() { return 1 } }
{ using resource = { [Symbol.dispose]() { log.push('disposed') } }; }
const config = { size: 3 } satisfies Record<string, number>;
[...log, [3, 1].toSorted().join(), config.size].join(' ')"""
    assert kernel.run(code).text == "'decorated disposed 1,3 3'"


def test_types_are_checked_within_a_cell(kernel):
    kernel.choose("")
    result = kernel.run("const fine = 1;\nconst wrong: number = 'text';")
    assert result.reply["ename"] == "TypeCheckError"
    assert "TS2322" in result.reply["evalue"] and ":2:7" in result.reply["evalue"]
    assert "~~~~~" in result.traceback and "const wrong" in result.traceback


def test_types_are_checked_across_cells(kernel):
    kernel.choose("")
    kernel.run("let typed = 1; function takes(x: { a: number }) { return x.a }")
    assert kernel.run("typed = 'text'").reply["ename"] == "TypeCheckError"
    assert kernel.run("takes({ a: 'text' })").reply["ename"] == "TypeCheckError"
    assert kernel.run("typed.toFixed(1)").text == "'1.0'"


def test_a_constant_cannot_be_assigned_in_a_later_cell(kernel):
    kernel.choose("")
    kernel.run("const fixed = 1")
    assert "constant" in kernel.run("fixed = 2").reply["evalue"]


def test_a_cell_that_is_refused_changes_nothing(kernel):
    kernel.choose("")
    kernel.run("let safe = 1")
    kernel.run("safe = 2; const broken: number = ''")
    assert kernel.run("safe").text == "1"


def test_syntax_errors_name_the_line(kernel):
    result = kernel.run(kernel.choose("const ok = 1;\nconst = 2", "ok = 1\nx = = 2"))
    assert result.reply["ename"] == "SyntaxError"
    assert ":2:" in result.traceback or "line 2" in result.traceback


def test_checking_is_not_strict_without_a_tsconfig(kernel):
    kernel.choose("")
    assert kernel.run("function loose(x) { return x } loose(null)").reply["status"] == "ok"


def test_the_tsconfig_of_the_notebook_is_honoured(tmp_path):
    options = {"strict": True, "noUncheckedIndexedAccess": True, "outDir": "dist", "noEmit": True}
    (tmp_path / "tsconfig.json").write_text(json.dumps({"compilerOptions": options}))
    folder = tmp_path / "notebooks"
    folder.mkdir()
    strict = Kernel(NAMES[0], folder)
    try:
        assert "TS7006" in strict.run("function loose(x) { return x }").reply["evalue"]
        strict.run("const list: number[] = [1]")
        assert "TS2532" in strict.run("list[0].toFixed()").reply["evalue"]
        assert strict.run("list[0]!.toFixed()").text == "'1'"
    finally:
        strict.close()


def test_the_paths_of_the_tsconfig_lead_checker_and_loader_to_the_same_modules(tmp_path):
    (tmp_path / "lib" / "deep").mkdir(parents=True)
    (tmp_path / "lib" / "deep" / "shape.ts").write_text("import { unit } from '#units'; export const area = (w: number) => w * unit;")
    (tmp_path / "units.ts").write_text("export const unit = 10;")
    paths = {"@lib/*": ["./missing/*", "./lib/*"], "#units": ["./units.ts"]}
    (tmp_path / "tsconfig.json").write_text(json.dumps({"compilerOptions": {"paths": paths}}))
    folder = tmp_path / "notebooks"
    folder.mkdir()
    own = Kernel(NAMES[0], folder)
    try:
        assert own.run("import { area } from '@lib/deep/shape'; area(4)").text == "40"
        assert "TS2345" in own.run("area('4')").reply["evalue"]
        assert own.run("(await import('@lib/deep/shape')).area(5)").text == "50"
        (tmp_path / "tsconfig.json").write_text(json.dumps({"compilerOptions": {"paths": {"~/*": ["./*"]}}}))
        assert own.run("import { unit } from '~/units'; unit").text == "10"
    finally:
        own.close()


MODULE_WITH_A_DIALECT = """
export const seen: string[] = [];
function marked(target: object, name: string): void { seen.push(typeof target + ' ' + name) }
class Base { constructor() { this.begin() } begin(): void {} }
export class Derived extends Base {
  @marked field = 1;
  kept: number | undefined;
  begin(): void { this.kept = 7 }
}
const create = (tag: string, ...rest: unknown[]) => tag + rest.length;
export const element = <b />;
"""


def test_modules_run_in_the_dialect_of_their_tsconfig(tmp_path):
    folder = tmp_path / "notebooks"
    folder.mkdir()
    options = {"experimentalDecorators": True, "useDefineForClassFields": False, "jsxFactory": "create"}
    (tmp_path / "tsconfig.json").write_text(json.dumps({"extends": "./base.json", "compilerOptions": {"noEmit": True}}))
    (tmp_path / "base.json").write_text(json.dumps({"compilerOptions": options}))
    (tmp_path / "dialect.tsx").write_text("// @ts-nocheck\n" + MODULE_WITH_A_DIALECT)
    own = Kernel(NAMES[0], folder)
    try:
        result = own.run("import { Derived, element, seen } from '../dialect'; [new Derived().kept, element, seen].join()")
        assert result.text == "'7,b1,object field'", result.error
    finally:
        own.close()


def test_what_a_failed_cell_declared_before_the_error_stays(kernel):
    kernel.run(kernel.choose("const reached = 1; throw new Error('x'); const missed = 2", "reached = 1; raise ValueError('x'); missed = 2"))
    assert kernel.run("reached").text == "1"
    assert kernel.run("missed").reply["status"] == "error"


def test_a_traceback_names_cell_and_line_across_cells(kernel):
    count = kernel.run(kernel.choose("\nfunction fails() {\n  throw new Error('here')\n}", "\ndef fails():\n  raise ValueError('here')\n")).reply["execution_count"]
    result = kernel.run(kernel.choose("1;\nfails()", "1\nfails()"))
    if kernel.is_typescript:
        assert f"fails (Cell [{count}]:3:9)" in result.traceback
        assert f"Cell [{count + 1}]:2:" in result.traceback
    assert "/tmp" not in result.traceback.replace(str(kernel.folder), "") and "kernel/" not in result.traceback


def test_causes_and_properties_of_errors_are_shown(kernel):
    kernel.choose("")
    result = kernel.run("throw Object.assign(new Error('outer', { cause: new TypeError('inner') }), { code: 'E7' })")
    assert "inner" in result.traceback and "E7" in result.traceback


def test_the_lines_around_an_error_are_those_of_the_cell_that_failed(kernel):
    kernel.run(kernel.choose("function first() {\n  throw new Error('x')\n}", "def first():\n  return 1 / 0\n"))
    result = kernel.run(kernel.choose("1;\n2;\n3;\nfirst()", "1\n2\n3\nfirst()"), store_history=False)
    marked = [line for line in result.traceback.split("\n") if line.startswith("-")]
    assert any("4 " in line and "first(" in line for line in marked), result.traceback


def test_thrown_values_that_cannot_be_described_end_the_cell(kernel):
    kernel.choose("")
    for thrown in (
        "Object.defineProperty(new Error('x'), 'message', { get() { throw 1 } })",
        "{ [Symbol.for('nodejs.util.inspect.custom')]() { throw 1 } }",
        "Object.assign(new Error('x'), { name: { toString() { throw 1 } } })",
    ):
        assert kernel.run(f"throw {thrown}", timeout=10).reply["status"] == "error"
    assert kernel.run("1 + 1").text == "2"


def test_thrown_values_that_are_no_errors_are_reported(kernel):
    kernel.choose("")
    assert kernel.run("throw 'text'").reply["evalue"] == "text"
    assert "code: 5" in kernel.run("throw { code: 5 }").reply["evalue"]
    assert kernel.run("throw undefined").reply["status"] == "error"


def test_node_modules_of_its_own_and_commonjs(kernel):
    kernel.choose("")
    assert kernel.run("import fs, { existsSync } from 'node:fs'; import * as path from 'path'; [existsSync('/'), fs.existsSync === existsSync, path.sep].join()").text == "'true,true,/'"
    assert kernel.run("typeof require('os').cpus").text == "'function'"


def package(folder, name, files):
    root = folder / "node_modules" / name
    root.mkdir(parents=True, exist_ok=True)
    for path, text in files.items():
        (root / path).parent.mkdir(parents=True, exist_ok=True)
        (root / path).write_text(text)


def test_es_only_packages_and_subpaths_through_exports(kernel):
    kernel.choose("")
    package(
        kernel.folder,
        "es-only",
        {
            "package.json": '{"name": "es-only", "version": "1.0.0", "type": "module", "exports": {".": {"types": "./index.d.ts", "import": "./index.js"}, "./sub/*": {"types": "./sub/*.d.ts", "import": "./sub/*.js"}}}',
            "index.js": "export const answer = 42; export default function hello() { return 'hello' }",
            "index.d.ts": "export declare const answer: number; export default function hello(): string;",
            "sub/deep.js": "export const deep = 'deep';",
            "sub/deep.d.ts": "export declare const deep: string;",
        },
    )
    assert kernel.run("import hello, { answer } from 'es-only'; import { deep } from 'es-only/sub/deep'; [hello(), answer, deep].join()").text == "'hello,42,deep'"
    assert kernel.run("const es = await import('es-only'); es.answer + es.default().length").text == "47"


def test_names_of_es_modules_are_read_at_each_use(kernel):
    kernel.choose("")
    package(
        kernel.folder,
        "es-live",
        {"package.json": '{"name": "es-live", "version": "1.0.0", "type": "module", "exports": "./index.mjs"}', "index.mjs": "export let count = 0; export function raise() { count++ }"},
    )
    kernel.run("// @ts-ignore\nimport * as live from 'es-live';\n// @ts-ignore\nimport { count, raise } from 'es-live'; raise()")
    assert kernel.run("[count, live.count].join()").text == "'1,1'"


def test_file_urls_are_imported_whatever_is_in_the_path(kernel):
    kernel.choose("")
    folder = kernel.folder / "a folder with %41 in it"
    folder.mkdir()
    (folder / "part.ts").write_text("export const part: number = 4;")
    result = kernel.run(f"import {{ pathToFileURL }} from 'url'; (await import(pathToFileURL({str(folder / 'part.ts')!r}).href)).part")
    assert result.text == "4", result.error


def test_an_edited_es_module_is_imported_anew(kernel):
    kernel.choose("")
    (kernel.folder / "edited.mjs").write_text("export const edition = 1;")
    assert kernel.run("import { edition } from './edited.mjs'; edition").text == "1"
    time.sleep(0.02)
    (kernel.folder / "edited.mjs").write_text("export const edition = 'second';")
    assert kernel.run("import { edition } from './edited.mjs'; edition").text == "'second'"


def test_modules_import_es_only_packages_statically_and_dynamically(kernel):
    kernel.choose("")
    package(
        kernel.folder,
        "es-late",
        {"package.json": '{"name": "es-late", "version": "1.0.0", "type": "module", "exports": "./index.js"}', "index.js": "export const late = 5;"},
    )
    (kernel.folder / "dynamic.ts").write_text("export async function load(): Promise<number> { const m = await import('es-late' as string); return m.late }")
    (kernel.folder / "static.ts").write_text("// @ts-ignore\nimport { late } from 'es-late';\nexport const twice: number = 2 * late;")
    assert kernel.run("import { load } from './dynamic'; await load()").text == "5"
    assert kernel.run("import { twice } from './static'; twice").text == "10"


def test_commonjs_packages_as_default_and_namespace(kernel):
    kernel.choose("")
    package(
        kernel.folder,
        "plain-cjs",
        {
            "package.json": '{"name": "plain-cjs", "version": "1.0.0", "main": "main.js", "types": "main.d.ts"}',
            "main.js": "module.exports = { one: 1 };",
            "main.d.ts": "declare const all: { one: number }; export = all;",
        },
    )
    assert kernel.run("import cjs from 'plain-cjs'; import { one } from 'plain-cjs'; cjs.one + one").text == "2"


def test_typescript_files_beside_and_above_the_notebook(kernel):
    kernel.choose("")
    (kernel.folder / "beside.ts").write_text("import { inner } from './lib/inner';\nexport const beside: number = inner + 1;\nexport type Row = { n: number };")
    (kernel.folder / "lib").mkdir()
    (kernel.folder / "lib" / "inner.ts").write_text("export const inner: number = 1;")
    (kernel.folder.parent / "above.ts").write_text("export function above<T>(value: T): T { return value }")
    assert kernel.run("import { beside, type Row } from './beside'; import { above } from '../above.js'; const row: Row = { n: beside }; above(row.n)").text == "2"
    assert kernel.run("above<string>(3)").reply["ename"] == "TypeCheckError"


def test_an_edited_module_and_its_dependants_are_imported_anew(kernel):
    kernel.choose("")
    for name in ("outer", "leaf", "other"):
        (kernel.folder / f"{name}.ts").write_text("")
    (kernel.folder / "leaf.ts").write_text("export const leaf: number = 1;")
    (kernel.folder / "outer.ts").write_text("export { leaf } from './leaf';")
    (kernel.folder / "other.ts").write_text("export const state = { count: 0 };")
    kernel.run("import { leaf } from './outer'; import { state } from './other'; state.count = 5; const kept = [leaf]")
    time.sleep(0.02)
    (kernel.folder / "leaf.ts").write_text("export const leaf: string = 'new';")
    result = kernel.run("import { leaf } from './outer'; import { state } from './other'; [leaf.toUpperCase(), state.count, kept[0]].join()")
    assert result.text == "'NEW,5,1'", result.error


def test_errors_in_modules_point_into_their_typescript(kernel):
    kernel.choose("")
    (kernel.folder / "broken.ts").write_text("interface Unused { x: number }\n\nexport function broken(): never {\n  throw new Error('inside');\n}")
    result = kernel.run("import { broken } from './broken';\nbroken()")
    assert "broken.ts:4:9" in result.traceback and ":2:" in result.traceback


def test_a_missing_module_is_an_error_and_found_once_it_is_there(kernel):
    kernel.choose("")
    assert kernel.run("import { late } from './late-module'").reply["status"] == "error"
    (kernel.folder / "late-module.ts").write_text("export const late = 1;")
    assert kernel.run("import { late } from './late-module'; late").text == "1"


def test_json_is_imported_with_its_type(kernel):
    kernel.choose("")
    (kernel.folder / "data.json").write_text('{"size": 3}')
    assert kernel.run("import data from './data.json'; data.size.toFixed(1)").text == "'3.0'"


def test_a_package_under_development_is_imported_from_its_source(kernel):
    kernel.choose("")
    root = kernel.folder / "project"
    (root / "src").mkdir(parents=True)
    (root / "package.json").write_text('{"name": "my-project", "exports": {".": {"source": "./src/index.ts", "default": "./dist/index.js"}}}')
    (root / "src" / "index.ts").write_text("export const live: number = 12;")
    (root / "node_modules" / "my-link").mkdir(parents=True)
    code = f"const project = require('module').createRequire({str(root / 'notebook.ts')!r}); project('my-project').live"
    assert kernel.run(code).text == "12"


def test_a_module_of_a_project_whose_package_json_exports_nothing(kernel):
    kernel.choose("")
    (kernel.folder / "application").mkdir()
    (kernel.folder / "application" / "package.json").write_text('{"name": "application"}')
    (kernel.folder / "application" / "part.ts").write_text("export const part: number = 3;")
    result = kernel.run("import { part } from './application/part'; part")
    assert result.text == "3", result.error


def test_an_installed_package_is_imported_as_it_was_packed(kernel):
    kernel.choose("")
    package(
        kernel.folder,
        "packed",
        {
            "package.json": '{"name": "packed", "version": "1.0.0", "exports": {".": {"source": "./src/index.ts", "default": "./dist/index.js"}}}',
            "src/index.ts": "export const from: string = 'source';",
            "dist/index.js": "exports.from = 'dist';",
            "dist/index.d.ts": "export declare const from: string;",
        },
    )
    assert kernel.run("import { from } from 'packed'; from").text == "'dist'"


def test_global_this_and_process_are_the_real_ones(kernel):
    kernel.choose("")
    assert kernel.run("(globalThis as any).mark = 5; process.cwd() === __dirname").text == "true"
    assert kernel.run("(globalThis as any).mark").text == "5"
