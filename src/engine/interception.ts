/** Replacing functions of other people's objects for a while. */

/** An object, and what its members are replaced by. */
export type Replacement = readonly [object: object, members: Record<string, unknown>];

/** Runs `body` with the members replaced; afterwards the objects are as they were, whatever happened. */
export function withReplaced<T>(replacements: readonly Replacement[], body: () => T): T {
  const before = replacements.flatMap(([object, members]) =>
    Object.keys(members).map(name => [object, name, Object.getOwnPropertyDescriptor(object, name)] as const),
  );
  replacements.forEach(([object, members]) => Object.assign(object, members));
  try {
    return body();
  } finally {
    for (const [object, name, descriptor] of before) {
      if (descriptor) Object.defineProperty(object, name, descriptor);
      else Reflect.deleteProperty(object, name); // the prototype's shows again
    }
  }
}
