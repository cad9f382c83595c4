import os from 'node:os';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startSession, type Session } from './command-line';

let session: Session;
beforeAll(() => {
  session = startSession(os.tmpdir());
});
afterAll(() => session.end());
const unimodal = (line: string) => session.run(...line.split(' '));

interface SnrJson {
  sigma: number[];
  snr: number[];
  stderr: number[];
  approx: number[];
  perClass: number[][];
}

describe('unimodal theory snr', () => {
  const model = 'theory snr --classes 2 --rank 5 --delta 0.2 --ambient 50';

  it("meets the paper's table for two orthogonal classes within 3 % or 3 standard errors", async () => {
    const paper = [24.88, 25.15, 26.95, 35.84, 58.27, 20.84, 4.05, 1.57];
    const { status, stdout } = await unimodal(
      `${model} --sigma 0.008,0.023,0.06,0.14,0.296,0.585,1.088,1.923 --json`,
    );
    expect(status).toBe(0);
    const json = JSON.parse(stdout) as SnrJson;
    expect(Object.keys(json)).toEqual(['sigma', 'snr', 'stderr', 'approx', 'perClass']);
    const { sigma, snr, stderr, approx, perClass } = json;
    expect(sigma).toHaveLength(8);
    expect(approx).toHaveLength(8);
    expect(perClass.map(values => values.length)).toEqual([8, 8]);
    paper.forEach((value, s) => {
      expect(Math.abs(snr[s] - value)).toBeLessThan(Math.max(0.03 * value, 3 * stderr[s]));
    });
  });

  it('prints a table that says which form made it, and the same for the same seed', async () => {
    const line = `${model} --sigma 0.06,0.296 --samples 2000 --seed 3 --angle 30 --form paper --clean`;
    const first = await unimodal(line);
    expect(first.status).toBe(0);
    expect(first.stdout).toMatch(/paper, clean input.*2000 samples, seed 3/);
    expect(first.stdout).toMatch(/sigma +SNR +std. error +Theorem 1 +class 0 +class 1/);
    expect(first.stdout.trim().split('\n')).toHaveLength(5);
    expect((await unimodal(line)).stdout).toBe(first.stdout);
  });

  it('takes ranks and mixing weights, and counts the classes by them', async () => {
    const { stdout } = await unimodal(
      'theory snr --ranks 3,2,1 --mix 0.5,0.3,0.2 --sigma 0.3 --samples 600 --json',
    );
    expect((JSON.parse(stdout) as SnrJson).perClass).toHaveLength(3);
  });

  it('measures a trained network', async () => {
    const { status, stdout } = await unimodal(
      'theory snr --rank 2 --ambient 10 --sigma 0.05 --samples 3000 --trained --json',
    );
    expect(status).toBe(0);
    const { snr } = JSON.parse(stdout) as SnrJson;
    // 1 / delta^2 = 25 at small noise; 3,000 samples, and bases learned from 3,000.
    expect(Math.abs(snr[0] / 25 - 1)).toBeLessThan(0.2);
  });

  it.each([
    ['--delta 1.5', /delta 1.5: must lie between 0 and 1/],
    ['--angle 0', /angle 0: must lie in/],
    ['--sigma 0', /sigma 0: a noise level must be positive/],
    ['--sigma 0.1,x', /"x" is not a number/],
    ['--ranks 1,2,3 --classes 2', /3 ranks for 2 classes/],
    ['--mix 0.5,0.4', /their sum is 0.9/],
    ['--ambient 5', /raise ambient to 10/],
    ['--form exakt', /Allowed choices are exact, paper/],
    ['--sigmma 1', /unknown option '--sigmma'/],
  ])('refuses %s', async (options, message) => {
    const { status, stderr, stdout } = await unimodal(`theory snr ${options}`);
    expect(status).not.toBe(0);
    expect(stderr).toMatch(message);
    expect(stderr).not.toMatch(/\n\s+at /); // a message, not a stack trace
    expect(stdout).toBe('');
  });
});
