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
const FORMAT = 3;
const EXTENSIONS = ['.ts', '.tsx', '.mts', '.cts'];
const ownFiles = __dirname + path.sep;

let folder;

/** The folder of the transpiled files: beside the installed packages or, where that is read-only, in the user's cache. */
function cacheFolder() {
  if (folder) return folder;
  const userCache = process.env.XDG_CACHE_HOME ?? path.join(os.homedir(), '.cache');
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

/** TypeScript to CommonJS. */
function transpile(text, filename) {
  const ts = require('typescript');
  const { outputText, diagnostics } = ts.transpileModule(text, {
    fileName: filename,
    reportDiagnostics: true,
    transformers: { before: transformers(filename) },
    compilerOptions: {
      module: ts.ModuleKind.CommonJS,
      target: ts.ScriptTarget.ES2022,
      esModuleInterop: true,
      jsx: ts.JsxEmit.React,
      inlineSourceMap: true,
    },
  });
  const error = diagnostics.find(({ file, start }) => file !== undefined && start !== undefined);
  if (error) throw syntaxError(ts, error, filename);
  return outputText;
}

/** The JavaScript of a TypeScript file, from the cache when its text was seen before. */
function javaScriptOf(filename) {
  const text = fs.readFileSync(filename, 'utf8');
  const key = createHash('sha256').update(`${FORMAT}\0${filename}\0${text}`).digest('hex');
  const cached = path.join(cacheFolder(), `${key}.js`);
  try {
    return fs.readFileSync(cached, 'utf8');
  } catch {
    const output = transpile(text, filename);
    const temporary = `${cached}.${process.pid}.${Math.random().toString(36).slice(2)}`;
    fs.writeFileSync(temporary, output);
    fs.renameSync(temporary, cached);
    return output;
  }
}

/** Makes `require` understand TypeScript in this thread. */
function register() {
  for (const extension of EXTENSIONS) {
    Module._extensions[extension] = (module, filename) => module._compile(javaScriptOf(filename), filename);
  }
}

module.exports = { javaScriptOf, register };
