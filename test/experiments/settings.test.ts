import { describe, expect, test } from 'vitest';
import { parameterCount } from '../../src/diffusion/network';
import { buildModel } from '../../src/experiments/build';
import { presets, resolvePreset } from '../../src/experiments/presets';
import { editDistance, nearest, withChanges } from '../../src/experiments/settings';
import counts from '../reference/recorded/edm-counts.json';

test('settings are changed by name, lists as a whole, and the preset stays as it is', () => {
  const before = structuredClone(presets.digits);
  const config = resolvePreset('digits', { sizes: [32], training: { steps: 10 } });
  expect(config).toEqual({ ...before, sizes: [32], training: { ...before.training, steps: 10 } });
  expect(presets.digits).toEqual(before);
  expect(resolvePreset('digits', { seeds: undefined })).toEqual(before);
});

describe('a change of kind', () => {
  test("starts from the other kind's settings", () => {
    const config = resolvePreset('digits', {
      network: { kind: 'residual-mlp', width: 32 },
      diffusion: { kind: 'vp' },
    });
    expect(config.network).toEqual({ kind: 'residual-mlp', width: 32, blocks: 4, dropout: 0 });
    expect(config.diffusion).toEqual({ kind: 'vp' });
    expect(resolvePreset('digits', { network: { kind: 'unet' } })).toEqual(presets.digits);
    const { diffusion } = resolvePreset('digits', { diffusion: { kind: 'edm-levels', sigmas: [0.1] } });
    const { sigmaData, noiseScale } = presets.digits.diffusion;
    expect(diffusion).toEqual({ kind: 'edm-levels', sigmaData, noiseScale, sigmas: [0.1] });
  });

  test('refuses an unknown kind, and the settings of the kind before', () => {
    expect(() => resolvePreset('digits', { network: { kind: 'gan' as 'unet' } })).toThrow(
      'There is no network of kind "gan". The kinds are: unet, dit, residual-mlp.',
    );
    const mixed = { kind: 'residual-mlp', width: 32, channels: 8 } as const;
    expect(() => resolvePreset('digits', { network: mixed })).toThrow(/"network\.channels"/);
  });
});

describe('mistakes are errors that help', () => {
  const change = (changes: object) => () => resolvePreset('digits', changes);
  test.each([
    [
      'a mistyped name',
      change({ training: { batchsize: 8 } }),
      /"training\.batchsize".*Did you mean training\.batchSize\?/,
    ],
    ['a name in the wrong table', change({ learningRate: 1 }), /mean training\.learningRate\?/],
    ['a name that is in several tables', change({ steps: 1 }), /training\.steps or sampling\.steps/],
    [
      'a name like nothing else',
      change({ quantum: 1 }),
      /There is no setting "quantum"\. Settings are: data, data\.source/,
    ],
    [
      'a text for a number',
      change({ training: { steps: '10' } }),
      /training\.steps is a number \(such as 3000\), not "10"/,
    ],
    ['a number for a list', change({ sizes: 32 }), /sizes is a list \(such as \[32,.*not 32/],
    ['a number for a table', change({ probe: 1 }), /probe is a table of settings/],
    ['a name that every object has', change({ constructor: {} }), /There is no setting "constructor"/],
  ])('%s', (_name, mistake, message) => {
    expect(mistake).toThrow(message);
  });

  test('an unknown preset lists the presets', () => {
    expect(() => resolvePreset('cifar' as 'digits')).toThrow(/no preset "cifar"\. The presets are: digits/);
  });
});

test('a setting that is null by default takes a value', () => {
  expect(withChanges({ size: null as readonly number[] | null }, { size: [8, 8] })).toEqual({ size: [8, 8] });
});

test.each([
  ['kitten', 'sitting', 3],
  ['', 'abc', 3],
  ['same', 'same', 0],
  ['saturday', 'sunday', 3],
])('the edit distance of %s and %s is %i (textbook examples)', (a, b, distance) => {
  expect(editDistance(a, b)).toBe(distance);
  expect(editDistance(b, a)).toBe(distance);
});

test('the nearest names come nearest first, at most three', () => {
  expect(nearest('sigma', ['sigmas', 'sigmaMin', 'sigma', 'sigmaX', 'sigmaY', 'other'])).toEqual([
    'sigma',
    'sigmas',
    'sigmaX',
  ]);
});

test.each(['paper-unet-32', 'paper-unet-64', 'paper-unet-128'] as const)(
  "%s is the paper's training of the network that its name says, and can be built",
  name => {
    const config = resolvePreset(name);
    const { steps, batchSize, warmUpSteps } = config.training;
    expect(Math.round((steps * batchSize) / 1e6)).toBe(50);
    expect(Math.round((warmUpSteps * batchSize) / 1e6)).toBe(10);
    const { network } = buildModel(config, [32, 32, 3]).denoiser;
    expect(network.layers).toContain(config.probe.layer);
    expect(parameterCount(network)).toBe(counts[name.replace('paper-unet-', '') as keyof typeof counts]);
  },
);
