import { PNG } from 'pngjs';
import { describe, expect, it } from 'vitest';
import { float32 } from '../../src/engine/values';
import { curveFigure } from '../../src/figures/curves';
import { createFigure, escapeLabel, type Figure, type PlotlyObject } from '../../src/figures/figure';
import { layerFigure } from '../../src/figures/layers';
import { lossFigure } from '../../src/figures/losses';
import { linesFigure } from '../../src/figures/lines';
import { measuresFigure } from '../../src/figures/measures';
import { posteriorFigure } from '../../src/figures/posterior';
import { segmentationFigure } from '../../src/figures/segmentation';
import { sampleFigure } from '../../src/figures/samples';
import { lineStyle, logTicks } from '../../src/figures/style';
import { summarizeTransition, transitionFinding, type TransitionRow } from '../../src/figures/summary';
import { transitionFigure } from '../../src/figures/transition';
import { simulateCurve, truths } from '../curve/simulated';
import { exampleLosses, exampleTransition } from './example';
import { schemaErrors } from './plotly-schema';

const transition = exampleTransition();
const gray = (count: number) =>
  float32(
    Float32Array.from({ length: count * 16 }, (_, i) => Math.cos(i)),
    [count, 4, 4, 1],
  );
const losses = [32, 1000].map(size => ({ name: `N = ${size}`, losses: exampleLosses(size) }));

const layers = () => [
  { ...simulateCurve(truths.falling, 1), layer: 'input' },
  { ...simulateCurve(truths.hill, 2), layer: '8x8_up' },
];
const panels = [
  {
    title: 'distance',
    x: 'training step',
    y: 'FID',
    logarithmic: true,
    lines: ['N = 32', 'N = 64'].map(name => ({
      name,
      x: [100, 200, 400],
      y: [3, 2, 1],
      stderr: [0.1, 0.2, 0.1],
    })),
  },
  {
    title: 'one against the other',
    x: 'FID',
    y: 'accuracy, %',
    lines: [{ name: 'N = 64', x: [3, 2, 1], y: [70, 80, 81.5], labels: ['100', '200', '<b>400'] }],
  },
];
const estimates = [0.1, 1].map(sigma => ({
  sigma,
  noisy: gray(3),
  fromNoisy: gray(3),
  fromClean: float32(
    gray(3).values.map(value => value * (1.05 - sigma / 2)),
    [3, 4, 4, 1],
  ),
}));
const segmented = {
  images: gray(2),
  masks: Array.from({ length: 32 }, (_, i) => i % 3),
  classNames: ['background', 'a', '<b>'],
  sigmas: [0.1, 1],
  found: [1, 2].map(step => Array.from({ length: 32 }, (_, i) => (i % step === 0 ? i % 3 : 0))),
};
const measured = [
  { title: 'SNR', lines: [{ name: 'N = 32', sigmas: [0.1, 1, 2], values: [3, 5, 5] }] },
  {
    title: 'ICR',
    lines: [32, 64].map(n => ({ name: `N = ${n}`, sigmas: [0.1, 1, 2], values: [0.5, 0.2, 0.3] })),
    extreme: 'lowest' as const,
  },
  { title: 'distance', lines: [{ name: 'N = 64', sigmas: [0.1, 1], values: [2, 1] }] },
];

const figures: Record<string, () => Figure> = {
  'layers against noise levels': () => layerFigure(layers()),
  'measures over the noise level': () => measuresFigure(measured),
  'lines over anything': () =>
    linesFigure(panels, { title: 'Both improve', finding: 'One falls, the other rises.' }),
  'segmented images': () => segmentationFigure(segmented),
  'posterior estimates': () => posteriorFigure(estimates, { images: 2 }),
  transition: () => transitionFigure(transition),
  'transition over several runs': () => transitionFigure(exampleTransition(3)),
  'transition of one size': () => transitionFigure({ sizes: transition.sizes.slice(0, 1) }),
  curve: () => curveFigure(transition.sizes[5].curves),
  losses: () => lossFigure(losses),
  'losses of one step': () => lossFigure([{ name: 'short', losses: [{ step: 1, loss: 0.4 }] }]),
  samples: () =>
    sampleFigure([
      { label: 'N = 32', samples: gray(3), nearestImages: gray(3), copies: [true, false, true] },
      { label: 'N = 64', samples: gray(5) },
    ]),
};
const traces = ({ data }: Figure, property: string) => data.map(trace => trace[property]);

