/** Work that is done when its result is first asked for. */

/** Computes at the first call, and gives that to all later ones; what failed is tried again. */
export function once<T>(compute: () => Promise<T>): () => Promise<T> {
  let value: Promise<T> | undefined;
  return () =>
    (value ??= compute().catch((error: unknown) => {
      value = undefined;
      throw error;
    }));
}
