/** The compiler options of a notebook: its `tsconfig.json` where there is one, with what cells need on top. */
import path from 'node:path';
import ts from 'typescript';

/** The condition under which a package under development exports its TypeScript. */
export const SOURCE_CONDITION = 'source';

/** What holds for every notebook: cells are modules for a bundler-like loader, and are not refused for their style. */
const required: ts.CompilerOptions = {
  module: ts.ModuleKind.ESNext,
  moduleResolution: ts.ModuleResolutionKind.Bundler,
  moduleDetection: ts.ModuleDetectionKind.Force,
  allowImportingTsExtensions: true,
  resolveJsonModule: true,
  esModuleInterop: true,
  allowJs: true,
  checkJs: false,
  skipLibCheck: true,
  sourceMap: true,
  removeComments: true,
  isolatedModules: false,
  verbatimModuleSyntax: false,
  importHelpers: false,
  preserveConstEnums: true,
  noEmit: false,
  noEmitHelpers: false,
  noUnusedLocals: false,
  noUnusedParameters: false,
  noImplicitReturns: false,
  allowUnusedLabels: true,
  allowUnreachableCode: true,
  declaration: false,
  composite: false,
  incremental: false,
  inlineSourceMap: false,
};

/** Options of a tsconfig that concern a build and have no meaning for cells. */
const ignored = [
  'outDir',
  'rootDir',
  'tsBuildInfoFile',
  'outFile',
  'emitDeclarationOnly',
  'declarationMap',
  'baseUrl',
  'configFilePath',
];

/** The library of the running Node: what it implements and no more. */
function defaultLibrary(): string[] {
  const major = Number(process.versions.node.split('.')[0]);
  return [`lib.${major >= 22 ? 'es2024' : 'es2023'}.d.ts`, 'lib.esnext.disposable.d.ts'];
}

/** What a notebook's `tsconfig.json` says, and the files that say it: itself, and those that it extends. */
interface Project {
  readonly options: ts.CompilerOptions;
  readonly files: ReadonlyMap<string, number>;
}

/** The nearest `tsconfig.json` in the notebook's folder or above it. */
function findProject(folder: string): string | undefined {
  return ts.findConfigFile(folder, name => ts.sys.fileExists(name));
}

function modificationTime(file: string): number {
  return ts.sys.getModifiedTime?.(file)?.getTime() ?? 0;
}

function readProject(file: string | undefined): Project {
  const files = new Map<string, number>();
  if (file === undefined) return { options: {}, files };
  const readFile = (name: string) => {
    files.set(name, modificationTime(name));
    return ts.sys.readFile(name);
  };
  const { config } = ts.readConfigFile(file, readFile) as { config?: object };
  // The files of the project are not asked for: a cell brings in what it imports.
  const { options } = ts.parseJsonConfigFileContent(
    { ...config, files: [], include: [], references: [] },
    { ...ts.sys, readFile },
    path.dirname(file),
  );
  const kept = Object.fromEntries(Object.entries(options).filter(([name]) => !ignored.includes(name)));
  return { options: { ...kept, paths: absolutePaths(options, path.dirname(file)) }, files };
}

/** The `paths` with their places written out, for the checker and the loader alike. */
function absolutePaths(options: ts.CompilerOptions, folder: string): ts.MapLike<string[]> | undefined {
  const base = options.baseUrl ?? (options.pathsBasePath as string | undefined) ?? folder;
  const entries = Object.entries(options.paths ?? {});
  if (entries.length === 0) return undefined;
  return Object.fromEntries(
    entries.map(([name, places]) => [name, places.map(place => path.resolve(base, place))]),
  );
}

/** Options that decide what code means when it runs, rather than whether it is right. */
const dialect = [
  'experimentalDecorators',
  'emitDecoratorMetadata',
  'useDefineForClassFields',
  'jsx',
  'jsxFactory',
  'jsxFragmentFactory',
  'jsxImportSource',
];

/** What of a `tsconfig.json` holds for modules when they run (typescript-hook.cjs). */
export function dialectOf(file: string): ts.CompilerOptions {
  const { target = ts.ScriptTarget.ES2022, ...options } = readProject(file).options;
  const kept = Object.entries(options).filter(([name]) => dialect.includes(name));
  const leavesJsx = options.jsx === ts.JsxEmit.Preserve || options.jsx === ts.JsxEmit.ReactNative;
  return {
    useDefineForClassFields: target >= ts.ScriptTarget.ES2022,
    ...Object.fromEntries(kept),
    // Left as it is, it cannot be run.
    ...(leavesJsx && { jsx: ts.JsxEmit.React }),
  };
}

function withDefaults(project: ts.CompilerOptions, folder: string, kernelFolder: string): ts.CompilerOptions {
  const typeRoots = ts.getEffectiveTypeRoots(project, { getCurrentDirectory: () => folder }) ?? [];
  return {
    strict: false,
    target: ts.ScriptTarget.ES2022,
    lib: defaultLibrary(),
    jsx: ts.JsxEmit.React,
    ...project,
    types: [...new Set(['node', ...(project.types ?? [])])],
    typeRoots: [...(project.typeRoots ?? typeRoots), path.join(kernelFolder, '..', 'node_modules', '@types')],
    ...required,
  };
}

/** The compiler options for notebooks in a folder. Without a `tsconfig.json`, checking is not strict, as in tslab. */
export class NotebookOptions {
  /** The options as of the last {@link refresh}. */
  current: ts.CompilerOptions = {};
  private file: string | undefined;
  private project: Project | undefined;

  constructor(
    private readonly folder: string,
    private readonly kernelFolder: string,
  ) {
    this.refresh();
  }

  /** Reads the `tsconfig.json` again if it was edited, and says whether it was. */
  refresh(): boolean {
    const file = findProject(this.folder);
    if (this.project && file === this.file && isUnchanged(this.project)) return false;
    this.file = file;
    this.project = readProject(file);
    this.current = withDefaults(this.project.options, this.folder, this.kernelFolder);
    return true;
  }
}

function isUnchanged({ files }: Project): boolean {
  return [...files].every(([file, time]) => modificationTime(file) === time);
}