describe.each(Object.entries(figures))('the figure: %s', (_, draw) => {
  it('is valid in the schema of plotly.js', () => {
    expect(schemaErrors(draw())).toEqual([]);
  });

  it('says in words what it shows, and is small', () => {
    const figure = draw();
    expect(figure.alt.startsWith(`${figure.title}. `)).toBe(true);
    expect(figure.alt).toMatch(/\.$/);
    expect(JSON.stringify([figure.data, figure.layout]).length).toBeLessThan(60_000);
  });
});

describe('schemaErrors', () => {
  it('finds what plotly.js would ignore', () => {
    const figure = { data: [{ type: 'scatter', colour: 'red' }], layout: { xaxis: { typ: 'log' } } };
    expect(schemaErrors(figure).join()).toMatch(/colour.*typ/);
  });
});

describe('createFigure', () => {
  const withPoints = (count: number) =>
    createFigure({
      data: [
        { x: Array(count / 4).fill(1), z: [Array(count / 4).fill(1), Array(count / 4).fill(1)] },
        { y: new Float32Array(count / 4) },
      ],
      layout: {},
      title: 'Many points',
      finding: 'None.',
      height: 100,
    });

  it('refuses more numbers than a shared notebook can hold, and says what to do', () => {
    expect(withPoints(50_000).title).toBe('Many points');
    expect(() => withPoints(50_004)).toThrow(
      /"Many points" has 50,004 numbers in its traces, and at most 50,000.*Draw every k-th point/,
    );
  });
});

describe('transitionFigure', () => {
  it('draws band, line and peak of each size, and none of the small numbers differs from the analysis', () => {
    const figure = transitionFigure(transition);
    const rows = summarizeTransition(transition);
    const lines = figure.data.filter(trace => trace.mode === 'lines+markers' && trace.xaxis === undefined);
    expect(lines.map(line => line.name)).toEqual(['32', '64', '128', '256', '512', '1,000']);
    lines.forEach((line, i) => {
      const means = rows[i].analysis.accuracy.map(band => band.mean);
      // figures carry four decimals
      (line.y as number[]).forEach((value, s) => expect(value).toBeCloseTo(means[s], 3));
    });
    const peaks = figure.data.filter(
      trace => (trace.marker as PlotlyObject)?.symbol === 'circle-open' && !trace.name,
    );
    expect(peaks.map(peak => (peak.x as number[])[0])).toEqual(rows.map(row => row.analysis.peak.sigma));
  });

  it('tells sizes apart by colour, line style and marker', () => {
    const styles = Array.from({ length: 6 }, (_, i) => lineStyle(i, 6));
    for (const property of ['color', 'dash', 'symbol'] as const) {
      expect(new Set(styles.map(style => style[property])).size).toBe(6);
    }
    const lightness = styles.map(({ color }) => luminance(color));
    expect([...lightness].sort((a, b) => b - a)).toEqual(lightness); // ordered in grey, too
    // WCAG asks for a contrast of 3 for graphics; the lightest line, of the smallest size, has dash and marker besides.
    expect(styles.slice(1).every(({ color }) => 1.05 / (luminance(color) + 0.05) >= 2.5)).toBe(true);
  });

  it('draws sizes in order, whatever the order they come in', () => {
    const reversed = { sizes: [...transition.sizes].reverse() };
    expect(traces(transitionFigure(reversed), 'name')).toEqual(traces(transitionFigure(transition), 'name'));
  });

  it('refuses a transition without sizes, and a size without scores', () => {
    expect(() => transitionFigure({ sizes: [] })).toThrow(/at least one training-set size/);
    expect(() => transitionFigure({ sizes: [{ ...transition.sizes[0], scores: [] }] })).toThrow(/32 has no/);
  });
});

