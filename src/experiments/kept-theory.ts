/** Denoisers of the solvable model that are trained once: what they learned is kept in the folder of all runs. */
import { Matrix } from 'ml-matrix';
import { sha256 } from '../store/keys';
import { keep } from '../store/results';
import { flatten, type Molrg } from '../theory/molrg';
import { molrgNetwork, type TrainedMolrg, trainMolrg, type TrainMolrgOptions } from '../theory/train';
import { resolveTraining, type TrainingOptions } from '../theory/training-loop';
import {
  type TrainedVanilla,
  trainVanilla,
  type TrainVanillaOptions,
  vanillaEstimator,
} from '../theory/vanilla';

/** Where it is kept. */
interface Kept {
  /** Folder of all runs. Default: {@link defaultRoot}. */
  readonly root?: string;
}

/**
 * As {@link trainMolrg}, once: what was trained before with the same mixture and settings is read from the folder of all runs.
 * @throws RangeError for settings outside their range, before any work
 */
export async function keptMolrg(
  model: Molrg,
  { root, ...options }: TrainMolrgOptions & Kept = {},
): Promise<TrainedMolrg> {
  const { bases, losses, steps } = await keep(
    'molrg',
    settingsOf(model, options),
    async () => {
      const { bases, losses, steps } = await trainMolrg(model, options);
      return { bases: bases.map(flatten), losses, steps };
    },
    { root },
  );
  const learned = bases.map((basis, k) => Matrix.from1DArray(model.ambient, model.ranks[k], basis));
  return { ...molrgNetwork(model, learned, options), losses, steps };
}

/** As {@link trainVanilla}, once. @throws RangeError for settings outside their range, before any work */
export async function keptVanilla(
  model: Molrg,
  { root, ...options }: TrainVanillaOptions & Kept = {},
): Promise<TrainedVanilla> {
  const { weights, parameterCount, losses } = await keep(
    'vanilla',
    settingsOf(model, options),
    async () => {
      const { weights, parameterCount, losses } = await trainVanilla(model, options);
      return { weights, parameterCount, losses };
    },
    { root },
  );
  return { weights, estimator: vanillaEstimator(weights, model.ambient), parameterCount, losses };
}

/** All that a training depends on, as plain data. */
function settingsOf(model: Molrg, options: TrainingOptions) {
  const { ambient, ranks, delta, weights, angles, means, seed } = model;
  // A mixture made of given bases has no angles: its numbers stand for it.
  const numbers = [model.frame, ...model.bases].flatMap(matrix => matrix.to1DArray());
  const given = angles.length === 0 ? sha256(numbers.join()) : undefined;
  const mixture = { ambient, ranks, delta, weights, angles, means, seed, given };
  const training = {
    ...resolveTraining(options),
    compile: undefined,
    signal: undefined,
    onProgress: undefined,
  };
  return { mixture, training };
}
