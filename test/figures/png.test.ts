import { spawnSync } from 'node:child_process';
import path from 'node:path';
import { PNG } from 'pngjs';
import { afterAll, describe, expect, it, vi } from 'vitest';
import { displaySymbol } from '../../src/display/host';
import { createFigure } from '../../src/figures/figure';
import { findKaleido, startKaleido } from '../../src/figures/kaleido';
import { closePng, renderPng } from '../../src/figures/png';

const kaleido = findKaleido();
const figure = createFigure({
  data: [{ type: 'bar', x: [1, 2], y: [1, 2], marker: { color: '#0072b2' } }],
  layout: {},
  title: 'Two bars',
  finding: 'The second is higher.',
  height: 200,
  width: 300,
});

// The drawing program is part of the Python environment that the set-up makes.
describe.skipIf(kaleido === undefined)('renderPng', () => {
  afterAll(closePng);

  it('draws a figure in the size asked for, in its colours', async () => {
    const png = PNG.sync.read(
      Buffer.from((await renderPng(figure, { width: 300, height: 200, scale: 2 })) ?? '', 'base64'),
    );
    expect([png.width, png.height]).toEqual([600, 400]);
    const blue = Array.from({ length: 600 * 400 }, (_, i) =>
      [...png.data.subarray(4 * i, 4 * i + 3)].join(),
    ).filter(color => color === '0,114,178');
    expect(blue.length).toBeGreaterThan(5000); // two bars in a picture of 240,000 pixels
  });

  it('is part of the output beside the figure itself and its text', async () => {
    const bundle = await figure[displaySymbol]();
    expect(Object.keys(bundle)).toEqual(['application/vnd.plotly.v1+json', 'image/png', 'text/plain']);
    expect(bundle['text/plain']).toBe('Two bars. The second is higher.');
    const { width, height } = PNG.sync.read(Buffer.from(bundle['image/png'] as string, 'base64'));
    expect([width, height]).toEqual([300, 200]); // no larger than the figure: JupyterLab would cut it
    expect(bundle['application/vnd.plotly.v1+json']).toMatchObject({
      data: figure.data,
      layout: figure.layout,
    });
  });

  it('draws figures that are asked for at the same time, each its own', async () => {
    const sizes = [100, 120, 140];
    const drawn = await Promise.all(sizes.map(width => renderPng(figure, { width, height: 80, scale: 1 })));
    expect(drawn.map(png => PNG.sync.read(Buffer.from(png ?? '', 'base64')).width)).toEqual(sizes);
  });

  it('goes on after the drawing program was ended', async () => {
    await closePng();
    expect(await renderPng(figure, { width: 100, height: 80 })).toBeDefined();
  });

  it('does not keep the process alive, and leaves none of its own behind', () => {
    const code = `
      const { renderPng } = require('./src/figures/png.ts');
      renderPng({ data: [], layout: {} }, { width: 100, height: 80 }).then(png => console.log(png.length > 100));`;
    const root = path.join(__dirname, '../..');
    const result = spawnSync(process.execPath, ['--require', 'tsx/cjs', '-e', code], {
      cwd: root,
      timeout: 50_000,
    });
    expect(result.stdout.toString().trim()).toBe('true');
    expect(result.status).toBe(0);
  });

  it('rejects requests of a program that has ended', async () => {
    const program = await startKaleido(kaleido ?? '');
    program.close();
    expect(program.alive).toBe(false);
    const request = {
      format: 'png',
      width: 10,
      height: 10,
      scale: 1,
      data: { data: [], layout: {} },
    } as const;
    await expect(program.draw(request)).rejects.toThrow(/has ended/);
  });
});

describe('without the drawing program', () => {
  it('a figure has no PNG, and one note says so', async () => {
    vi.resetModules();
    vi.stubEnv('UNIMODAL_PYTHON_ENV', '/nowhere');
    const warn = vi.spyOn(console, 'warn').mockImplementation(() => undefined);
    const fresh = await import('../../src/figures/figure.js');
    const bare = fresh.createFigure({
      data: [],
      layout: {},
      title: 'Bare',
      finding: 'Nothing.',
      height: 100,
    });
    expect(Object.keys(await bare[displaySymbol]())).toEqual([
      'application/vnd.plotly.v1+json',
      'text/plain',
    ]);
    await bare[displaySymbol]();
    expect(warn).toHaveBeenCalledOnce();
    expect(warn.mock.calls[0][0]).toMatch(/without their PNG.*not installed.*npm run doctor/);
    vi.unstubAllEnvs();
    warn.mockRestore();
  });

  it('a program that does not start is named with its last words', async () => {
    await expect(startKaleido('/nowhere')).rejects.toThrow(/ENOENT|ended/);
  });
});
