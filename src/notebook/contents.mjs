/** What an executed notebook holds, and whether it is fit to be shared. */
import { readFileSync, statSync } from 'node:fs';

const figureType = 'application/vnd.plotly.v1+json';

/** The notebook in a file. */
export function readNotebook(file) {
  return JSON.parse(readFileSync(file, 'utf8'));
}

/** Text of a cell or an output, which the format keeps as one string or as lines. */
function textOf(text) {
  return [text ?? ''].flat().join('');
}

const codeCells = ({ cells }) => cells.filter(cell => cell.cell_type === 'code');

/**
 * The figures, in order: number of the code cell as people count, its first line, and the PNG in base64, undefined where
 * there is none.
 */
export function figuresOf(notebook) {
  return codeCells(notebook).flatMap((cell, index) =>
    cell.outputs
      .filter(({ data = {} }) => figureType in data || 'image/png' in data)
      .map(({ data }) => ({
        cell: index + 1,
        firstLine: textOf(cell.source).split('\n')[0],
        png: data['image/png'] && textOf(data['image/png']),
      })),
  );
}

/** A shared copy is tracked by git and shown by GitHub: a larger one would load slowly, or not at all. */
const maximumBytes = 1_000_000;

/** Why an executed notebook is not fit to be shared, with the remedy; undefined when it is. */
export function shortcomingOf(file) {
  const notebook = readNotebook(file);
  const bare = figuresOf(notebook).find(({ png }) => !png);
  if (bare) {
    return `has a figure without a PNG, so that GitHub and nbviewer would show none: cell ${bare.cell} ("${bare.firstLine}"). "npm run doctor" says whether figures can be drawn; show it by a function of the library or by createFigure.`;
  }
  const { size } = statSync(file);
  if (size <= maximumBytes) return undefined;
  const { cell, bytes } = largestOutput(notebook);
  return `has ${(size / 1e6).toFixed(2)} MB when it is executed, and at most ${maximumBytes / 1e6} MB is shared. Most is in cell ${cell} (${(bytes / 1e6).toFixed(2)} MB): show fewer or smaller pictures and shorter tables there.`;
}

function largestOutput(notebook) {
  const sizes = codeCells(notebook).map(({ outputs }) => JSON.stringify(outputs).length);
  const bytes = Math.max(...sizes);
  return { cell: sizes.indexOf(bytes) + 1, bytes };
}
