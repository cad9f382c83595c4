/** Doing things every so many seconds in a loop that is asked after each step. */

/**
 * Does the work, when asked, if so many seconds have passed since it was last done, and 20 times as long as that took: a
 * large state is saved less often.
 */
export function paced<T>(seconds: number, work: (about: T) => Promise<void>): (about: T) => Promise<void> {
  let due = performance.now() + seconds * 1000;
  return async about => {
    const start = performance.now();
    if (start < due) return;
    await work(about);
    const end = performance.now();
    due = end + Math.max(seconds * 1000, 20 * (end - start));
  };
}

/** A function that says, each time it is asked, whether so many seconds have passed since it last said yes. */
export function every(seconds: number): () => boolean {
  let last = performance.now();
  return () => {
    if (performance.now() - last < seconds * 1000) return false;
    last = performance.now();
    return true;
  };
}
