/**
 * The imports of a cell as calls of the kernel's loader:
 *
 *     import a, { b as c } from "x";   const __m = await __import("x");
 *                                      __bind("a", () => __default(__m)); __bind("c", () => __m.b);
 *
 * A bound name reads the module at each use, as an import does.
 */
import ts from 'typescript';

/** The statements for an import; none when it imports nothing but types. `isValue` tells a name from a type. */
export function importStatements(
  factory: ts.NodeFactory,
  statement: ts.ImportDeclaration,
  isValue: (name: ts.Identifier) => boolean,
): ts.Statement[] {
  const { importClause, moduleSpecifier } = statement;
  const load = awaitLoad(factory, moduleSpecifier);
  if (!importClause) return [factory.createExpressionStatement(load)];
  if (importClause.phaseModifier === ts.SyntaxKind.TypeKeyword) return [];
  const module = factory.createUniqueName('module');
  const bindings = bindingsOf(factory, importClause, module, isValue);
  if (bindings.length === 0 && !isEmptyImport(importClause)) return [];
  const declaration = factory.createVariableDeclaration(module, undefined, undefined, load);
  const list = factory.createVariableDeclarationList([declaration], ts.NodeFlags.Const);
  return [ts.setTextRange(factory.createVariableStatement(undefined, list), statement), ...bindings];
}

/** `import {} from "x"` runs the module, as `import "x"` does. */
function isEmptyImport({ name, namedBindings }: ts.ImportClause): boolean {
  return (
    !name &&
    namedBindings !== undefined &&
    ts.isNamedImports(namedBindings) &&
    namedBindings.elements.length === 0
  );
}

function awaitLoad(factory: ts.NodeFactory, specifier: ts.Expression): ts.Expression {
  const load = factory.createCallExpression(factory.createIdentifier('__import'), undefined, [specifier]);
  return factory.createAwaitExpression(load);
}

function bindingsOf(
  factory: ts.NodeFactory,
  { name, namedBindings }: ts.ImportClause,
  module: ts.Identifier,
  isValue: (name: ts.Identifier) => boolean,
): ts.Statement[] {
  const interop = (helper: string) =>
    factory.createCallExpression(factory.createIdentifier(helper), undefined, [module]);
  const bindings: ts.Statement[] = [];
  if (name && isValue(name)) bindings.push(bind(factory, name, interop('__default')));
  if (namedBindings && ts.isNamespaceImport(namedBindings)) {
    bindings.push(bind(factory, namedBindings.name, interop('__namespace')));
  }
  for (const element of namedBindings && ts.isNamedImports(namedBindings) ? namedBindings.elements : []) {
    if (element.isTypeOnly || !isValue(element.name)) continue;
    const imported = element.propertyName ?? element.name;
    const value =
      imported.text === 'default'
        ? interop('__default')
        : factory.createElementAccessExpression(module, factory.createStringLiteral(imported.text));
    bindings.push(bind(factory, element.name, value));
  }
  return bindings;
}

/** `__bind("name", () => value);` */
function bind(factory: ts.NodeFactory, name: ts.Identifier, value: ts.Expression): ts.Statement {
  const read = factory.createArrowFunction(undefined, undefined, [], undefined, undefined, value);
  const call = factory.createCallExpression(factory.createIdentifier('__bind'), undefined, [
    factory.createStringLiteral(name.text),
    read,
  ]);
  return factory.createExpressionStatement(call);
}

/** The statements for `import x = require("x")` and for `import x = A.B`, whose first name `read` makes an expression of. */
export function importEqualsStatements(
  factory: ts.NodeFactory,
  { moduleReference, name, isTypeOnly }: ts.ImportEqualsDeclaration,
  isValue: (name: ts.Identifier) => boolean,
  read: (name: ts.Identifier) => ts.Expression,
): ts.Statement[] {
  if (isTypeOnly) return [];
  if (!ts.isExternalModuleReference(moduleReference)) {
    return isValue(name) ? [bind(factory, name, memberAccess(factory, moduleReference, read))] : [];
  }
  const module = factory.createUniqueName('module');
  const declaration = factory.createVariableDeclaration(
    module,
    undefined,
    undefined,
    awaitLoad(factory, moduleReference.expression),
  );
  const list = factory.createVariableDeclarationList([declaration], ts.NodeFlags.Const);
  return [factory.createVariableStatement(undefined, list), bind(factory, name, module)];
}

function memberAccess(
  factory: ts.NodeFactory,
  name: ts.EntityName,
  read: (name: ts.Identifier) => ts.Expression,
): ts.Expression {
  if (ts.isIdentifier(name)) return read(name);
  return factory.createPropertyAccessExpression(memberAccess(factory, name.left, read), name.right);
}
