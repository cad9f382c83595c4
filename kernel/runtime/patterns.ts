/** Keys with one `*`, as in the `exports` of a package.json and the `paths` of a tsconfig.json. */

/** The key that a name matches, exactly or with the longest text before its `*`, and what the `*` stands for. */
export function matchPattern(
  keys: readonly string[],
  name: string,
): { readonly key: string; readonly star: string } | undefined {
  if (keys.includes(name)) return { key: name, star: '' };
  const [key] = keys.filter(key => matches(key, name)).sort((a, b) => b.indexOf('*') - a.indexOf('*'));
  if (key === undefined) return undefined;
  const [before, after] = key.split('*');
  return { key, star: name.slice(before.length, name.length - after.length) };
}

function matches(key: string, name: string): boolean {
  const [before, after] = key.split('*');
  if (after === undefined) return false;
  return name.length >= key.length && name.startsWith(before) && name.endsWith(after);
}
