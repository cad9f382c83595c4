/** Posterior estimates as points of a plane, as the paper draws them (Fig. 15): classes that separate and collapse. */
import { closedForm, evaluateTerms, type ClosedForm } from './closed-form';
import { randomFrame } from './linear';
import { sampleMolrg, toFrame, type Molrg } from './molrg';
import { randomSource } from './random';

/** Points of a plane with their classes. */
export interface Projection {
  readonly sigma: number;
  readonly x: readonly number[];
  readonly y: readonly number[];
  readonly labels: readonly number[];
}

/**
 * Estimates x_hat, projected on the first column of each U_k and from there onto a random plane, the same for every noise level.
 * @param options.count samples; default 600
 * @param options.input default 'noisy'
 */
export function projectEstimates(
  model: Molrg,
  options: {
    sigmas: readonly number[];
    count?: number;
    input?: 'noisy' | 'clean';
    form?: ClosedForm;
    seed?: number;
  },
): Projection[] {
  const { sigmas, count = 600, input = 'noisy', form, seed = 0 } = options;
  if (model.classes < 2) {
    throw new RangeError('classes 1: a plane needs the directions of at least 2 classes.');
  }
  const source = randomSource(seed);
  const { samples, labels } = sampleMolrg(model, count, { seed: seed + 1 });
  const clean = toFrame(model, samples);
  const noise = source.fillNormal(new Float64Array(clean.length));
  const plane = randomFrame(model.classes, 2, source); // [K, 2]
  const dimension = model.frame.columns;
  const terms = closedForm(model, form);
  return sigmas.map(sigma => {
    const points = input === 'clean' ? clean : clean.map((value, i) => value + sigma * noise[i]);
    const { mean } = evaluateTerms(terms(sigma), points);
    const onAxis = (axis: number) =>
      Array.from(labels, (_, i) => {
        let sum = 0;
        for (let k = 0; k < model.classes; k++) {
          for (let j = 0; j < dimension; j++) {
            sum += plane.get(k, axis) * model.bases[k].get(j, 0) * mean[i * dimension + j];
          }
        }
        return sum;
      });
    return { sigma, x: onAxis(0), y: onAxis(1), labels: Array.from(labels) };
  });
}
