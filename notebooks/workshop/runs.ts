/** The runs that ship with the workshop, so that nobody waits. */
import { cpSync, existsSync, readdirSync } from 'node:fs';
import path from 'node:path';
import { defaultRoot, measure, type MeasuredModel, type PosteriorEstimate } from 'unimodal';

const shipped = path.join(__dirname, '..', 'results');

/**
 * The folder of the workshop's runs, `workshop` in the folder of all runs, with copies of the results that ship with the
 * notebooks. What is there already is left as it is.
 * @param folder of all runs. Default: as everywhere, see defaultRoot
 */
export function workshopRuns(folder = defaultRoot()): string {
  const root = path.resolve(folder, 'workshop');
  for (const name of readdirSync(shipped).filter(name => name.startsWith('digits-'))) {
    const target = path.join(root, name);
    if (!existsSync(target)) cpSync(path.join(shipped, name), target, { recursive: true });
  }
  return root;
}

/**
 * What a model guesses behind the noise on the first test images, as notebook 06 measures it.
 * @throws Error when its run does not hold it
 */
export function storedEstimates(
  model: MeasuredModel,
  settings: { readonly sigmas: readonly number[]; readonly count: number },
): Promise<PosteriorEstimate[]> {
  return measure(model, 'posterior-images', settings, () => {
    throw new Error(
      'These estimates do not come with the workshop: take the noise levels and the number of images that do.',
    );
  });
}
