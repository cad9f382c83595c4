/** Destructuring declarations as destructuring assignments, and names for the functions that they assign. */
import ts from 'typescript';

/**
 * The assignment target for a declared name: `{ a, b: [c = 1], ...rest }` becomes
 * `{ a: T(a), b: [T(c) = 1], ...T(rest) }`, where `target` makes T.
 */
export function assignmentPattern(
  factory: ts.NodeFactory,
  name: ts.BindingName,
  target: (identifier: ts.Identifier) => ts.Expression,
  visit: (expression: ts.Expression) => ts.Expression,
): ts.Expression {
  const convert = (inner: ts.BindingName): ts.Expression => {
    if (ts.isIdentifier(inner)) return target(inner);
    if (ts.isArrayBindingPattern(inner))
      return factory.createArrayLiteralExpression(inner.elements.map(arrayElement));
    return factory.createObjectLiteralExpression(inner.elements.map(property));
  };
  const withDefault = (element: ts.BindingElement): ts.Expression => {
    const inner = convert(element.name);
    return element.initializer ? factory.createAssignment(inner, visit(element.initializer)) : inner;
  };
  const arrayElement = (element: ts.ArrayBindingElement): ts.Expression => {
    if (ts.isOmittedExpression(element)) return factory.createOmittedExpression();
    return element.dotDotDotToken ? factory.createSpreadElement(convert(element.name)) : withDefault(element);
  };
  const property = (element: ts.BindingElement): ts.ObjectLiteralElementLike => {
    if (element.dotDotDotToken) return factory.createSpreadAssignment(convert(element.name));
    const key = element.propertyName ?? (element.name as ts.Identifier);
    return factory.createPropertyAssignment(propertyKey(factory, key, visit), withDefault(element));
  };
  return convert(name);
}

function propertyKey(
  factory: ts.NodeFactory,
  key: ts.PropertyName,
  visit: (expression: ts.Expression) => ts.Expression,
): ts.PropertyName {
  if (ts.isIdentifier(key)) return factory.createIdentifier(key.text);
  return ts.isComputedPropertyName(key) ? factory.createComputedPropertyName(visit(key.expression)) : key;
}

/** An anonymous function or class as the value of `name`: `({ name: () => 1 }).name` gives it that name, as `let` would. */
export function named(factory: ts.NodeFactory, name: string, value: ts.Expression): ts.Expression {
  const anonymous =
    ts.isArrowFunction(value) ||
    ((ts.isFunctionExpression(value) || ts.isClassExpression(value)) && !value.name);
  if (!anonymous) return value;
  const holder = factory.createObjectLiteralExpression([factory.createPropertyAssignment(name, value)]);
  return factory.createPropertyAccessExpression(factory.createParenthesizedExpression(holder), name);
}
