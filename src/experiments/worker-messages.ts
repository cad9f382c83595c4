/** What a worker process and the one that started it say to each other. */

/** To the worker. */
export type ToWorker = { readonly kind: 'compute'; readonly cell: unknown } | { readonly kind: 'abort' };

/** From the worker. */
export type FromWorker =
  | { readonly kind: 'progress'; readonly progress: unknown }
  | { readonly kind: 'result'; readonly result: unknown }
  | { readonly kind: 'error'; readonly name: string; readonly message: string; readonly stack?: string };
