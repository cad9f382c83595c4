/**
 * TypeScript's language service over the cells: virtual files in the notebook's folder, real files everywhere else.
 * It is incremental: a cell is checked against what is already parsed, and only files that changed are read again.
 */
import path from 'node:path';
import ts from 'typescript';
import { createModuleResolver, isInstalled, type ModuleResolver } from './resolution';
import { NotebookOptions } from './options';
import { canBeAdded, GrowingProgram } from './program';
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
  private readonly options: NotebookOptions;
  private resolver: ModuleResolver;
  private growing: GrowingProgram | undefined;
  private changes = 0;
  /** The files that may change while the notebook is open (neither cells nor installed packages), as they were checked. */
  projectFiles: ReadonlyMap<string, string> = new Map();

  /** @param folder the notebook's folder; @param kernelFolder where the kernel's own declarations are. */
  constructor(
    readonly folder: string,
    private readonly kernelFolder: string,
  ) {
    this.options = new NotebookOptions(folder, kernelFolder);
    this.resolver = this.createResolver();
    this.service = ts.createLanguageService(this.host());
  }

  private createResolver(): ModuleResolver {
    const { options, folder, kernelFolder } = this;
    return createModuleResolver(options.current, folder, kernelFolder, file => this.cells.has(file));
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
    this.write(this.fileOf(cell), text);
  }

  /** A program with the module of cell `cell` in it: the one at hand if that will do. */
  programWith(cell: number, text: string): { program: ts.Program; file: ts.SourceFile } {
    const growing = this.isUpToDate() ? this.growing : undefined;
    const added = growing?.add(this.fileOf(cell), text);
    if (growing && added) return { program: growing.program, file: added };
    // Also with the text of the last one, lest the service give back the program that was not enough.
    this.cells.delete(this.current);
    this.update(text);
    const program = this.service.getProgram()!;
    const file = program.getSourceFile(this.current)!;
    this.projectFiles = this.versionsOf(program);
    // What a cell declares globally holds for itself only.
    this.growing = canBeAdded(file) ? this.grow(program) : undefined;
    return { program, file };
  }

  private grow(program: ts.Program): GrowingProgram {
    return new GrowingProgram(program, {
      cellText: file => this.cells.get(file)?.text,
      resolve: (name, file) => this.resolver.resolve(name, file),
    });
  }

  /** Whether the program at hand is what a new one would be: same options, same files, nothing that may be found by now. */
  private isUpToDate(): boolean {
    if (this.options.refresh()) {
      this.resolver = this.createResolver();
      return false;
    }
    const isChecked = ([file, version]: [string, string]) =>
      this.version(file) === version && !this.resolver.hasUnresolved(file);
    return [...this.projectFiles].every(isChecked);
  }

  private versionsOf(program: ts.Program): Map<string, string> {
    const files = program.getSourceFiles().map(({ fileName }) => fileName);
    const changeable = files.filter(file => !this.cells.has(file) && !isInstalled(file));
    return new Map(changeable.map(file => [file, this.version(file)]));
  }

  private fileOf(cell: number): string {
    return path.join(this.folder, `${cellModule(cell)}.ts`);
  }

  private write(file: string, text: string): void {
    if (this.cells.get(file)?.text !== text) this.cells.set(file, { text, version: ++this.changes });
  }

  private host(): ServiceHost {
    const roots = [this.current, path.join(this.kernelFolder, 'display', 'globals.d.ts')];
    this.update('export {}');
    return {
      getCompilationSettings: () => this.options.current,
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
