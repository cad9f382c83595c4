/**
 * The representation curve as a value: which test images the probe got right at each noise level. Accuracy, its
 * uncertainty and the verdict (see {@link analyseCurve}) are all computed from it, so that a saved curve can be looked
 * at again without the model that made it.
 */

/** What a probe got right at each noise level, for one layer of one trained model. */
export interface CurveMeasurement {
  /** Name of the probed activation. */
  readonly layer: string;
  /** Whether the network was shown `x + sigma * noise` or the clean `x`. */
  readonly input: 'noisy' | 'clean';
  /** Noise levels, strictly increasing. */
  readonly sigmas: readonly number[];
  /** Noise draws of each test image. */
  readonly draws: number;
  /** Number of test images. */
  readonly testCount: number;
  /** 1 where the probe was right, else 0; [sigma][draw][test image], row-major. */
  readonly correct: Uint8Array;
}

/**
 * Test accuracy at each noise level, in percent: the mean over noise draws and test images.
 * @throws Error when the curve is not a valid measurement, see {@link checkCurve}.
 */
export function accuracies(curve: CurveMeasurement): number[] {
  checkCurve(curve);
  const size = curve.draws * curve.testCount;
  return curve.sigmas.map((_, s) => {
    let right = 0;
    for (let i = s * size; i < (s + 1) * size; i++) right += curve.correct[i];
    return (100 * right) / size;
  });
}

/**
 * One curve from measurements at single noise levels or at some of them, for instance of a denoiser for each level.
 * @throws RangeError when there is none, or two differ in layer, input, draws or number of test images, or share a level
 */
export function joinLevels(parts: readonly CurveMeasurement[]): CurveMeasurement {
  if (parts.length === 0) throw new RangeError('Give at least one curve to join.');
  const [first] = parts;
  const alike = ({ layer, input, draws, testCount }: CurveMeasurement) =>
    `layer ${layer}, ${input} input, ${draws} draws of ${testCount} test images`;
  const other = parts.find(part => alike(part) !== alike(first));
  if (other) {
    throw new RangeError(
      `Only curves measured alike can be joined, but one has ${alike(first)}, and another ${alike(other)}.`,
    );
  }
  const size = first.draws * first.testCount;
  const levels = parts
    .flatMap(({ sigmas, correct }) =>
      sigmas.map((sigma, s) => ({ sigma, correct: correct.subarray(s * size, (s + 1) * size) })),
    )
    .sort((a, b) => a.sigma - b.sigma);
  const correct = new Uint8Array(levels.length * size);
  levels.forEach((level, s) => correct.set(level.correct, s * size));
  const joined = { ...first, sigmas: levels.map(({ sigma }) => sigma), correct };
  checkCurve(joined);
  return joined;
}

/**
 * Refuses what is not a curve: noise levels that do not increase, counts that do not fit the data, values other than 0 and 1.
 * @throws RangeError naming what was given and what was expected.
 */
export function checkCurve(curve: CurveMeasurement): void {
  const { sigmas, draws, testCount, correct } = curve;
  checkSigmas(sigmas);
  for (const [name, value] of Object.entries({ draws, testCount })) {
    if (!Number.isInteger(value) || value < 1) {
      throw new RangeError(`A curve's ${name} must be a whole number of at least 1, but it is ${value}.`);
    }
  }
  const expected = sigmas.length * draws * testCount;
  if (correct.length !== expected) {
    throw new RangeError(
      `A curve of ${sigmas.length} noise levels, ${draws} draws and ${testCount} test images holds ${expected} values, ` +
        `but "correct" has ${correct.length}. Measure the curve again.`,
    );
  }
  const wrong = correct.find(value => value > 1);
  if (wrong !== undefined) {
    throw new RangeError(`"correct" of a curve holds 0 and 1 only, but it has a ${wrong}.`);
  }
}

function checkSigmas(sigmas: readonly number[]): void {
  if (sigmas.length === 0)
    throw new RangeError('A curve needs at least one noise level, but "sigmas" is empty.');
  sigmas.forEach((sigma, i) => {
    if (!Number.isFinite(sigma) || sigma <= 0) {
      throw new RangeError(`Noise levels must be positive numbers, but sigmas[${i}] is ${sigma}.`);
    }
    if (i > 0 && sigma <= sigmas[i - 1]) {
      throw new RangeError(
        `Noise levels must increase, but sigmas[${i}] = ${sigma} follows ${sigmas[i - 1]}. Sort them, without repeats.`,
      );
    }
  });
}
