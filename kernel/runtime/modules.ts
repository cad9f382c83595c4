/**
 * The modules that cells import: CommonJS and TypeScript through `require`, ES-only packages through `import()`, and
 * the notebook's own files at their newest.
 */
import fs from 'node:fs';
import Module, { createRequire } from 'node:module';
import path from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { types } from 'node:util';
import { forgetModule } from './stack';

type Load = (module: NodeJS.Module, filename: string) => void;
type ModuleObject = Record<string, unknown>;

// eslint-disable-next-line @typescript-eslint/no-require-imports -- plain JavaScript without types
const { nativeImport } = require('../native-import.cjs') as {
  nativeImport: (url: string) => Promise<ModuleObject>;
};
const kernelFolder = path.join(__dirname, '..') + path.sep;
const extensions = (Module as unknown as { _extensions: Record<string, Load> })._extensions;
const esOnlyCodes = ['ERR_REQUIRE_ESM', 'ERR_REQUIRE_ASYNC_MODULE', 'ERR_REQUIRE_CYCLE_MODULE'];

/** ES modules that were imported so that `require` can have them. */
const imported = new Map<string, ModuleObject>();
/** Those of them that were edited since, and are loaded by another URL. */
const edited = new Set<string>();
/** When each file of the project was loaded: its modification time then. */
const loadedVersions = new Map<string, number>();

/** Thrown through `require` when it meets a file that only `import()` can load. */
class NeedsImport extends Error {
  constructor(
    readonly file: string,
    cause: unknown,
  ) {
    super(`${file} is an ES module that require() cannot load`, { cause });
  }
}

const isProjectFile = (file: string) =>
  !file.includes(`${path.sep}node_modules${path.sep}`) && !file.startsWith(kernelFolder);

function modificationTime(file: string): number {
  return fs.statSync(file, { throwIfNoEntry: false })?.mtimeMs ?? 0;
}

function wrap(load: Load): Load {
  return (module, filename) => {
    const namespace = imported.get(filename);
    if (namespace) {
      module.exports = namespace;
      return;
    }
    if (isProjectFile(filename)) loadedVersions.set(filename, modificationTime(filename));
    try {
      load(module, filename);
    } catch (error) {
      const isEsOnly = esOnlyCodes.includes((error as { code?: string }).code ?? '');
      throw isEsOnly ? new NeedsImport(filename, error) : error;
    }
  };
}

/** Prepares `require`; call once. */
export function installModules(): void {
  for (const extension of Object.keys(extensions)) extensions[extension] = wrap(extensions[extension]);
  extensions['.mjs'] = wrap((_, filename) => {
    throw new NeedsImport(filename, undefined);
  });
}

/** Loads a module for code in `folder`. */
export async function importModule(specifier: string, folder: string): Promise<ModuleObject> {
  if (/^(data|https?):/.test(specifier)) return asModule(await nativeImport(specifier));
  reloadEdited();
  const require = createRequire(path.join(folder, 'cell.ts'));
  const request = specifier.startsWith('file:') ? fileURLToPath(specifier) : specifier;
  for (;;) {
    try {
      return require(request) as ModuleObject;
    } catch (error) {
      if (!(error instanceof NeedsImport) || imported.has(error.file)) throw error;
      imported.set(error.file, asModule(await nativeImport(newestUrl(error.file))));
    }
  }
}

/** The URL of an ES module: of an edited one another, for Node keeps what it has loaded from the first. */
function newestUrl(file: string): string {
  const { href } = pathToFileURL(file);
  return edited.has(file) ? `${href}?edited=${modificationTime(file)}` : href;
}

/** What `import(specifier)` gives to code in `folder`. */
export async function importNamespace(specifier: string, folder: string): Promise<ModuleObject> {
  return namespaceOf(await importModule(specifier, folder));
}

/** An ES module as code that was compiled to CommonJS expects it. */
function asModule(namespace: ModuleObject): ModuleObject {
  return withMembersOf(namespace, { __esModule: true });
}

/** Adds the properties of a module that an object doesn't have yet; each is read from the module at each use. */
function withMembersOf(module: ModuleObject, object: ModuleObject): ModuleObject {
  for (const key of Object.keys(module)) {
    if (Object.hasOwn(object, key)) continue;
    Object.defineProperty(object, key, { get: () => module[key], enumerable: true });
  }
  return object;
}

/** What `import x from` gives: the default export, or the whole of a CommonJS module. */
export function defaultOf(module: ModuleObject): unknown {
  return isEsModule(module) ? module.default : module;
}

const namespaces = new WeakMap<object, ModuleObject>();

/** What `import * as x from` gives: the module; for CommonJS, its properties and itself as `default`. */
export function namespaceOf(module: ModuleObject): ModuleObject {
  if (isEsModule(module) || module === null || (typeof module !== 'object' && typeof module !== 'function'))
    return module;
  let namespace = namespaces.get(module);
  if (!namespace) {
    namespace = withMembersOf(module, { default: module });
    namespaces.set(module, namespace);
  }
  return namespace;
}

function isEsModule(module: ModuleObject): boolean {
  return types.isModuleNamespaceObject(module) || Boolean(module?.__esModule);
}

/**
 * Drops the modules that were edited since they were loaded, and those that depend on them, so that the next import
 * loads them again; everything else, and the notebook's variables, stay. So do modules whose loading was cut short.
 */
function reloadEdited(): void {
  const cache = createRequire(__filename).cache;
  const stale = new Set<string>();
  for (const [file, version] of loadedVersions) {
    if (cache[file]?.loaded === false || modificationTime(file) !== version) stale.add(file);
  }
  if (stale.size === 0) return;
  for (let size = -1; size !== stale.size;) {
    size = stale.size;
    for (const module of Object.values(cache)) {
      if (
        module &&
        isProjectFile(module.filename) &&
        module.children.some(child => stale.has(child.filename))
      ) {
        stale.add(module.filename);
      }
    }
  }
  for (const file of stale) {
    if (imported.delete(file)) edited.add(file);
    delete cache[file];
    loadedVersions.delete(file);
    forgetModule(file);
  }
}
