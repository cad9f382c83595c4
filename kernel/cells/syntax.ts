/** Questions about the syntax of a cell, and one change to it. */
import ts from 'typescript';

/** Whether an identifier is an expression (or target) that stands for a variable, not a label or a property's name. */
export function isReference(identifier: ts.Identifier): boolean {
  const { parent } = identifier;
  if (!parent) return false;
  if (ts.isPropertyAccessExpression(parent)) return parent.expression === identifier;
  if (ts.isPropertyAssignment(parent)) return parent.initializer === identifier;
  if (ts.isBindingElement(parent)) return parent.initializer === identifier;
  if (ts.isVariableDeclaration(parent) || ts.isParameter(parent) || ts.isEnumMember(parent)) {
    return parent.initializer === identifier;
  }
  if (ts.isPropertyDeclaration(parent)) return parent.initializer === identifier;
  if (ts.isLabeledStatement(parent) || ts.isBreakOrContinueStatement(parent)) return false;
  if (ts.isFunctionLike(parent)) return ts.isArrowFunction(parent) && parent.body === identifier;
  return !(
    ts.isClassLike(parent) ||
    ts.isEnumDeclaration(parent) ||
    ts.isModuleDeclaration(parent) ||
    ts.isMetaProperty(parent)
  );
}

/** A declaration of the cell (not of a namespace in it) without `export` and `default`; one that has no name gets one, without which it is no declaration. */
export function stripExport(factory: ts.NodeFactory, node: ts.Node): ts.Node {
  const exportKinds = [ts.SyntaxKind.ExportKeyword, ts.SyntaxKind.DefaultKeyword];
  const keep = (modifiers: readonly ts.ModifierLike[] | undefined) =>
    modifiers?.filter(({ kind }) => !exportKinds.includes(kind));
  const hasExport =
    ts.canHaveModifiers(node) && node.modifiers?.some(({ kind }) => exportKinds.includes(kind));
  if (!hasExport || !ts.isSourceFile(node.parent)) return node;
  if (ts.isFunctionDeclaration(node)) {
    const { asteriskToken, name, typeParameters, parameters, type, body } = node;
    return factory.updateFunctionDeclaration(
      node,
      keep(node.modifiers),
      asteriskToken,
      name ?? factory.createUniqueName('unnamed'),
      typeParameters,
      parameters,
      type,
      body,
    );
  }
  if (ts.isClassDeclaration(node)) {
    const { name, typeParameters, heritageClauses, members } = node;
    return factory.updateClassDeclaration(
      node,
      keep(node.modifiers),
      name ?? factory.createUniqueName('unnamed'),
      typeParameters,
      heritageClauses,
      members,
    );
  }
  if (ts.isEnumDeclaration(node)) {
    return factory.updateEnumDeclaration(node, keep(node.modifiers), node.name, node.members);
  }
  if (ts.isModuleDeclaration(node)) {
    return factory.updateModuleDeclaration(node, keep(node.modifiers), node.name, node.body);
  }
  return node;
}
