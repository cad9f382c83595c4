/**
 * What `await` and `for await` are compiled to (cells/awaits.ts): they come back only while their cell is alive, and
 * then say again which cell the code belongs to. Costs about 150 ns an await.
 */
import { currentCell, enterCell, type Cell } from './cell';

/** Node's own: code in a cell may replace the global one. */
const NativePromise = Promise;

/** `await x` is `await guardAwait(x)`. */
export function guardAwait(value: unknown): unknown {
  return guard(currentCell(), value);
}

function guard(cell: Cell | undefined, value: unknown): unknown {
  if (cell === undefined) return value;
  return new NativePromise((resolve, reject) => {
    NativePromise.resolve(value).then(
      result => {
        if (cell.stopped) return;
        enterCell(cell);
        resolve(result);
      },
      (error: Error) => {
        if (cell.stopped) return;
        enterCell(cell);
        reject(error);
      },
    );
  });
}

/**
 * `for await (const x of xs)` is `for await (const x of guardIteration(xs))`. The cell is that in which the loop began: when
 * an iterator that is not the notebook's own comes back, nobody has said which cell runs.
 */
export async function* guardIteration(
  values: AsyncIterable<unknown> | Iterable<unknown>,
): AsyncGenerator<unknown> {
  const cell = currentCell();
  for await (const value of values) yield guard(cell, value);
}
