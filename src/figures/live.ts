/**
 * A figure that is drawn anew in its place while something goes on. What moves is a picture: front ends replace pictures
 * without a flicker, while JupyterLab never redraws a Plotly figure that is on the page. The last one is interactive.
 */
import { randomUUID } from 'node:crypto';
import { displaySymbol, notebookHost } from '../display/host';
import type { Figure } from './figure';
import { renderPng } from './png';

/** A place below the running cell where one figure follows another. */
export interface LiveFigure {
  /**
   * Draws a figure, unless one is being drawn or was a moment ago; call it as often as you like.
   * @param make called only when its figure is drawn
   */
  update(make: () => Figure): void;
  /** Draws the figure that stays, interactive where the front end can; resolves when it is there. */
  finish(figure: Figure): Promise<void>;
}

/** Shortest time between two pictures, in milliseconds, and the largest share of all time that drawing them takes. */
const pause = 500;
const share = 0.2;

/**
 * Makes a place for a figure that changes. Outside of a notebook nothing is shown.
 *
 * @example
 * const live = liveFigure();
 * const losses: LossPoint[] = [];
 * const figure = () => lossFigure([{ name: 'digits', losses }]);
 * await train({
 *   ...options,
 *   onProgress({ step, loss }) {
 *     losses.push({ step, loss });
 *     live.update(figure);
 *   },
 * });
 * await live.finish(figure());
 */
export function liveFigure(): LiveFigure {
  const id = `figure-${randomUUID()}`;
  let shown = false;
  let next = -Infinity;
  let drawing: Promise<void> | undefined;

  const show = (bundle: Record<string, unknown>) => {
    notebookHost()?.display(bundle, { id, update: shown });
    shown = true;
  };
  const draw = async (figure: Figure) => {
    const begin = performance.now();
    const png = await renderPng(figure, figure);
    const end = performance.now();
    next = end + Math.max(pause, (end - begin) * (1 / share - 1));
    show({ ...(png === undefined ? {} : { 'image/png': png }), 'text/plain': figure.alt });
  };

  return {
    update(make) {
      if (!notebookHost() || drawing || performance.now() < next) return;
      drawing = draw(make()).finally(() => (drawing = undefined));
    },
    async finish(figure) {
      await drawing;
      if (notebookHost()) show(await figure[displaySymbol]());
    },
  };
}
