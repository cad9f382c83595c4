import { execFileSync } from 'node:child_process';
import path from 'node:path';
import { describe, expect, test } from 'vitest';
import { parseAxes, parseSettings } from '../../src/cli/shared/settings';
import { cellCommand } from '../../src/experiments/cell-job';
import { type Grid, gridCells } from '../../src/experiments/grid';
import { presets } from '../../src/experiments/presets';

const axes = { trainingSize: [32, 1000], 'network.channels': [8, 16], seed: [0, 1, 2] };

test('a grid has a model for each combination of the values of its axes, the last one changing fastest', () => {
  const cells = gridCells({ over: axes, training: { steps: 7 } });
  expect(cells).toHaveLength(12);
  expect(new Set(cells.map(({ label }) => label)).size).toBe(12);
  expect(cells.slice(0, 4).map(({ label }) => label)).toEqual([
    'trainingSize   32, channels  8, seed 0',
    'trainingSize   32, channels  8, seed 1',
    'trainingSize   32, channels  8, seed 2',
    'trainingSize   32, channels 16, seed 0',
  ]);
  const { data, network, diffusion, training, probe, sampling } = presets.digits;
  expect(cells[3]).toMatchObject({
    trainingSize: 32,
    seed: 0,
    at: { trainingSize: 32, 'network.channels': 16, seed: 0 },
    config: { data, network: { ...network, channels: 16 }, diffusion, probe, sampling },
  });
  expect(cells[3].config.training).toEqual({ ...training, steps: 7 });
});

test('without axes a grid is one model: of the whole pool, with the first seed', () => {
  const [cell, ...others] = gridCells({ data: { pool: 500 } });
  expect(others).toEqual([]);
  expect(cell).toMatchObject({ trainingSize: 500, seed: 0, at: {}, label: 'trainingSize 500, seed 0' });
});

test('axes of the same last name, and those with one value, do not make labels ambiguous or long', () => {
  const over = { 'training.steps': [5, 10], 'sampling.steps': [3, 4], seed: [7], 'probe.layer': ['a', 'b'] };
  expect(gridCells({ over })[0].label).toBe('training.steps  5, sampling.steps 3, layer a');
});

test('a network of another kind can be on an axis, with settings of its own fixed', () => {
  const cells = gridCells({ over: { 'network.kind': ['unet', 'residual-mlp'] }, network: { dropout: 0.1 } });
  expect(cells.map(({ config }) => config.network)).toEqual([
    { ...presets.digits.network, dropout: 0.1 },
    { kind: 'residual-mlp', width: 256, blocks: 4, dropout: 0.1 },
  ]);
});

describe('a mistake is an error that helps', () => {
  test.each<[string, Grid, RegExp]>([
    ['a mistyped axis', { over: { 'network.chanels': [8] } }, /"network\.chanels".*mean network\.channels\?/],
    ['an axis of the wrong table', { over: { channels: [8] } }, /mean network\.channels\?/],
    ['a text for a number', { over: { seed: ['a'] } }, /seed is a number \(such as 0\), not "a"/],
    ['one value without a list', { over: { seed: 1 as never } }, /seed: an axis is a list of values, not 1/],
    ['an axis without values', { over: { seed: [] } }, /seed holds at least one value/],
    ['a value twice', { over: { seed: [1, 2, 1] } }, /seed holds a value twice: 1, 2, 1/],
    ['an unknown preset', { preset: 'digit' as 'digits' }, /no preset "digit"\. The presets are: digits/],
    ["the transition's name for sizes", { sizes: [1] } as Grid, /no setting "sizes"/],
  ])('%s', (_what, grid, message) => {
    expect(() => gridCells(grid)).toThrow(message);
  });
});

test.each([
  ['trainingSize=32,1000', { trainingSize: [32, 1000] }],
  ['seed=3', { seed: [3] }],
  ['probe.layer=8x8_up,8x8_block0', { 'probe.layer': ['8x8_up', '8x8_block0'] }],
  [
    'data.size=[8,8],[16,16]',
    {
      'data.size': [
        [8, 8],
        [16, 16],
      ],
    },
  ],
  ['probe.sigmas=[0.1,1]', { 'probe.sigmas': [[0.1, 1]] }],
  ['data.gray=true,false', { 'data.gray': [true, false] }],
])('--over %s', (option, expected) => {
  expect(parseAxes([option])).toEqual(expected);
});

test("a model's shell command says all that determines it, whatever is in the settings", () => {
  const grid: Grid = {
    preset: 'cifar16',
    data: { source: "my folder's images", size: [8, 8] },
    over: { 'probe.layer': ['8x8_up', '10'], seed: [4] },
  };
  for (const cell of gridCells(grid)) {
    const command = cellCommand({ ...cell, root: '/runs of $HOME', fresh: false });
    // The words that a shell makes of it, a line each.
    const words = execFileSync('sh', ['-c', `printf '%s\\n' ${command}`], { encoding: 'utf8' })
      .trimEnd()
      .split('\n');
    const after = (option: string) => words.filter((_, i) => words[i - 1] === option);
    expect(words.slice(0, 3)).toEqual(['node', path.resolve('src/cli/unimodal.cjs'), 'sweep']);
    expect(after('--runs')).toEqual(['/runs of $HOME']);
    const again = gridCells({ preset: after('--preset')[0] as 'digits', ...parseSettings(after('--set')) });
    expect(again).toHaveLength(1);
    const { config, trainingSize, seed } = cell;
    expect(again[0]).toMatchObject({ config, trainingSize, seed });
    expect(config.data.source).toBe(path.resolve("my folder's images"));
  }
});