describe('transitionFinding', () => {
  const rows = summarizeTransition(transition);
  const withShares = (...shares: number[]): TransitionRow[] =>
    shares.map((novelShare, i) => ({ ...rows[i], novelShare }));

  it('lists the sizes of each verdict', () => {
    const verdicts = rows.map(row => row.analysis.verdict);
    expect(verdicts[0]).toBe('decreasing');
    expect(verdicts[5]).toBe('unimodal');
    expect(transitionFinding(rows)).toMatch(
      /^The representation curve is decreasing for N = 32.*unimodal for N = .*1,000\. /,
    );
  });

  it('says where copying ends, and only when it does', () => {
    expect(transitionFinding(withShares(0.1, 0.2, 0.9))).toMatch(/up to N = 64, and new from N = 128 on/);
    expect(transitionFinding(withShares(0.1, 0.9, 0.2))).toMatch(
      /copies of training images at N = 32 and 128\./,
    );
    expect(transitionFinding(withShares(0.1, 0.2))).toMatch(/At every size.*copies/);
    expect(transitionFinding(withShares(0.9, 0.8))).toMatch(/At every size.*new/);
  });
});

describe('lossFigure', () => {
  it('averages neighbouring points, so that the mean loss is kept', () => {
    const [trace] = lossFigure(losses).data;
    const mean = (values: number[]) => values.reduce((sum, value) => sum + value, 0) / values.length;
    expect((trace.y as number[]).length).toBe(60);
    // 300 points in 60 groups of 5, each rounded to 4 digits
    expect(mean(trace.y as number[])).toBeCloseTo(mean(losses[0].losses.map(point => point.loss)), 3);
    expect((trace.x as number[]).at(-1)).toBe(3000);
  });

  it('refuses no runs and runs without losses', () => {
    expect(() => lossFigure([])).toThrow(/at least one run/);
    expect(() => lossFigure([{ name: 'new', losses: [] }])).toThrow(/"new" has no losses/);
  });
});

describe('sampleFigure', () => {
  const pictureOf = (figure: Figure) => {
    const [image] = figure.layout.images as { source: string }[];
    return PNG.sync.read(Buffer.from(image.source.replace('data:image/png;base64,', ''), 'base64'));
  };
  const pixel = (png: PNG, x: number, y: number) => [
    ...png.data.subarray(4 * (y * png.width + x)).subarray(0, 3),
  ];

  it('draws gray images pixel by pixel, from -1 black to 1 white, clamped', () => {
    const image = float32([-1, 0, 1, 5], [1, 2, 2, 1]);
    const png = pictureOf(sampleFigure([{ label: 'a', samples: image }]));
    // A frame of 4 pixels around an image whose pixels are squares of 48.
    expect(pixel(png, 5, 5)).toEqual([0, 0, 0]);
    expect(pixel(png, 4 + 47, 4 + 47)).toEqual([0, 0, 0]);
    expect(pixel(png, 4 + 48, 5)).toEqual([128, 128, 128]);
    expect(pixel(png, 5, 4 + 48)).toEqual([255, 255, 255]);
    expect(pixel(png, 4 + 48, 4 + 48)).toEqual([255, 255, 255]);
  });

  it('draws RGB images in their colours, and copies in a coloured frame', () => {
    const image = float32([1, -1, 0], [1, 1, 1, 3]);
    const row = { label: 'a', samples: image, nearestImages: image };
    const png = pictureOf(sampleFigure([{ ...row, copies: [true] }]));
    expect(pixel(png, 50, 50)).toEqual([255, 0, 128]);
    expect(pixel(png, 0, 0)).toEqual([0xd5, 0x5e, 0x00]);
    expect(pixel(pictureOf(sampleFigure([row])), 0, 0)).not.toEqual([0xd5, 0x5e, 0x00]);
  });

  it('shows the first images, as many as there are columns', () => {
    const figure = sampleFigure([{ label: 'a', samples: gray(5) }], { columns: 3 });
    expect((figure.data[0].x as number[]).length).toBe(3);
    expect(figure.alt).toContain('a: 3 images.');
  });

  it('refuses what it can not draw', () => {
    const row = { label: 'a', samples: gray(2) };
    expect(() => sampleFigure([])).toThrow(/at least one row/);
    expect(() => sampleFigure([row], { columns: 0 })).toThrow(/"columns".*0/);
    expect(() => sampleFigure([{ label: 'a', samples: float32(new Float32Array(8), [1, 2, 2, 2]) }])).toThrow(
      /gray or RGB.*\[1, 2, 2, 2\]/,
    );
    expect(() => sampleFigure([{ ...row, nearestImages: gray(1) }])).toThrow(/row "a".*\[1, 4, 4, 1\]/);
    expect(() => sampleFigure([{ ...row, copies: [true] }])).toThrow(/1 marks/);
  });
});

