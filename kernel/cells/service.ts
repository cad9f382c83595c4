/**
 * TypeScript's language service over the cells: virtual files in the notebook's folder, real files everywhere else.
 * It is incremental: a cell is checked against what is already parsed, and only files that changed are read again.
 */
import path from 'node:path';
import ts from 'typescript';
import { createModuleResolver, isInstalled, type ModuleResolver } from './resolution';
import { compilerOptions } from './options';
import { cellModule } from './scope';

/** The host as the service reads it: with two members that TypeScript declares for its other hosts only. */
interface ServiceHost extends ts.LanguageServiceHost {
  getModuleResolutionCache(): ts.ModuleResolutionCache;
  hasInvalidatedResolutions(file: ts.Path): boolean;
}

interface VirtualFile {
  text: string;
  version: number;
}

/** The cells as TypeScript sees them. */
export class CellService {
  readonly service: ts.LanguageService;
  private readonly cells = new Map<string, VirtualFile>();
  private readonly snapshots = new Map<string, { version: string; snapshot: ts.IScriptSnapshot }>();
  private readonly resolver: ModuleResolver;
  private changes = 0;

  /** @param folder the notebook's folder; @param kernelFolder where the kernel's own declarations are. */
  constructor(
    readonly folder: string,
    private readonly kernelFolder: string,
  ) {
    const options = compilerOptions(folder, kernelFolder);
    this.resolver = createModuleResolver(options, folder, kernelFolder, file => this.cells.has(file));
    this.service = ts.createLanguageService(this.host(options));
  }

  /** The cell that is being checked, completed or inspected now. */
  get current(): string {
    return path.join(this.folder, '__cell.ts');
  }

  /** Puts text into the current cell. */
  update(text: string): void {
    this.write(this.current, text);
  }

  /** Keeps text as the module of cell `cell`, for later cells to import from. */
  keep(cell: number, text: string): void {
    this.write(path.join(this.folder, `${cellModule(cell)}.ts`), text);
  }

  /** The program with the current texts. */
  program(): ts.Program {
    const program = this.service.getProgram();
    if (!program) throw new Error('The TypeScript language service has no program.');
    return program;
  }

  /** The program's files that may change while the notebook is open (neither cells nor installed packages), with their versions. */
  projectFiles(): [file: string, version: string][] {
    const files = this.program()
      .getSourceFiles()
      .map(({ fileName }) => fileName)
      .filter(file => !this.cells.has(file) && !file.endsWith('.d.ts') && !isInstalled(file));
    return files.map(file => [file, this.version(file)]);
  }

  private write(file: string, text: string): void {
    if (this.cells.get(file)?.text !== text) this.cells.set(file, { text, version: ++this.changes });
  }

  private host(options: ts.CompilerOptions): ServiceHost {
    const roots = [this.current, path.join(this.kernelFolder, 'display', 'globals.d.ts')];
    this.update('export {}');
    return {
      getCompilationSettings: () => options,
      getCurrentDirectory: () => this.folder,
      getDefaultLibFileName: settings => ts.getDefaultLibFilePath(settings),
      getScriptFileNames: () => roots,
      getScriptVersion: file => this.version(file),
      getScriptSnapshot: file => this.snapshot(file),
      fileExists: file => this.cells.has(file) || ts.sys.fileExists(file),
      readFile: file => this.cells.get(file)?.text ?? ts.sys.readFile(file),
      readDirectory: (...search) => ts.sys.readDirectory(...search),
      directoryExists: name => ts.sys.directoryExists(name),
      getDirectories: name => ts.sys.getDirectories(name),
      realpath: name => ts.sys.realpath?.(name) ?? name,
      useCaseSensitiveFileNames: () => ts.sys.useCaseSensitiveFileNames,
      resolveModuleNameLiterals: (literals, file) =>
        literals.map(({ text }) => this.resolver.resolve(text, file)),
      getModuleResolutionCache: () => this.resolver.cache,
      hasInvalidatedResolutions: file => this.resolver.hasUnresolved(file),
    };
  }

  /** A file's text, read once for each version: the service asks for all of them at every check. */
  private snapshot(file: string): ts.IScriptSnapshot | undefined {
    const version = this.version(file);
    const known = this.snapshots.get(file);
    if (known?.version === version) return known.snapshot;
    const text = this.cells.get(file)?.text ?? ts.sys.readFile(file);
    if (text === undefined) return undefined;
    const snapshot = ts.ScriptSnapshot.fromString(text);
    this.snapshots.set(file, { version, snapshot });
    return snapshot;
  }

  /** Installed packages and libraries don't change during a session; asking the disk for each would cost more than the check. */
  private version(file: string): string {
    const cell = this.cells.get(file);
    if (cell) return String(cell.version);
    return isInstalled(file) ? '1' : String(ts.sys.getModifiedTime?.(file)?.getTime() ?? 0);
  }
}
