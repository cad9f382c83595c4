/**
 * Lets `require` load TypeScript: each file is transpiled to CommonJS once and kept on disk under a hash of its
 * text, so that a kernel starts, and a notebook's modules load, without loading the compiler.
 */
'use strict';

const { createHash } = require('node:crypto');
const fs = require('node:fs');
const Module = require('node:module');
const os = require('node:os');
const path = require('node:path');

/** Part of the cache's key: change it when {@link transpile} makes other JavaScript from the same text. */
const FORMAT = 4;
const UNUSED_MILLISECONDS = 30 * 24 * 60 * 60 * 1_000;
const EXTENSIONS = ['.ts', '.tsx', '.mts', '.cts'];
const ownFiles = __dirname + path.sep;

let folder;

/** The folder of the transpiled files: beside the installed packages or, where that is read-only, in the user's cache. */
function cacheFolder() {
  if (folder) return folder;
  const userCache = process.env.XDG_CACHE_HOME || path.join(os.homedir(), '.cache');
  const candidates = [path.join(__dirname, '..', 'node_modules', '.cache'), userCache, os.tmpdir()];
  for (const candidate of candidates) {
    try {
      folder = path.join(candidate, 'typescript-kernel');
      fs.mkdirSync(folder, { recursive: true });
      fs.accessSync(folder, fs.constants.W_OK);
      return folder;
    } catch {
      // Try the next one.
    }
  }
  throw new Error(
    `The kernel needs a folder that it can write to; none of these is: ${candidates.join(', ')}`,
  );
}

/** The first syntax error of a file, as V8 would report one. */
function syntaxError(ts, diagnostic, filename) {
  const { line, character } = diagnostic.file.getLineAndCharacterOfPosition(diagnostic.start);
  const message = ts.flattenDiagnosticMessageText(diagnostic.messageText, '\n');
  return new SyntaxError(`${filename}:${line + 1}:${character + 1} - ${message}`);
}

/**
 * What a notebook's modules get besides: imports that load ES-only packages and, unless they are a library's, awaits that an
 * interrupt can stop. A library stops by interruptSignal() and then saves and cleans up, as it does where it is installed.
 */
function transformers(filename) {
  if (filename.startsWith(ownFiles)) return [];
  const imports = require('./cells/dynamic-imports').kernelImports;
  return isLibrarySource(filename) ? [imports] : [require('./cells/awaits').guardAwaits, imports];
}

/** Whether a file lies in the folder of the source that a package under development exports (condition "source"). */
function isLibrarySource(filename) {
  const { resolveExports } = require('./runtime/exports');
  for (let folder = path.dirname(filename); folder !== path.dirname(folder); folder = path.dirname(folder)) {
    const manifest = path.join(folder, 'package.json');
    if (!fs.existsSync(manifest)) continue;
    const source = resolveExports(JSON.parse(fs.readFileSync(manifest, 'utf8')).exports, '.', ['source']);
    return source !== undefined && filename.startsWith(path.join(folder, path.dirname(source)) + path.sep);
  }
  return false;
}

/** The nearest `tsconfig.json` of a notebook's module; the kernel's own files need none. */
function configOf(filename) {
  if (filename.startsWith(ownFiles)) return undefined;
  for (let folder = path.dirname(filename); ; folder = path.dirname(folder)) {
    const config = path.join(folder, 'tsconfig.json');
    if (fs.existsSync(config)) return config;
    if (folder === path.dirname(folder)) return undefined;
  }
}

/** TypeScript to CommonJS, in the dialect that a `tsconfig.json` asks for. */
function transpile(text, filename, config) {
  const ts = require('typescript');
  const dialect = config === undefined ? {} : require('./cells/options').dialectOf(config);
  const { outputText, diagnostics } = ts.transpileModule(text, {
    fileName: filename,
    reportDiagnostics: true,
    transformers: { before: transformers(filename) },
    compilerOptions: {
      jsx: ts.JsxEmit.React,
      ...dialect,
      module: ts.ModuleKind.CommonJS,
      target: ts.ScriptTarget.ES2022,
      esModuleInterop: true,
      inlineSourceMap: true,
    },
  });
  const error = diagnostics.find(({ file, start }) => file !== undefined && start !== undefined);
  if (error) throw syntaxError(ts, error, filename);
  return outputText;
}

/** The JavaScript of a TypeScript file, from the cache when its text was seen before, with the same `tsconfig.json`. */
function javaScriptOf(filename) {
  const text = fs.readFileSync(filename, 'utf8');
  const config = configOf(filename);
  const configText = config === undefined ? '' : fs.readFileSync(config, 'utf8');
  const key = createHash('sha256')
    .update([FORMAT, filename, text, config, configText].join('\0'))
    .digest('hex');
  const cached = path.join(cacheFolder(), `${key}.js`);
  try {
    return fs.readFileSync(cached, 'utf8');
  } catch {
    const output = transpile(text, filename, config);
    const temporary = `${cached}.${process.pid}.${Math.random().toString(36).slice(2)}`;
    fs.writeFileSync(temporary, output);
    fs.renameSync(temporary, cached);
    return output;
  }
}

/** Removes what no kernel has read for a month. */
function pruneCache(folder = cacheFolder()) {
  const oldest = Date.now() - UNUSED_MILLISECONDS;
  for (const name of fs.readdirSync(folder)) {
    const file = path.join(folder, name);
    try {
      const { atimeMs, mtimeMs } = fs.statSync(file);
      if (Math.max(atimeMs, mtimeMs) < oldest) fs.rmSync(file);
    } catch {
      // Another kernel has removed it, or it is another user's.
    }
  }
}

/** Makes `require` understand TypeScript in this thread. */
function register() {
  for (const extension of EXTENSIONS) {
    Module._extensions[extension] = (module, filename) => module._compile(javaScriptOf(filename), filename);
  }
}

module.exports = { javaScriptOf, pruneCache, register };
