/**
 * Compiles the text of a cell to code that keeps the notebook's names in one object, so that closures, later cells and
 * declarations made again all see the same variables:
 *
 *     let n = 0;                       __declare.n = 0;
 *     function next() { return n++; }  __declare.next = next;  function next() { return __scope.n++; }
 *     next()                           return [(0, __scope.next)()];
 *
 * A write to `__declare` goes to the scope too, and is remembered as a declaration that this cell has reached.
 */
import ts from 'typescript';
import { isDisposed } from './declarations';
import { importEqualsStatements, importStatements } from './imports';
import { assignmentPattern, named } from './patterns';
import { isReference, stripExport } from './syntax';

/** Names that the compiled code refers to; the cell runner (runtime/run.ts) passes their values in. */
export const SCOPE = '__scope';
export const DECLARE = '__declare';

/** What the transformer asks about a cell. */
export interface CellNames {
  /** The length of the cell's own text; what follows was appended for the type checker. */
  readonly length: number;
  /** The declaration of the notebook's name that an identifier stands for, if it stands for one. */
  sharedDeclaration(identifier: ts.Identifier): ts.Declaration | undefined;
  /** Whether a declared or imported name exists at run time (and is not a type alone). */
  isValue(name: ts.Identifier): boolean;
}

/** The transformer for one cell's file. */
export function shareNames(cell: CellNames): ts.TransformerFactory<ts.SourceFile> {
  return context => file => new CellTransformer(context, cell).file(file);
}

class CellTransformer {
  /** Classes, enums and namespaces being visited: inside, their own name stays local, for it is not yet assigned. */
  private readonly enclosing = new Set<ts.Node>();
  /** `var` names that are declared without a value: at the start of the cell, for where they stand they change nothing. */
  private readonly valueless: ts.Identifier[] = [];
  private readonly factory: ts.NodeFactory;

  constructor(
    private readonly context: ts.TransformationContext,
    private readonly cell: CellNames,
  ) {
    this.factory = context.factory;
  }

  file(file: ts.SourceFile): ts.SourceFile {
    // What the scope appended after the cell's text (exports, imports of earlier names) is for the type checker alone.
    const statements = file.statements.filter(statement => statement.getStart(file) < this.cell.length);
    const last = statements.findLast(statement => !ts.isEmptyStatement(statement));
    const isValue = (name: ts.Identifier) => this.cell.isValue(name);
    const read = (name: ts.Identifier) => this.reference(name) as ts.Expression;
    const imports: ts.Statement[] = [];
    const functions: ts.Statement[] = [];
    const body: ts.Statement[] = [];
    for (const statement of statements) {
      if (ts.isImportDeclaration(statement)) {
        imports.push(...importStatements(this.factory, statement, isValue));
      } else if (ts.isImportEqualsDeclaration(statement)) {
        imports.push(...importEqualsStatements(this.factory, statement, isValue, read));
      } else if (ts.isFunctionDeclaration(statement) && statement.body && statement.name) {
        functions.push(this.declareAs(statement.name));
        body.push(this.visit(statement) as ts.Statement);
      } else if (statement === last && ts.isExpressionStatement(statement)) {
        body.push(this.result(statement));
      } else {
        body.push(...this.statement(statement));
      }
    }
    const variables = this.valueless.map(name => this.declareAs(name, this.factory.createVoidZero()));
    return this.factory.updateSourceFile(file, [...variables, ...functions, ...imports, ...body]);
  }

  /** `expression;` as the last statement of the cell: wrapped, so that a promise is shown and not awaited. */
  private result(statement: ts.ExpressionStatement): ts.Statement {
    const value = this.visit(statement.expression) as ts.Expression;
    const result = this.factory.createReturnStatement(this.factory.createArrayLiteralExpression([value]));
    return ts.setTextRange(result, statement);
  }

  private statement(statement: ts.Statement): ts.Statement[] {
    if (ts.isExportDeclaration(statement)) return [];
    if (ts.isExportAssignment(statement)) {
      return [this.factory.createExpressionStatement(this.visit(statement.expression) as ts.Expression)];
    }
    if (isLocalDefinition(statement) && statement.name && this.exists(statement)) {
      return [this.visitInside(statement), this.declareAs(statement.name as ts.Identifier)];
    }
    return [this.visit(statement) as ts.Statement];
  }

