/** What became of the models of a grid. */
import type { GridCell } from './grid';
import type { ModelCell } from './train-model';

/** Models and what is known of each, in the order of the grid. */
export interface GridOutcome<Result extends object> {
  readonly models: readonly (GridCell & Result)[];
  readonly failures: readonly FailedModel[];
}

/** A model that could not be computed. */
export interface FailedModel extends GridCell {
  readonly error: Error;
}

/** Divides what {@link runAll} gives for cells. */
export function outcomeOf<Result extends object>(
  cells: readonly GridCell[],
  settled: readonly PromiseSettledResult<Result>[],
): GridOutcome<Result> {
  const models: (GridCell & Result)[] = [];
  const failures: FailedModel[] = [];
  settled.forEach((result, i) => {
    if (result.status === 'fulfilled') models.push({ ...cells[i], ...result.value });
    else failures.push({ ...cells[i], error: result.reason as Error });
  });
  return { models, failures };
}

/** @throws AggregateError that names each model that failed with its error */
export function requireComplete({ models, failures }: GridOutcome<object>): void {
  if (failures.length === 0) return;
  const lines = failures.map(({ label, error }) => `  ${label}: ${error.message}`);
  throw new AggregateError(
    failures.map(({ error }) => error),
    `${failures.length} of ${failures.length + models.length} models failed; the others are kept.\n${lines.join('\n')}`,
  );
}

/** Whether a model can't be computed now, but later: another process is at work on it, or a cluster has no room. */
export function isTemporary({ name }: Error): boolean {
  return name === 'FolderInUseError' || name === 'JobNotStartedError';
}

/** A model that was begun anew and failed, to be tried again: goes on where it was, so that what is trained is not thrown away. */
export function withoutFresh<Cell extends ModelCell>(cell: Cell): Cell {
  return { ...cell, fresh: false };
}
