import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { readdir } from 'node:fs/promises';
import path from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { openRun } from '../../src/store/run';
import { loadWeights } from '../../src/store/weights';
import { train } from '../../src/training/train';
import { withTemporaryFolder } from '../store/temporary';
import { tiny } from './tiny';

/** How often the training is killed; more with KILLS=20, for a thorough check. */
const kills = Number(process.env.KILLS ?? 4);
const config = { ...tiny.config, steps: 400 * (kills + 1) };

function startTraining(root: string): ChildProcess {
  return fork(path.join(__dirname, 'train-child.ts'), [root, String(config.steps)], {
    execArgv: ['--require', require.resolve('tsx/cjs')],
  });
}

/** Kills the training at some moment after it has begun; resolves to the step that it was seen at. */
async function killSomewhere(child: ChildProcess, wait: number): Promise<number> {
  let seen = 0;
  child.on('message', step => (seen = step as number));
  const exit = once(child, 'exit');
  await Promise.race([once(child, 'message'), exit]);
  await delay(wait);
  child.kill('SIGKILL');
  await exit;
  return seen;
}

test('killed at any moment and started again, it ends with the same weights bit for bit', async () => {
  const uninterrupted = await train({ ...tiny, config });
  await withTemporaryFolder(async root => {
    const seen: number[] = [];
    for (let i = 0; i < kills; i++) seen.push(await killSomewhere(startTraining(root), (i * 137) % 500));
    if (process.env.KILLS) console.log('last steps seen before each kill', seen.join(' '));
    expect(seen[0], 'killed before its end').toBeLessThan(config.steps);
    const [code] = (await once(startTraining(root), 'exit')) as [number];
    expect(code).toBe(0);
    const run = await openRun(config, { root, name: 'tiny', seeds: { run: tiny.seed } });
    expect((await readdir(run.folder)).filter(name => /tmp$|^lock|checkpoint/.test(name))).toEqual([]);
    const { raw, average } = await loadWeights(run);
    expect(raw).toEqual(uninterrupted.raw);
    expect(average).toEqual(uninterrupted.average);
  });
}, 120_000);
