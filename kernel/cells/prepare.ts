/**
 * Transpiles the project's modules that cells import before the main thread asks for them: the compiler is loaded in
 * this thread already, and the other one is spared its 60 MB.
 */
interface Hook {
  readonly javaScriptOf: (filename: string) => string;
}

// eslint-disable-next-line @typescript-eslint/no-require-imports -- plain JavaScript without types
const { javaScriptOf } = require('../typescript-hook.cjs') as Hook;
const prepared = new Map<string, string>();

/** Puts every TypeScript module among the files (with their versions) that is new or was edited into the cache of the require hook. */
export function prepareModules(files: ReadonlyMap<string, string>): void {
  for (const [file, version] of files) {
    if (prepared.get(file) === version) continue;
    prepared.set(file, version);
    try {
      if (/(?<!\.d)\.[cm]?tsx?$/.test(file)) javaScriptOf(file);
    } catch {
      // A syntax error: reported where the module is loaded.
    }
  }
}
