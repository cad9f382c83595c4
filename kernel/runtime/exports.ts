/** The `exports` of a package.json, resolved for conditions that `require` doesn't know. */
import { matchPattern } from './patterns';

type Target = string | null | Target[] | { readonly [key: string]: Target };

/** The file, relative to the package, of a subpath such as "." or "./sub"; undefined when it is not exported. */
export function resolveExports(
  exports: unknown,
  subpath: string,
  conditions: readonly string[],
): string | undefined {
  if (exports === undefined || exports === null) return undefined;
  const targets = isSubpathMap(exports) ? exports : { '.': exports as Target };
  const match = matchPattern(Object.keys(targets), subpath);
  return match && resolveTarget(targets[match.key], match.star, conditions);
}

function isSubpathMap(exports: unknown): exports is Record<string, Target> {
  return (
    typeof exports === 'object' && exports !== null && Object.keys(exports).some(key => key.startsWith('.'))
  );
}

function resolveTarget(target: Target, star: string, conditions: readonly string[]): string | undefined {
  if (target === null) return undefined;
  if (typeof target === 'string') return target.replaceAll('*', star);
  if (Array.isArray(target)) return resolveTarget(target[0] ?? null, star, conditions);
  for (const [condition, value] of Object.entries(target)) {
    if (condition !== 'default' && !conditions.includes(condition)) continue;
    const resolved = resolveTarget(value, star, conditions);
    if (resolved !== undefined) return resolved;
  }
  return undefined;
}