  /** Whether a class, enum or namespace is there at run time. */
  private exists(statement: LocalDefinition): boolean {
    const declared = ts.getModifiers(statement)?.some(({ kind }) => kind === ts.SyntaxKind.DeclareKeyword);
    return !declared && ts.isIdentifier(statement.name!) && this.cell.isValue(statement.name);
  }

  private visitInside(statement: ts.Statement): ts.Statement {
    this.enclosing.add(statement);
    const visited = this.visitChildren(statement) as ts.Statement;
    this.enclosing.delete(statement);
    return visited;
  }

  /** `__declare.name = value;`, where the value is the local variable of that name unless another is given. */
  private declareAs(
    name: ts.Identifier,
    value: ts.Expression = this.factory.createIdentifier(name.text),
  ): ts.Statement {
    const target = this.property(DECLARE, name.text);
    return this.factory.createExpressionStatement(this.factory.createAssignment(target, value));
  }

  private property(object: string, name: string): ts.Expression {
    return this.factory.createPropertyAccessExpression(this.factory.createIdentifier(object), name);
  }

  private readonly visit = (node: ts.Node): ts.Node => {
    if (ts.isTypeNode(node) && !ts.isExpressionWithTypeArguments(node)) return node;
    if (ts.isIdentifier(node)) return this.reference(node);
    if (ts.isShorthandPropertyAssignment(node)) return this.shorthand(node);
    if (ts.isVariableStatement(node)) return this.variableStatement(node);
    if (ts.isForStatement(node) || ts.isForOfStatement(node) || ts.isForInStatement(node))
      return this.loop(node);
    if (ts.isCallExpression(node)) return this.call(node);
    if (ts.isTaggedTemplateExpression(node)) return this.tagged(node);
    return this.visitChildren(node);
  };

  private visitChildren(node: ts.Node): ts.Node {
    const withoutExport = stripExport(this.factory, node);
    return ts.visitEachChild(withoutExport, this.visit, this.context);
  }

  private sharedName(identifier: ts.Identifier): string | undefined {
    const declaration = this.cell.sharedDeclaration(identifier);
    return declaration && !this.enclosing.has(declaration) ? identifier.text : undefined;
  }

  private reference(identifier: ts.Identifier): ts.Node {
    if (!isReference(identifier) || this.sharedName(identifier) === undefined) return identifier;
    return ts.setTextRange(this.property(SCOPE, identifier.text), identifier);
  }

  /** `{ x }` is `{ x: __scope.x }`; as a target of destructuring, `{ x = 1 }` is `{ x: __scope.x = 1 }`. */
  private shorthand(node: ts.ShorthandPropertyAssignment): ts.Node {
    const initial = node.objectAssignmentInitializer;
    const initializer = initial && (this.visit(initial) as ts.Expression);
    if (this.sharedName(node.name) === undefined) {
      return this.factory.updateShorthandPropertyAssignment(node, node.name, initializer);
    }
    const target = this.property(SCOPE, node.name.text);
    const value = initializer ? this.factory.createAssignment(target, initializer) : target;
    return this.factory.createPropertyAssignment(node.name.text, value);
  }

  /** `f(x)` is `(0, __scope.f)(x)`, so that the scope is not its `this`; `import(x)` goes to the kernel's loader. */
  private call(node: ts.CallExpression): ts.Node {
    const visited = this.visitChildren(node) as ts.CallExpression;
    const { expression, typeArguments, arguments: args } = visited;
    if (expression.kind === ts.SyntaxKind.ImportKeyword) {
      return this.factory.createCallExpression(
        this.factory.createIdentifier('__importDynamic'),
        undefined,
        args,
      );
    }
    if (!ts.isIdentifier(node.expression) || expression === node.expression) return visited;
    return this.factory.updateCallExpression(visited, this.detached(expression), typeArguments, args);
  }

  private tagged(node: ts.TaggedTemplateExpression): ts.Node {
    const visited = this.visitChildren(node) as ts.TaggedTemplateExpression;
    if (!ts.isIdentifier(node.tag) || visited.tag === node.tag) return visited;
    const tag = this.detached(visited.tag);
    return this.factory.updateTaggedTemplateExpression(visited, tag, undefined, visited.template);
  }

