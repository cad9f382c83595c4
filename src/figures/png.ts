/** Figures as PNG, for front ends that cannot draw Plotly. Without the drawing program there is none, and a note says so once. */
import { findKaleido, type Kaleido, startKaleido } from './kaleido';

/** Size of a picture. */
export interface PngSize {
  /** CSS pixels. */
  readonly width: number;
  readonly height: number;
  /** Pixels of the picture for a CSS pixel. Default 1: JupyterLab shows pictures pixel by pixel, and cuts what is wider than a cell. */
  readonly scale?: number;
}

let running: Promise<Kaleido> | undefined;
let last: Promise<unknown> = Promise.resolve();
let noted = false;

/**
 * Draws a Plotly figure.
 * @returns the PNG in base64, or undefined where it could not be drawn; the reason is noted on standard error, once.
 */
export function renderPng(
  figure: { readonly data: unknown; readonly layout: unknown },
  { width, height, scale = 1 }: PngSize,
): Promise<string | undefined> {
  const draw = async () => {
    try {
      const kaleido = await ready();
      const { data, layout } = figure;
      return await kaleido.draw({ format: 'png', width, height, scale, data: { data, layout } });
    } catch (error) {
      note((error as Error).message);
      return undefined;
    }
  };
  // One at a time, in the order asked for.
  const drawn = last.then(draw);
  last = drawn;
  return drawn;
}

/** Ends the drawing program, if it runs. The next figure starts it again. */
export async function closePng(): Promise<void> {
  const closing = running;
  running = undefined;
  (await closing?.catch(() => undefined))?.close();
}

/** The running program; started anew where it has died, but not where it never started. */
async function ready(): Promise<Kaleido> {
  running ??= start();
  const kaleido = await running;
  if (kaleido.alive) return kaleido;
  running = start();
  return running;
}

async function start(): Promise<Kaleido> {
  const folder = findKaleido();
  if (folder === undefined)
    throw new Error('kaleido is not installed in the project\u2019s Python environment');
  return startKaleido(folder);
}

function note(reason: string): void {
  if (noted) return;
  noted = true;
  console.warn(
    `Figures are shown without their PNG copy, which GitHub and nbviewer need: ${reason}. "npm run doctor" says more.`,
  );
}
