/**
 * The names of the notebook so far. A cell is a module of its own; what it uses of earlier cells is imported from
 * them by lines *after* its text, so that every position in the cell stays what the user sees.
 *
 *     const area = width * height;                                  the cell
 *     ;export { area };                                             what it declares
 *     declare let width: typeof import("./__cell_1").width;         what it uses: variables, so that they can be assigned
 *     import { Shape } from "./__cell_2";                           everything else, with all its meanings
 */
import ts from 'typescript';
import { declaredNames, exportedNames, mentionedNames, type NameKind } from './declarations';

interface Origin {
  readonly cell: number;
  readonly kind: NameKind;
}

/** What is known of a cell from its text alone. */
export interface ParsedCell {
  readonly code: string;
  readonly declared: ReadonlyMap<string, NameKind>;
  readonly mentioned: ReadonlySet<string>;
  readonly exported: ReadonlySet<string>;
}

/** Reads the names of a cell. */
export function parseCell(code: string): ParsedCell {
  const file = ts.createSourceFile('cell.ts', code, ts.ScriptTarget.Latest, true, ts.ScriptKind.TS);
  return {
    code,
    declared: declaredNames(file),
    mentioned: mentionedNames(file),
    exported: exportedNames(file),
  };
}

/** The base name of a cell's file, as the imports of later cells name it. */
export const cellModule = (cell: number): string => `__cell_${cell}`;

/** The visible names and where each was declared last. */
export class Scope {
  private readonly names = new Map<string, Origin>();

  /** Makes the given names of a cell visible to later cells, in place of earlier ones. */
  declare(cell: number, names: Iterable<readonly [string, NameKind]>): void {
    for (const [name, kind] of names) this.names.set(name, { cell, kind });
  }

  /**
   * The text of the module for a cell: its code, its exports, and the earlier names that it mentions. With 'all', for
   * help while typing, every name is imported as it is, which keeps its documentation but cannot be assigned.
   */
  moduleText(cell: ParsedCell, imports: 'mentioned' | 'all'): string {
    const exports = [...cell.declared.keys()].filter(name => !cell.exported.has(name));
    const lines = [`\n;export { ${exports.join(', ')} };`];
    for (const [name, origin] of this.names) {
      if (cell.declared.has(name)) continue;
      if (imports === 'all') lines.push(importLine(name, { ...origin, kind: 'import' }));
      else if (cell.mentioned.has(name)) lines.push(importLine(name, origin));
    }
    return cell.code + lines.join('\n');
  }
}

/** What the checker says of a name of an earlier cell, without the import that brought it here. */
export function withoutAlias(description: string): string {
  return description.replace(/^\(alias\) /, '').replace(/\nimport [\w$]+$/, '');
}

function importLine(name: string, { cell, kind }: Origin): string {
  const module = `"./${cellModule(cell)}"`;
  if (kind === 'import') return `import { ${name} } from ${module};`;
  return `declare ${kind} ${name}: typeof import(${module}).${name};`;
}
