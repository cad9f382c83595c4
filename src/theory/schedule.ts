/** The noise levels that the trained models of the paper see: the DDPM schedule as standard deviations. */

/** Steps at which the paper measures probes and signal-to-noise ratio (Fig. 3), of T = 500. */
export const measuredSteps: readonly number[] = [
  5, 10, 20, 40, 60, 80, 100, 120, 140, 160, 180, 240, 260, 280,
];

/**
 * sigma_t of DDPM's linear schedule for x_t = x_0 + sigma_t eps: beta_t from 1e-4 to 0.02 in T steps,
 * alpha_t = prod (1 - beta), sigma_t^2 = (1 - alpha_t) / alpha_t.
 * @param steps T; default 500
 * @returns sigma of step t at index t - 1: from 0.01 to 12 for T = 500
 */
export function ddpmSigmas(steps = 500): Float64Array {
  if (!Number.isInteger(steps) || steps < 2) {
    throw new RangeError(`steps ${steps}: a noise schedule has at least 2 whole steps; the paper's has 500.`);
  }
  let kept = 1;
  return Float64Array.from({ length: steps }, (_, t) => {
    kept *= 1 - (1e-4 + ((0.02 - 1e-4) * t) / (steps - 1));
    return Math.sqrt((1 - kept) / kept);
  });
}

/** sigma of the steps of {@link measuredSteps}. */
export function measuredSigmas(): number[] {
  const sigmas = ddpmSigmas();
  return measuredSteps.map(step => sigmas[step - 1]);
}
