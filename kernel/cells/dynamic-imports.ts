/**
 * Compiles `import(x)` in the modules of a notebook to `__importFrom(x, __dirname)`: compiled to CommonJS it would become
 * `require`, which cannot load ES-only packages on Node 20.
 */
import ts from 'typescript';

/** The transformer, for modules; cells have their own loader (cells/transform.ts). */
export const kernelImports: ts.TransformerFactory<ts.SourceFile> = context => {
  const { factory } = context;
  const visit = (node: ts.Node): ts.Node => {
    const visited = ts.visitEachChild(node, visit, context);
    if (!ts.isCallExpression(visited) || visited.expression.kind !== ts.SyntaxKind.ImportKeyword)
      return visited;
    const loader = factory.createIdentifier('__importFrom');
    return factory.createCallExpression(loader, undefined, [
      visited.arguments[0],
      factory.createIdentifier('__dirname'),
    ]);
  };
  return file => ts.visitEachChild(file, visit, context);
};
