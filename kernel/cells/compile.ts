/** From the text of a cell to JavaScript, or to the errors that the type checker found. */
import ts from 'typescript';
import type { Paths } from '../runtime/paths';
import { guardAwaits } from './awaits';
import { compileError, type CompileError } from './diagnostics';
import { parseCell, Scope, type ParsedCell } from './scope';
import type { CellService } from './service';
import { shareNames, type CellNames } from './transform';

/** A cell that can be run. */
export interface CompiledCell {
  /** The body of an async function: see runtime/run.ts for the names that it uses. */
  readonly javaScript: string;
  readonly sourceMap: string;
  /** How the modules that the code imports by name are found: see runtime/paths.ts. */
  readonly paths: Paths;
}

export type CompileResult = { readonly compiled: CompiledCell } | { readonly error: CompileError };

/** The cell compiler of one notebook. */
export class CellCompiler {
  readonly scope = new Scope();
  /** The cell that was compiled last, until it is known which of its names it has declared. */
  private pending:
    { cell: number; parsed: ParsedCell; text: string; values: ReadonlySet<string> } | undefined;

  constructor(readonly service: CellService) {}

  /** Checks and compiles a cell. Its names are visible to later cells once they are committed. */
  compile(cell: number, code: string, label: string): CompileResult {
    const parsed = parseCell(code);
    const text = this.scope.moduleText(parsed, 'mentioned');
    const { program, file } = this.service.programWith(cell, text);
    const diagnostics = errorsOf(program, file, parsed);
    if (diagnostics.length > 0) return { error: compileError(diagnostics, code, label, this.service.folder) };
    this.pending = { cell, parsed, text, values: valueNames(file, parsed, program.getTypeChecker()) };
    return { compiled: emit(program, file, parsed) };
  }

  /** Makes the names of a cell visible: its types, and those of its values that it has reached (`declared`). */
  commit(cell: number, declared: readonly string[]): void {
    if (this.pending?.cell !== cell) return;
    const { parsed, text, values } = this.pending;
    const names = [...parsed.declared].filter(([name]) => !values.has(name) || declared.includes(name));
    if (names.length === 0) return;
    this.service.keep(cell, text);
    this.scope.declare(cell, names);
  }
}

function errorsOf(program: ts.Program, file: ts.SourceFile, { code }: ParsedCell): readonly ts.Diagnostic[] {
  const syntactic = program.getSyntacticDiagnostics(file);
  if (syntactic.length > 0) return syntactic;
  const semantic = program.getSemanticDiagnostics(file);
  return semantic.filter(({ start }) => start === undefined || start < code.length);
}

function emit(program: ts.Program, file: ts.SourceFile, parsed: ParsedCell): CompiledCell {
  let javaScript = '';
  let sourceMap = '';
  const write = (name: string, text: string) => {
    if (name.endsWith('.map')) sourceMap = text;
    else javaScript = text;
  };
  const names = cellNames(file, program.getTypeChecker(), parsed);
  program.emit(file, write, undefined, false, { before: [shareNames(names), guardAwaits] });
  const { paths = {} } = program.getCompilerOptions();
  return { javaScript: withoutFooter(javaScript), sourceMap, paths };
}

/** Removes what a module ends with and the body of a function must not contain. */
function withoutFooter(javaScript: string): string {
  return javaScript.replace(/(^|\n)(export \{\s*\};?\s*)?(\/\/# sourceMappingURL=\S*\s*)?$/, '');
}

/** The binder's table of the file's top-level names, which TypeScript keeps internal. */
function localNames(file: ts.SourceFile): Map<string, ts.Symbol> {
  return (file as { locals?: Map<string, ts.Symbol> }).locals ?? new Map<string, ts.Symbol>();
}

function resolved(symbol: ts.Symbol, checker: ts.TypeChecker): ts.Symbol {
  return symbol.flags & ts.SymbolFlags.Alias ? checker.getAliasedSymbol(symbol) : symbol;
}

function exists(symbol: ts.Symbol, checker: ts.TypeChecker): boolean {
  const target = resolved(symbol, checker);
  // An import that could not be resolved (an `any` module) is taken for a value.
  return (target.flags & ts.SymbolFlags.Value) !== 0 || checker.isUnknownSymbol(target);
}

function isValueName(file: ts.SourceFile, name: string, checker: ts.TypeChecker): boolean {
  const symbol = localNames(file).get(name);
  return symbol !== undefined && exists(symbol, checker);
}

/** The names of the cell that exist at run time. */
function valueNames(file: ts.SourceFile, { declared }: ParsedCell, checker: ts.TypeChecker): Set<string> {
  return new Set([...declared.keys()].filter(name => isValueName(file, name, checker)));
}

function cellNames(file: ts.SourceFile, checker: ts.TypeChecker, { code, declared }: ParsedCell): CellNames {
  const shared = new Set<ts.Declaration>();
  for (const [name, symbol] of localNames(file)) {
    const isEarlier = symbol.declarations?.some(declaration => declaration.getStart(file) >= code.length);
    if (declared.has(name) || isEarlier) symbol.declarations?.forEach(declaration => shared.add(declaration));
  }
  const symbolOf = (identifier: ts.Identifier) =>
    ts.isShorthandPropertyAssignment(identifier.parent)
      ? checker.getShorthandAssignmentValueSymbol(identifier.parent)
      : checker.getSymbolAtLocation(identifier);
  return {
    length: code.length,
    sharedDeclaration: identifier =>
      symbolOf(identifier)?.declarations?.find(declaration => shared.has(declaration)),
    isValue: name => isValueName(file, name.text, checker),
  };
}
