/**
 * Compiles `await x` to `await __await(x)` and `for await (... of xs)` to `for await (... of __iterate(xs))`. The two
 * functions (runtime/awaits.ts) never resume an interrupted cell: that is how code that waits is stopped.
 */
import ts from 'typescript';

/** The transformer, for cells and for the modules that a notebook imports. */
export const guardAwaits: ts.TransformerFactory<ts.SourceFile> = context => {
  const { factory } = context;
  const call = (name: string, argument: ts.Expression) =>
    factory.createCallExpression(factory.createIdentifier(name), undefined, [argument]);
  const visit = (node: ts.Node): ts.Node => {
    const visited = ts.visitEachChild(node, visit, context);
    if (ts.isAwaitExpression(visited)) {
      return factory.updateAwaitExpression(visited, call('__await', visited.expression));
    }
    if (ts.isForOfStatement(visited) && visited.awaitModifier) {
      const { awaitModifier, initializer, expression, statement } = visited;
      return factory.updateForOfStatement(
        visited,
        awaitModifier,
        initializer,
        call('__iterate', expression),
        statement,
      );
    }
    return visited;
  };
  return file => ts.visitEachChild(file, visit, context);
};
