/** Panels in rows of two, of one size each: small multiples. */

/** Where a panel lies, in paper coordinates, and what its axes are called. */
export interface Place {
  readonly x: readonly [number, number];
  readonly y: readonly [number, number];
  /** '' for the first panel, then '2', '3', ... */
  readonly number: string;
}

const columns = 2;
/** Heights in CSS pixels: of a panel, of what lies between panels. */
const panelHeight = 190;
const between = 96;

/** Height of so many panels in CSS pixels, without the margins of the figure. */
export function heightOfPanels(count: number): number {
  const rows = Math.ceil(count / columns);
  return rows * panelHeight + (rows - 1) * between;
}

/** The places of panels, row by row from the top; a single one takes the whole width. */
export function placesOf(count: number): Place[] {
  const height = heightOfPanels(count);
  return Array.from({ length: count }, (_, p) => {
    const top = 1 - (Math.floor(p / columns) * (panelHeight + between)) / height;
    const bottom = Math.max(0, top - panelHeight / height);
    const x: Place['x'] = count === 1 ? [0, 1] : p % columns === 0 ? [0, 0.45] : [0.55, 1];
    return { x, y: [bottom, top], number: p === 0 ? '' : String(p + 1) };
  });
}
