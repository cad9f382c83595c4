/**
 * A program that takes further cells after it was made. TypeScript makes a new type checker for every program, and each
 * merges the global declarations of a hundred library files anew: milliseconds, where a short cell needs none. But a
 * cell is a module that declares nothing global, and imports what is mostly there already: the checker at hand can check
 * it as one file more.
 *
 * This uses members of TypeScript that it doesn't declare: {@link InternalProgram}, {@link InternalFile}, `bindSourceFile`.
 */
import { isBuiltin } from 'node:module';
import ts from 'typescript';

type Resolution = ts.ResolvedModuleWithFailedLookupLocations;

interface InternalProgram extends ts.Program {
  getResolvedModule: (file: ts.SourceFile, name: string, mode: ts.ResolutionMode) => Resolution | undefined;
}

type InternalFile = ts.SourceFile & { path: string; resolvedPath: string };

const { bindSourceFile } = ts as unknown as {
  bindSourceFile: (file: ts.SourceFile, options: ts.CompilerOptions) => void;
};

/** Where cells and what they import are found. */
export interface CellSources {
  /** The text of an earlier cell; undefined for any other file. */
  cellText(file: string): string | undefined;
  resolve(name: string, containingFile: string): Resolution;
}

/** With so many cells, a new program is due, which has only those that are still referred to. */
const MAXIMUM_ADDED = 500;

export class GrowingProgram {
  private readonly added = new Map<string, ts.SourceFile>();
  private readonly imports = new Map<ts.SourceFile, Map<string, Resolution>>();

  constructor(
    readonly program: ts.Program,
    private readonly sources: CellSources,
  ) {
    // The checker asks the program for the files that imports mean.
    const internal = program as InternalProgram;
    const getSourceFile = internal.getSourceFile.bind(internal);
    const getResolvedModule = internal.getResolvedModule.bind(internal);
    internal.getSourceFile = name => this.added.get(name) ?? getSourceFile(name);
    internal.getResolvedModule = (file, name, mode) =>
      this.imports.get(file)?.get(name) ?? getResolvedModule(file, name, mode);
  }

  /** Adds a cell, and earlier cells that it imports. Undefined when it takes a new program: see {@link canBeAdded}, {@link importsOf}. */
  add(name: string, text: string): ts.SourceFile | undefined {
    const imports = this.importsOf(name, text);
    if (!imports || this.added.size >= MAXIMUM_ADDED) return undefined;
    const options = this.program.getCompilerOptions();
    const file = ts.createSourceFile(name, text, options.target ?? ts.ScriptTarget.ES2022) as InternalFile;
    if (!canBeAdded(file)) return undefined;
    file.path = file.resolvedPath = name;
    bindSourceFile(file, options);
    this.added.set(name, file);
    this.imports.set(file, imports);
    return file;
  }

  /** What a cell's imports mean; undefined unless all of them are files of the program, or cells that can be added. */
  private importsOf(cell: string, text: string): Map<string, Resolution> | undefined {
    const imports = new Map<string, Resolution>();
    for (const { fileName: name } of ts.preProcessFile(text).importedFiles) {
      if (isBuiltin(name)) continue;
      const resolution = this.sources.resolve(name, cell);
      const file = resolution.resolvedModule?.resolvedFileName;
      if (file === undefined || !this.has(file)) return undefined;
      imports.set(name, resolution);
    }
    return imports;
  }

  private has(file: string): boolean {
    if (this.program.getSourceFile(file)) return true;
    const text = this.sources.cellText(file);
    return text !== undefined && this.add(file, text) !== undefined;
  }
}

/** Whether a file's declarations are its own: nothing global, nothing for other modules, no libraries by reference. */
export function canBeAdded(file: ts.SourceFile): boolean {
  const { referencedFiles, typeReferenceDirectives, libReferenceDirectives } = file;
  const references = [referencedFiles, typeReferenceDirectives, libReferenceDirectives];
  return references.every(list => list.length === 0) && !file.statements.some(isAugmentation);
}

function isAugmentation(statement: ts.Statement): boolean {
  if (!ts.isModuleDeclaration(statement)) return false;
  return ts.isStringLiteral(statement.name) || (statement.flags & ts.NodeFlags.GlobalAugmentation) !== 0;
}