  private detached(expression: ts.Expression): ts.Expression {
    const zero = this.factory.createNumericLiteral(0);
    return this.factory.createParenthesizedExpression(this.factory.createComma(zero, expression));
  }

  /** Whether the list declares names of the notebook (and not of a block or function). */
  private isSharedList(list: ts.VariableDeclarationList): boolean {
    if (isDisposed(list)) return false;
    const first = list.declarations[0];
    return first !== undefined && this.declaresShared(first.name);
  }

  private declaresShared(name: ts.BindingName): boolean {
    if (ts.isIdentifier(name)) return this.cell.sharedDeclaration(name) !== undefined;
    return name.elements.some(
      element => !ts.isOmittedExpression(element) && this.declaresShared(element.name),
    );
  }

  private variableStatement(node: ts.VariableStatement): ts.Node {
    if (!this.isSharedList(node.declarationList)) return this.visitChildren(node);
    if (node.modifiers?.some(({ kind }) => kind === ts.SyntaxKind.DeclareKeyword)) {
      return this.factory.createEmptyStatement();
    }
    const statement = this.factory.createExpressionStatement(this.assignments(node.declarationList));
    return ts.setTextRange(statement, node);
  }

  /** `let a = 1, { b } = f()` as `__declare.a = 1, { b: __declare.b } = __scope.f()`. */
  private assignments(list: ts.VariableDeclarationList): ts.Expression {
    const isVar = (list.flags & ts.NodeFlags.BlockScoped) === 0;
    const parts: ts.Expression[] = [];
    for (const declaration of list.declarations) {
      if (isVar && !declaration.initializer) this.valueless.push(declaration.name as ts.Identifier);
      else parts.push(this.assignment(declaration));
    }
    if (parts.length === 0) return this.factory.createVoidZero();
    return parts.reduce((left, right) => this.factory.createComma(left, right));
  }

  private assignment(declaration: ts.VariableDeclaration): ts.Expression {
    const { name, initializer } = declaration;
    const target = this.target(name);
    const value = initializer ? (this.visit(initializer) as ts.Expression) : this.factory.createVoidZero();
    const assigned = ts.isIdentifier(name) ? named(this.factory, name.text, value) : value;
    const assignment = ts.setTextRange(this.factory.createAssignment(target, assigned), declaration);
    return ts.isObjectBindingPattern(name)
      ? this.factory.createParenthesizedExpression(assignment)
      : assignment;
  }

  private target(name: ts.BindingName): ts.Expression {
    const property = (identifier: ts.Identifier) =>
      ts.setTextRange(this.property(DECLARE, identifier.text), identifier);
    const visit = (expression: ts.Expression) => this.visit(expression) as ts.Expression;
    return assignmentPattern(this.factory, name, property, visit);
  }

  /** `for (var i = 0; ...)` and `for (var x of xs)`: their variables belong to the notebook. */
  private loop(node: ts.ForStatement | ts.ForOfStatement | ts.ForInStatement): ts.Node {
    const list = node.initializer;
    if (!list || !ts.isVariableDeclarationList(list) || !this.isSharedList(list))
      return this.visitChildren(node);
    const initializer = ts.isForStatement(node)
      ? this.assignments(list)
      : this.target(list.declarations[0].name);
    const statement = this.visit(node.statement) as ts.Statement;
    if (ts.isForStatement(node)) {
      const condition = node.condition && (this.visit(node.condition) as ts.Expression);
      const incrementor = node.incrementor && (this.visit(node.incrementor) as ts.Expression);
      return this.factory.updateForStatement(node, initializer, condition, incrementor, statement);
    }
    const expression = this.visit(node.expression) as ts.Expression;
    return ts.isForOfStatement(node)
      ? this.factory.updateForOfStatement(node, node.awaitModifier, initializer, expression, statement)
      : this.factory.updateForInStatement(node, initializer, expression, statement);
  }
}

type LocalDefinition = ts.ClassDeclaration | ts.EnumDeclaration | ts.ModuleDeclaration;

function isLocalDefinition(statement: ts.Statement): statement is LocalDefinition {
  return (
    ts.isClassDeclaration(statement) || ts.isEnumDeclaration(statement) || ts.isModuleDeclaration(statement)
  );
}
