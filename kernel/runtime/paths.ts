/** The `paths` of the notebook's tsconfig.json, for the loader: the compiler leaves the names in imports as they are. */
import { matchPattern } from './patterns';

/** From names, with at most one `*`, to absolute places that are tried in order. */
export type Paths = Readonly<Record<string, readonly string[]>>;

let paths: Paths = {};

/** Says which paths hold from now on. */
export function usePaths(newer: Paths): void {
  paths = newer;
}

/** Where a module of this name may be, the likeliest first; none when no path is for it. */
export function placesOf(name: string): string[] {
  const match = matchPattern(Object.keys(paths), name);
  return match ? paths[match.key].map(place => place.replaceAll('*', match.star)) : [];
}