describe('layerFigure', () => {
  it('rings the best level of each layer, and names the best layer', () => {
    const figure = layerFigure(layers());
    const [heat, rings] = figure.data;
    const z = heat.z as number[][];
    expect(heat.y).toEqual(['input', '8x8_up']);
    (rings.x as string[]).forEach((level, row) => {
      expect(z[row][(heat.x as string[]).indexOf(level)]).toBe(Math.max(...z[row]));
    });
    expect(figure.alt).toMatch(/read off best at layer 8x8_up, /);
    const row = z[1];
    const rise = (Math.max(...row) - row[0]).toFixed(1);
    expect(figure.alt).toContain(`The largest rise from sigma 0.01 is ${rise} points, at layer 8x8_up.`);
    expect(layerFigure(layers().slice(0, 1)).alt).toContain('All are best at sigma 0.01.');
  });

  it('refuses no layer, and layers measured at other levels', () => {
    const [a, b] = layers();
    expect(() => layerFigure([])).toThrow(/at least one layer/);
    const other = { ...b, sigmas: b.sigmas.map(sigma => 2 * sigma) };
    expect(() => layerFigure([a, other])).toThrow(/8x8_up at 0.02/);
  });
});

describe('measuresFigure', () => {
  it('rings each highest or lowest value, on a tie that of the lowest level, and says which and where', () => {
    const figure = measuresFigure(measured);
    const rings = figure.data.filter(trace => trace.mode === 'markers');
    const ends = [
      [1, 5],
      [1, 0.2],
      [1, 0.2],
      [0.1, 2],
    ];
    expect(rings.map(ring => [ring.x, ring.y].flat())).toEqual(ends);
    expect(figure.alt).toContain(
      'SNR: highest 5 at sigma 1. ICR: lowest 0.2 at sigma 1 (N = 32), 0.2 at sigma 1 (N = 64).',
    );
    const subtitleOf = (panels: typeof measured) =>
      ((measuresFigure(panels).layout.title as PlotlyObject).subtitle as PlotlyObject).text;
    expect(subtitleOf(measured)).toBe('rings: the highest value of each line, the lowest of \u201cICR\u201d');
    expect(subtitleOf(measured.slice(0, 1))).toBe('rings: the highest value of each line');
    expect(subtitleOf(measured.slice(1, 2))).toBe('rings: the lowest value of each line');
  });

  it('has each name once in the legend, with one style in all panels', () => {
    const lines = measuresFigure(measured).data.filter(trace => trace.mode === 'lines+markers');
    expect(lines.filter(line => line.showlegend).map(line => line.name)).toEqual(['N = 32', 'N = 64']);
    const sameName = lines.filter(line => line.name === 'N = 64');
    expect(new Set(sameName.map(line => (line.line as PlotlyObject).color)).size).toBe(1);
  });

  it('refuses what it can not draw', () => {
    expect(() => measuresFigure([])).toThrow(/at least one measure/);
    expect(() => measuresFigure([{ title: 'SNR', lines: [] }])).toThrow(/"SNR" has no line/);
    const line = { name: 'a', sigmas: [1, 2], values: [1, NaN] };
    expect(() => measuresFigure([{ title: 'SNR', lines: [line] }])).toThrow(/"a" of "SNR".*1, NaN/);
  });
});

