/** Which names a cell declares at its top level: those that later cells see. */
import ts from 'typescript';

/**
 * How a later cell sees a name: `let` and `const` are variables of that kind; everything else (functions, classes,
 * enums, types, imports) is imported under its name, with all its meanings.
 */
export type NameKind = 'let' | 'const' | 'import';

/** The identifiers that a binding name introduces: `{ a, b: [c] }` gives a and c. */
export function boundIdentifiers(name: ts.BindingName): ts.Identifier[] {
  if (ts.isIdentifier(name)) return [name];
  return name.elements.flatMap(element =>
    ts.isOmittedExpression(element) ? [] : boundIdentifiers(element.name),
  );
}

/** Whether `using` or `await using` declares the list: such a value is disposed with its cell and not shared. */
export function isDisposed(list: ts.VariableDeclarationList): boolean {
  return (list.flags & ts.NodeFlags.Using) !== 0;
}

function variableKind(list: ts.VariableDeclarationList): NameKind {
  return (list.flags & ts.NodeFlags.Const) !== 0 ? 'const' : 'let';
}

function importedNames(clause: ts.ImportClause): ts.Identifier[] {
  const { name, namedBindings } = clause;
  const named =
    namedBindings === undefined
      ? []
      : ts.isNamespaceImport(namedBindings)
        ? [namedBindings]
        : namedBindings.elements;
  return [...(name ? [name] : []), ...named.map(binding => binding.name)];
}

/** The names of a statement that is neither a variable nor a block; empty for what declares nothing. */
function statementNames(statement: ts.Statement): readonly ts.Node[] {
  if (ts.isImportDeclaration(statement))
    return statement.importClause ? importedNames(statement.importClause) : [];
  if (ts.isModuleDeclaration(statement))
    return ts.isIdentifier(statement.name) && !isGlobal(statement) ? [statement.name] : [];
  const declares =
    ts.isFunctionDeclaration(statement) ||
    ts.isClassDeclaration(statement) ||
    ts.isEnumDeclaration(statement) ||
    ts.isInterfaceDeclaration(statement) ||
    ts.isTypeAliasDeclaration(statement) ||
    ts.isImportEqualsDeclaration(statement);
  return declares && statement.name ? [statement.name] : [];
}

function isGlobal(statement: ts.ModuleDeclaration): boolean {
  return (statement.flags & ts.NodeFlags.GlobalAugmentation) !== 0;
}

/** The `var` lists inside blocks, loops and conditions, which belong to the cell as a whole. */
function hoistedLists(statement: ts.Node): ts.VariableDeclarationList[] {
  const found: ts.VariableDeclarationList[] = [];
  const visit = (child: ts.Node): void => {
    if (ts.isFunctionLike(child) || ts.isClassLike(child) || ts.isModuleDeclaration(child)) return;
    if (ts.isVariableDeclarationList(child) && (child.flags & ts.NodeFlags.BlockScoped) === 0)
      found.push(child);
    ts.forEachChild(child, visit);
  };
  visit(statement);
  return found;
}

/** Every name that the cell declares for later cells, in order of appearance. */
export function declaredNames(file: ts.SourceFile): Map<string, NameKind> {
  const names = new Map<string, NameKind>();
  const add = (name: string, kind: NameKind) =>
    names.set(name, names.get(name) === 'import' ? 'import' : kind);
  const addList = (list: ts.VariableDeclarationList) => {
    if (isDisposed(list)) return;
    for (const declaration of list.declarations) {
      for (const { text } of boundIdentifiers(declaration.name)) add(text, variableKind(list));
    }
  };
  for (const statement of file.statements) {
    if (ts.isVariableStatement(statement)) addList(statement.declarationList);
    else hoistedLists(statement).forEach(addList);
    for (const name of statementNames(statement)) names.set((name as ts.Identifier).text, 'import');
  }
  return names;
}

/** The names that the cell exports by itself (`export const x`), which need no second export. */
export function exportedNames(file: ts.SourceFile): Set<string> {
  const names = new Set<string>();
  for (const statement of file.statements) {
    const modifiers = ts.canHaveModifiers(statement) ? (ts.getModifiers(statement) ?? []) : [];
    const exported = modifiers.some(({ kind }) => kind === ts.SyntaxKind.ExportKeyword);
    const isDefault = modifiers.some(({ kind }) => kind === ts.SyntaxKind.DefaultKeyword);
    if (!exported || isDefault) continue;
    const identifiers = ts.isVariableStatement(statement)
      ? statement.declarationList.declarations.flatMap(({ name }) => boundIdentifiers(name))
      : (statementNames(statement) as ts.Identifier[]);
    for (const { text } of identifiers) names.add(text);
  }
  return names;
}

/** Every identifier in the text: an over-estimate, by syntax alone, of the earlier names that a cell refers to. */
export function mentionedNames(file: ts.SourceFile): Set<string> {
  const names = new Set<string>();
  const visit = (node: ts.Node): void => {
    if (ts.isIdentifier(node)) names.add(node.text);
    ts.forEachChild(node, visit);
  };
  visit(file);
  return names;
}
