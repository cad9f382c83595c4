/**
 * Where the type checker finds an imported module. As the loader at run time (runtime/resolve.ts): a package under
 * development, outside node_modules, is its TypeScript source (condition "source" of its exports); what the notebook's
 * folder does not have may come with the kernel's own package.
 */
import { isBuiltin } from 'node:module';
import path from 'node:path';
import ts from 'typescript';
import { SOURCE_CONDITION } from './options';

/** Resolves module names for the type checker. */
export interface ModuleResolver {
  resolve(name: string, containingFile: string): ts.ResolvedModuleWithFailedLookupLocations;
  /** Whether an import of the file was not found when last looked for. */
  hasUnresolved(file: string): boolean;
  /** What is known of installed packages, for the language service to share. */
  readonly cache: ts.ModuleResolutionCache;
}

const nothing: ts.ResolvedModuleWithFailedLookupLocations = { resolvedModule: undefined };

/** Whether a file belongs to an installed package, which doesn't change during a session. */
export const isInstalled = (file: string): boolean => file.includes('/node_modules/');

/** @param isCell tells the virtual files, which are not on disk. */
export function createModuleResolver(
  options: ts.CompilerOptions,
  folder: string,
  kernelFolder: string,
  isCell: (file: string) => boolean,
): ModuleResolver {
  const host: ts.ModuleResolutionHost = {
    ...ts.sys,
    fileExists: file => isCell(file) || ts.sys.fileExists(file),
  };
  const sourceOptions = {
    ...options,
    customConditions: [...(options.customConditions ?? []), SOURCE_CONDITION],
  };
  // The paths of a tsconfig.json are for the project's own imports.
  const packageOptions = { ...options, paths: undefined };
  const cache = ts.createModuleResolutionCache(folder, file => file, packageOptions);
  const kernelFile = path.join(kernelFolder, 'main.ts');
  const found = new Map<string, ts.ResolvedModuleWithFailedLookupLocations>();
  const unresolved = new Map<string, Set<string>>();

  const fromProject = (name: string, file: string) => {
    const source = ts.resolveModuleName(name, file, sourceOptions, host);
    const isPackage = source.resolvedModule && isInstalled(source.resolvedModule.resolvedFileName);
    return isPackage ? ts.resolveModuleName(name, file, options, host) : source;
  };
  const search = (name: string, file: string) => {
    if (name === 'tslab') return ts.resolveModuleName('./display/tslab', kernelFile, options, host);
    const result = fromProject(name, file);
    return result.resolvedModule || name.startsWith('.') ? result : fromProject(name, kernelFile);
  };
  const remembered = (name: string, file: string) => {
    const key = `${path.dirname(file)}\0${name}`;
    // A module that was not found may be written or installed at any time: only what was found is remembered.
    const result = found.get(key) ?? search(name, file);
    if (result.resolvedModule) {
      found.set(key, result);
      unresolved.get(file)?.delete(name);
    } else unresolved.set(file, (unresolved.get(file) ?? new Set()).add(name));
    return result;
  };

  return {
    cache,
    hasUnresolved: file => (unresolved.get(file)?.size ?? 0) > 0,
    resolve(name, file) {
      // Node's own modules are declared by @types/node and have no file.
      if (isBuiltin(name)) return nothing;
      return isInstalled(file)
        ? ts.resolveModuleName(name, file, packageOptions, host, cache)
        : remembered(name, file);
    },
  };
}