describe('segmentationFigure', () => {
  it('says how many pixels of objects are found', () => {
    // Of the 21 pixels of objects those with an even index, 10, are found at the second level.
    expect(segmentationFigure(segmented).alt).toMatch(/: 100 % at sigma 0\.1, 48 % at sigma 1\.$/);
  });

  it('refuses classes that are not those of the images', () => {
    expect(() => segmentationFigure({ ...segmented, masks: [1] })).toThrow(/2 images of 4 x 4.*not 1/);
    expect(() => segmentationFigure({ ...segmented, sigmas: [1] })).toThrow(/1 noise levels, not 2/);
  });
});

describe('posteriorFigure', () => {
  it('says how much contrast is left', () => {
    // 1.05 - 0.5 against 1.05 - 0.05
    expect(posteriorFigure(estimates).alt).toMatch(/goes to 100 % for noisy and 55 % for clean input/);
  });

  it('refuses more images than there are, and no estimate', () => {
    expect(() => posteriorFigure([])).toThrow(/at least one noise level/);
    expect(() => posteriorFigure(estimates, { images: 4 })).toThrow(/1 to 3 can be shown, not 4/);
  });
});

describe('labels', () => {
  it('show tags and entities as they are written', () => {
    expect(escapeLabel('<b>&amp;')).toBe('&lt;b&gt;&amp;amp;');
    const figure = createFigure({ data: [], layout: {}, title: '<i>', finding: 'f.', height: 10 });
    expect((figure.layout.title as { text: string }).text).toBe('&lt;i&gt;');
    expect(figure.alt).toBe('<i>. f.');
    const evil = lossFigure([{ name: '<img src=x>', losses: exampleLosses(1) }]);
    expect(JSON.stringify([evil.data, evil.layout])).not.toContain('<img');
  });
});

describe('logTicks', () => {
  it('puts ticks at the values, and leaves out those too close to be read', () => {
    expect(logTicks([1000, 32, 64]).tickvals).toEqual([32, 64, 1000]);
    expect(logTicks([1, 1.05, 10, 100]).tickvals).toEqual([1, 10, 100]);
    expect(logTicks([0.002, 1000]).ticktext).toEqual(['0.002', '1,000']);
  });
});

/** Relative luminance of WCAG 2.2. */
function luminance(color: string): number {
  const [r, g, b] = [1, 3, 5]
    .map(at => Number.parseInt(color.slice(at, at + 2), 16) / 255)
    .map(value => (value <= 0.04045 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4));
  return 0.2126 * r + 0.7152 * g + 0.0722 * b;
}

describe('linesFigure', () => {
  it('draws two standard errors in each direction, names each line once, and escapes labels', () => {
    const figure = linesFigure(panels, { title: 'title', finding: 'A finding.' });
    expect(figure.data[0].error_y).toMatchObject({ array: [0.2, 0.4, 0.2] });
    expect(traces(figure, 'showlegend')).toEqual([true, true, false]);
    expect(traces(figure, 'text')[2]).toEqual(['100', '200', '&lt;b&gt;400']);
  });

  it('refuses no panel, a panel without lines, and a line that does not fit', () => {
    const draw = (lines: { name: string; x: number[]; y: number[] }[]) =>
      linesFigure([{ ...panels[0], lines }], { title: 'title', finding: 'A finding.' });
    expect(() => linesFigure([], { title: 'title', finding: 'A finding.' })).toThrow(/at least one panel/);
    expect(() => draw([])).toThrow(/"distance" has no line/);
    expect(() => draw([{ name: 'short', x: [1, 2], y: [NaN, 2] }])).toThrow(
      /"short" of "distance" needs one finite y/,
    );
  });
});
