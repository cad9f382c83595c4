/** Posterior estimates over the noise level as pictures (paper, Fig. 12): fine details go first, then the class. */
import type { TensorValue } from '../engine/values';
import type { PosteriorEstimate } from '../representation/posterior';
import { createFigure, type Figure } from './figure';
import { pictureTable } from './picture-table';
import { formatNumber } from './style';

/** What is shown. */
export interface PosteriorFigureOptions {
  /** How many of the images, the first ones. Default 3. */
  readonly images?: number;
  readonly title?: string;
}

/** The three rows of an image. */
const rows = [
  { label: 'x<sub>t</sub>', of: (estimate: PosteriorEstimate) => estimate.noisy },
  { label: 'D(x<sub>t</sub>)', of: (estimate: PosteriorEstimate) => estimate.fromNoisy },
  { label: 'D(x<sub>0</sub>)', of: (estimate: PosteriorEstimate) => estimate.fromClean },
] as const;

/**
 * A column for each noise level; for each image the noisy image, its estimate, and the estimate of the clean image.
 * @param estimates as posteriorEstimates gives them: images [N, H, W, C], C = 1 or 3
 * @throws RangeError when there is no estimate, images are not gray or RGB, or fewer than asked for
 */
export function posteriorFigure(
  estimates: readonly PosteriorEstimate[],
  { images = 3, title = 'Posterior estimates over the noise level' }: PosteriorFigureOptions = {},
): Figure {
  requireEstimates(estimates, images);
  return createFigure({
    title,
    finding: describe(estimates, images),
    ...pictureTable({
      columns: estimates.map(({ sigma }) => `\u03c3 = ${formatNumber(sigma)}`),
      rows: rows.map(({ label }) => label),
      groups: images,
      imageAt: (index, row, column) => ({ images: rows[row].of(estimates[column]), index }),
    }),
  });
}

/** How much contrast the estimates keep, as the mean over images of the pixels' standard deviation. */
function describe(estimates: readonly PosteriorEstimate[], images: number): string {
  const [first, last] = [estimates[0], estimates[estimates.length - 1]];
  const kept = (of: (estimate: PosteriorEstimate) => TensorValue) => {
    const share = contrast(of(last), images) / contrast(of(first), images);
    return Number.isFinite(share) ? (100 * share).toFixed(0) : '0';
  };
  return (
    `From sigma ${formatNumber(first.sigma)} to ${formatNumber(last.sigma)} the contrast of the estimates of ${images} images ` +
    `goes to ${kept(rows[1].of)} % for noisy and ${kept(rows[2].of)} % for clean input.`
  );
}

function contrast({ values, shape }: TensorValue, images: number): number {
  const size = values.length / shape[0];
  let sum = 0;
  for (let image = 0; image < images; image++) {
    const own = Array.from(values.subarray(image * size, (image + 1) * size));
    const mean = own.reduce((a, b) => a + b, 0) / size;
    sum += Math.sqrt(own.reduce((a, b) => a + (b - mean) ** 2, 0) / size);
  }
  return sum / images;
}

function requireEstimates(estimates: readonly PosteriorEstimate[], images: number): void {
  if (estimates.length === 0) throw new RangeError('Give the estimates of at least one noise level.');
  const { shape } = estimates[0].noisy;
  if (shape.length !== 4 || (shape[3] !== 1 && shape[3] !== 3)) {
    throw new RangeError(
      `Only gray or RGB images can be drawn, [N, H, W, 1 or 3], not [${shape.join(', ')}].`,
    );
  }
  if (!Number.isInteger(images) || images < 1 || images > shape[0]) {
    throw new RangeError(
      `There are estimates of ${shape[0]} images, so 1 to ${shape[0]} can be shown, not ${images}.`,
    );
  }
}
