import { describe, expect, it } from 'vitest';
import { minimize } from '../../src/representation/lbfgs';

/** Rosenbrock's function: a curved valley whose minimum is 0 at (1, 1). */
function rosenbrock([x, y]: Float64Array, gradient: Float64Array): number {
  gradient[0] = -2 * (1 - x) - 400 * x * (y - x * x);
  gradient[1] = 200 * (y - x * x);
  return (1 - x) ** 2 + 100 * (y - x * x) ** 2;
}

describe('minimize', () => {
  it("finds the minimum of Rosenbrock's function", async () => {
    const minimum = await minimize(rosenbrock, new Float64Array([-1.2, 1]), { tolerance: 1e-9 });
    expect(minimum.converged).toBe(true);
    expect(minimum.gradientNorm).toBeLessThanOrEqual(1e-9);
    // The Hessian's smallest eigenvalue there is 0.4: a gradient of 1e-9 leaves an error of a few 1e-9.
    expect(minimum.x[0]).toBeCloseTo(1, 8);
    expect(minimum.x[1]).toBeCloseTo(1, 8);
    // SciPy's L-BFGS-B takes about 35 iterations from this start.
    expect(minimum.iterations).toBeLessThan(60);
  });

  it('solves a quadratic whose curvatures span four orders of magnitude', async () => {
    const curvatures = Float64Array.from({ length: 30 }, (_, i) => 10 ** (-2 + (4 * i) / 29));
    const quadratic = (x: Float64Array, gradient: Float64Array) => {
      x.forEach((value, i) => (gradient[i] = curvatures[i] * (value - i)));
      return x.reduce((sum, value, i) => sum + (curvatures[i] * (value - i) ** 2) / 2, 0);
    };
    const minimum = await minimize(quadratic, new Float64Array(30), { tolerance: 1e-8 });
    expect(minimum.converged).toBe(true);
    // error = gradient / curvature <= 1e-8 / 1e-2
    minimum.x.forEach((value, i) => expect(Math.abs(value - i)).toBeLessThanOrEqual(1e-6));
  });

  it('takes an objective that answers later', async () => {
    const later = async (x: Float64Array, gradient: Float64Array) => {
      await new Promise(resolve => setImmediate(resolve));
      return rosenbrock(x, gradient);
    };
    const start = new Float64Array([-1.2, 1]);
    expect(await minimize(later, start)).toEqual(await minimize(rosenbrock, start));
  });

  it('steps back from where the function is not finite', async () => {
    // -log x + x: minimum 1 at x = 1; NaN for negative x, where steps from 1e-3 land
    const barrier = (x: Float64Array, gradient: Float64Array) => {
      gradient[0] = 1 - 1 / x[0];
      return x[0] - Math.log(x[0]);
    };
    const minimum = await minimize(barrier, new Float64Array([20]), { tolerance: 1e-8 });
    expect(minimum.converged).toBe(true);
    expect(minimum.x[0]).toBeCloseTo(1, 6);
  });

  it('says when it stopped before convergence', async () => {
    const minimum = await minimize(rosenbrock, new Float64Array([-1.2, 1]), { maxIterations: 3 });
    expect(minimum.converged).toBe(false);
    expect(minimum.iterations).toBe(3);
  });

  it('refuses a function that is not finite at the start', async () => {
    await expect(minimize(() => NaN, new Float64Array(1))).rejects.toThrow(
      /not finite at the start \(value NaN\)/,
    );
  });

  it('stops when it is told to', async () => {
    const stopped = minimize(rosenbrock, new Float64Array([-1.2, 1]), {
      signal: AbortSignal.abort(new Error('enough')),
    });
    await expect(stopped).rejects.toThrow('enough');
  });
});
