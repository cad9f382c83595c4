/**
 * Where `require` finds modules for a notebook, beyond what Node does by itself:
 * - names that the `paths` of the notebook's tsconfig.json are for;
 * - a package under development (its files are not inside node_modules) is its TypeScript source, which its exports
 *   name under the condition "source";
 * - packages that export themselves to `import` only;
 * - `./x.js` where there is `./x.ts`, as TypeScript allows;
 * - what the notebook's folder doesn't have may come with the kernel's own package.
 * The type checker follows the same rules (cells/resolution.ts).
 */
import fs from 'node:fs';
import Module, { isBuiltin } from 'node:module';
import path from 'node:path';
import { resolveExports } from './exports';
import { placesOf } from './paths';

type Resolve = (
  request: string,
  parent: NodeJS.Module | undefined,
  isMain?: boolean,
  options?: object,
) => string;

const SOURCE_CONDITIONS = ['source', 'node', 'require', 'import'];
const IMPORT_CONDITIONS = ['node', 'import', 'module-sync'];
const kernelFolder = path.join(__dirname, '..');
const tslab = path.join(kernelFolder, 'display', 'tslab.ts');

interface Package {
  readonly folder: string;
  readonly manifest: { readonly name?: string; readonly exports?: unknown; readonly main?: string };
}

function readPackage(folder: string): Package | undefined {
  try {
    const manifest = JSON.parse(
      fs.readFileSync(path.join(folder, 'package.json'), 'utf8'),
    ) as Package['manifest'];
    return { folder: fs.realpathSync(folder), manifest };
  } catch {
    return undefined;
  }
}

/** The package that a name means in a folder: the one that the folder is in, if it has the name, or an installed one. */
function findPackage(name: string, folder: string): Package | undefined {
  for (let above = folder; ; above = path.dirname(above)) {
    const self = readPackage(above);
    if (self?.manifest.name === name && self.manifest.exports !== undefined) return self;
    const installed = readPackage(path.join(above, 'node_modules', name));
    if (installed) return installed;
    if (above === path.dirname(above)) return undefined;
  }
}

function exportedFile(
  request: string,
  folder: string,
  conditions: readonly string[],
  accept: (found: Package) => boolean,
): string | undefined {
  const [, name, rest] = /^((?:@[^/]+\/)?[^/]+)(.*)$/.exec(request) ?? [];
  const found = name === undefined ? undefined : findPackage(name, folder);
  if (!found || !accept(found)) return undefined;
  const target = resolveExports(found.manifest.exports, `.${rest}`, conditions);
  return target === undefined ? undefined : path.join(found.folder, target);
}

const isUnderDevelopment = ({ folder }: Package) => !folder.includes(`${path.sep}node_modules${path.sep}`);

/** The TypeScript source of a package under development. */
function developedSource(request: string, folder: string): string | undefined {
  const file = exportedFile(request, folder, SOURCE_CONDITIONS, isUnderDevelopment);
  return file !== undefined && fs.existsSync(file) ? file : undefined;
}

function typescriptTwin(request: string, folder: string): string | undefined {
  const twin = path.resolve(folder, request.replace(/js$/, 'ts'));
  return /\.[cm]?js$/.test(request) && fs.existsSync(twin) ? twin : undefined;
}

/** Whether a folder is of the user's project: neither an installed package nor the kernel. */
function isProject(folder: string): boolean {
  const inside = `${folder}${path.sep}`;
  return (
    !inside.includes(`${path.sep}node_modules${path.sep}`) && !inside.startsWith(kernelFolder + path.sep)
  );
}

const isPath = (request: string) => request.startsWith('.') || path.isAbsolute(request);

/** Adds the rules above to `require`. @param kernelModule a module of the kernel's package, the last place to look. */
export function installResolution(kernelModule: NodeJS.Module): void {
  const loader = Module as unknown as { _resolveFilename: Resolve };
  const original = loader._resolveFilename.bind(Module);
  const otherwise = (
    error: unknown,
    request: string,
    folder: string,
    parent: NodeJS.Module | undefined,
  ): string => {
    const { code } = error as { code?: string };
    if (code === 'ERR_PACKAGE_PATH_NOT_EXPORTED') {
      const file = exportedFile(request, folder, IMPORT_CONDITIONS, () => true);
      if (file !== undefined) return file;
    }
    if (code !== 'MODULE_NOT_FOUND') throw error;
    if (isPath(request)) {
      const twin = typescriptTwin(request, folder);
      if (twin !== undefined) return twin;
    } else if (parent !== kernelModule) {
      return fromKernel(error, request);
    }
    throw error;
  };
  const fromKernel = (error: unknown, request: string): string => {
    try {
      return loader._resolveFilename(request, kernelModule);
    } catch {
      throw error;
    }
  };
  /** The first of the places that has a module. */
  const firstOf = (places: readonly string[], parent: NodeJS.Module | undefined): string | undefined => {
    for (const place of places) {
      try {
        return loader._resolveFilename(place, parent);
      } catch {
        // The next one.
      }
    }
    return undefined;
  };
  loader._resolveFilename = (request, parent, isMain, options) => {
    if (request === 'tslab') return tslab;
    const folder = parent?.filename ? path.dirname(parent.filename) : process.cwd();
    if (!isPath(request) && !isBuiltin(request)) {
      const mapped = isProject(folder) ? firstOf(placesOf(request), parent) : undefined;
      const source = mapped ?? developedSource(request, folder);
      if (source !== undefined) return source;
    }
    try {
      return original(request, parent, isMain, options);
    } catch (error) {
      return otherwise(error, request, folder, parent);
    }
  };
}
