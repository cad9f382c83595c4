/** The parameters of a mixture of low-rank Gaussians, checked before any work starts. */

/** Parameters of the mixture. */
export interface MolrgOptions {
  /** Ambient dimension n. */
  ambient: number;
  /** Number of classes K; default: the length of `rank` when that is a list, otherwise 2. */
  classes?: number;
  /** Rank d of each class's subspace: one for all, or a list of K. */
  rank: number | readonly number[];
  /** Standard deviation of the noise in the other classes' subspaces, in (0, 1). */
  delta: number;
  /** Mixing weights pi_k, positive, of sum 1; default: equal. */
  weights?: readonly number[];
  /**
   * Principal angle in degrees between every two classes' subspaces, in (0, 90]; default 90: orthogonal. A list gives each
   * principal angle, of as many as the largest rank.
   */
  angle?: number | readonly number[];
  /**
   * Class means; default: all zero. A number m puts the mean of each class at m times a direction of its own, orthogonal to every
   * subspace; a list gives K vectors of length n.
   */
  means?: number | readonly ArrayLike<number>[];
  /** Seed of the bases' orientation; default 0. */
  seed?: number;
}

/** The same parameters with every default filled in. */
export interface ResolvedOptions {
  readonly ambient: number;
  readonly classes: number;
  readonly ranks: readonly number[];
  readonly delta: number;
  readonly weights: readonly number[];
  /** One principal angle for each of the largest class's directions, in degrees; empty where the bases were given. */
  readonly angles: readonly number[];
  readonly means: number | readonly (readonly number[])[] | undefined;
  readonly seed: number;
}

/** @throws RangeError naming the value and the remedy */
export function resolveOptions(options: MolrgOptions): ResolvedOptions {
  const { ambient, delta, seed = 0 } = options;
  requireCount('ambient', ambient, 'the ambient dimension n');
  const classes = options.classes ?? (typeof options.rank === 'number' ? 2 : options.rank.length);
  requireCount('classes', classes, 'the number of classes K');
  if (!(delta > 0 && delta < 1)) {
    throw new RangeError(`delta ${delta}: must lie between 0 and 1 (both excluded), such as 0.2.`);
  }
  if (!Number.isInteger(seed)) throw new RangeError(`seed ${seed}: must be an integer, such as 0.`);
  const ranks = resolveRanks(options.rank, classes);
  const means = resolveMeans(options.means, classes, ambient);
  requireRoom(ranks, classes, ambient, typeof means === 'number');
  const weights = resolveWeights(options.weights, classes);
  const angles = resolveAngles(options.angle ?? 90, Math.max(...ranks));
  return { ambient, classes, ranks, delta, weights, angles, means, seed };
}

function requireCount(name: string, value: number, meaning: string): void {
  if (!Number.isInteger(value) || value < 1) {
    throw new RangeError(`${name} ${value}: ${meaning} must be a positive whole number.`);
  }
}

function resolveRanks(rank: number | readonly number[], classes: number): number[] {
  const ranks = typeof rank === 'number' ? new Array<number>(classes).fill(rank) : [...rank];
  if (ranks.length !== classes) {
    throw new RangeError(
      `rank [${ranks.join(', ')}]: ${ranks.length} ranks for ${classes} classes; give one rank for all, or a list of ${classes}.`,
    );
  }
  ranks.forEach(value => requireCount('rank', value, "the dimension of each class's subspace"));
  return ranks;
}

function requireRoom(
  ranks: readonly number[],
  classes: number,
  ambient: number,
  separateMeans: boolean,
): void {
  const needed = ranks.reduce((sum, rank) => sum + rank, 0) + (separateMeans ? classes : 0);
  if (needed <= ambient) return;
  const what = separateMeans
    ? `the ranks and ${classes} directions for the means add up to ${needed}`
    : `the ranks add up to ${needed}`;
  throw new RangeError(
    `ambient ${ambient}: ${what}; raise ambient to ${needed} or more, or lower the ranks (${ranks.join(', ')}).`,
  );
}

function resolveWeights(weights: readonly number[] | undefined, classes: number): number[] {
  if (weights === undefined) return new Array<number>(classes).fill(1 / classes);
  const shown = `weights [${weights.join(', ')}]`;
  if (weights.length !== classes) {
    throw new RangeError(`${shown}: ${weights.length} weights for ${classes} classes; give ${classes}.`);
  }
  if (weights.some(weight => !(weight > 0))) {
    throw new RangeError(`${shown}: every weight must be positive; leave out classes that never occur.`);
  }
  const sum = weights.reduce((total, weight) => total + weight, 0);
  if (Math.abs(sum - 1) > 1e-9) {
    throw new RangeError(`${shown}: their sum is ${sum}, must be 1; divide each by ${sum}.`);
  }
  return [...weights];
}

function resolveAngles(angle: number | readonly number[], count: number): number[] {
  const angles = typeof angle === 'number' ? new Array<number>(count).fill(angle) : [...angle];
  if (angles.length !== count) {
    throw new RangeError(
      `angle [${angles.join(', ')}]: ${angles.length} principal angles for subspaces of rank up to ${count}; ` +
        `give one angle for all, or a list of ${count}.`,
    );
  }
  for (const value of angles) {
    if (!(value > 0 && value <= 90)) {
      throw new RangeError(
        `angle ${value}: must lie in (0, 90] degrees; at 0 the classes' subspaces coincide, at 90 they are orthogonal.`,
      );
    }
  }
  return angles;
}

function resolveMeans(
  means: MolrgOptions['means'],
  classes: number,
  ambient: number,
): ResolvedOptions['means'] {
  if (means === undefined || means === 0) return undefined;
  if (typeof means === 'number') {
    if (means > 0 && Number.isFinite(means)) return means;
    throw new RangeError(`means ${means}: the means' distance from the origin must be positive.`);
  }
  if (means.length !== classes) {
    throw new RangeError(`means: ${means.length} vectors for ${classes} classes; give ${classes}.`);
  }
  return means.map((mean, k) => {
    const vector = Array.from(mean);
    if (vector.length === ambient && vector.every(Number.isFinite)) return vector;
    throw new RangeError(
      `means[${k}]: ${vector.length} numbers; each mean is ${ambient} finite numbers, one for each ambient dimension.`,
    );
  });
}

/** @throws RangeError unless sigma is a positive, finite number */
export function requireSigma(sigma: number): void {
  if (!(sigma > 0 && Number.isFinite(sigma))) {
    throw new RangeError(
      `sigma ${sigma}: a noise level must be positive and finite; the smallest of the usual ones is 0.002.`,
    );
  }
}
