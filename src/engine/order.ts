/** The order of calls that share variables. */

/** Runs a call in its turn; `changes` says whether it changes variables. */
export type InOrder = <T>(changes: boolean, call: () => Promise<T>) => Promise<T>;

/**
 * An order in which no call sees variables half changed: calls that change them run alone, all others side by side, and
 * none overtakes another that it must not run beside. A call begins at once when nothing is in its way.
 */
export function createOrder(): InOrder {
  const waiting: { readonly changes: boolean; readonly start: () => Promise<void> }[] = [];
  let running = 0;
  let changing = false;

  function startWaiting(): void {
    while (waiting.length > 0 && !changing && (running === 0 || !waiting[0].changes)) {
      const { changes, start } = waiting.shift()!;
      running++;
      changing = changes;
      void start().then(() => {
        running--;
        changing = false;
        startWaiting();
      });
    }
  }

  return (changes, call) =>
    new Promise((resolve, reject) => {
      waiting.push({ changes, start: () => call().then(resolve, reject) });
      startWaiting();
    });
}
