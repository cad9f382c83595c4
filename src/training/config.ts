/** What determines a training, besides data, model and seed. */

/** Settings of a training; everything that changes its result. */
export interface TrainingConfig {
  /** Number of optimizer steps. */
  readonly steps: number;
  /** Images a step, drawn from the training set with replacement. */
  readonly batchSize: number;
  /** Parts that a batch is computed in, one after the other, where its activations do not fit in memory; divides it. */
  readonly accumulation: number;
  /** Adam's learning rate, reached after the warm-up. */
  readonly learningRate: number;
  /** Steps over which the learning rate rises linearly to its full value; 0 for none. */
  readonly warmUpSteps: number;
  /** Adam's decay of the first moment. */
  readonly beta1: number;
  /** Adam's decay of the second moment. */
  readonly beta2: number;
  /** Adam's epsilon, added to the root of the second moment. */
  readonly epsilon: number;
  /** Half-life of the weights' exponential moving average, in images seen. */
  readonly emaHalfLife: number;
  /** Steps after which the averaged weights are kept in the run's folder, to be measured later; they change nothing else. */
  readonly keep: readonly number[];
}

const isCount = (value: number) => Number.isInteger(value) && value > 0;
const isPositive = (value: number) => value > 0 && Number.isFinite(value);
const isDecay = (value: number) => value > 0 && value < 1;

const requirements: { [K in keyof Omit<TrainingConfig, 'keep'>]: [(value: number) => boolean, string] } = {
  steps: [isCount, 'a positive whole number'],
  batchSize: [isCount, 'a positive whole number'],
  accumulation: [isCount, 'a positive whole number'],
  learningRate: [isPositive, 'a positive number'],
  warmUpSteps: [value => value === 0 || isCount(value), 'a whole number, 0 or more'],
  beta1: [isDecay, 'a number between 0 and 1'],
  beta2: [isDecay, 'a number between 0 and 1'],
  epsilon: [isPositive, 'a positive number'],
  emaHalfLife: [isPositive, 'a positive number of images'],
};

/** @throws RangeError naming the first setting that is missing or impossible. */
export function requireTrainingConfig(config: TrainingConfig): void {
  for (const name of Object.keys(requirements) as (keyof typeof requirements)[]) {
    const [holds, expected] = requirements[name];
    if (!holds(config[name])) throw new RangeError(`training.${name} is ${expected}, not ${config[name]}.`);
  }
  const { batchSize, accumulation } = config;
  if (batchSize % accumulation !== 0) {
    throw new RangeError(
      `training.accumulation divides training.batchSize (${batchSize}) into equal parts; ${accumulation} does not.`,
    );
  }
  const wrong = config.keep.find(step => !isCount(step) || step > config.steps);
  if (wrong !== undefined) {
    throw new RangeError(
      `training.keep holds steps from 1 to training.steps (${config.steps}), not ${wrong}.`,
    );
  }
}
