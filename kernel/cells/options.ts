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

/** The options of the nearest `tsconfig.json` in the notebook's folder or above it; none when there is no such file. */
function projectOptions(folder: string): ts.CompilerOptions {
  const file = ts.findConfigFile(folder, name => ts.sys.fileExists(name));
  if (file === undefined) return {};
  const { config } = ts.readConfigFile(file, name => ts.sys.readFile(name)) as { config?: object };
  // The files of the project are not asked for: a cell brings in what it imports.
  const parsed = ts.parseJsonConfigFileContent(
    { ...config, files: [], include: [], references: [] },
    ts.sys,
    path.dirname(file),
  );
  return Object.fromEntries(Object.entries(parsed.options).filter(([name]) => !ignored.includes(name)));
}

/** The compiler options for notebooks in `folder`. Without a `tsconfig.json`, checking is not strict, as in tslab. */
export function compilerOptions(folder: string, kernelFolder: string): ts.CompilerOptions {
  const project = projectOptions(folder);
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
