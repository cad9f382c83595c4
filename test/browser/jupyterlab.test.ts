/** The notebooks as their readers see them: JupyterLab in Chromium. Pictures of what was seen go to test-artefacts/. */
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Browser, Locator, Page } from 'playwright-core';
import { PNG } from 'pngjs';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { findChromium, type Lab, launchBrowser, project, startLab } from './lab';

const pictures = join(project, 'test-artefacts');
const executable = findChromium();
const title = 'a notebook in JupyterLab';
/** How long to wait for anything: a kernel's first cell takes 2 s on an idle machine, and many times that on a busy one. */
const patience = 60_000;
/** Several waits may follow one another in a test. */
const limit = 5 * patience;
let lab: Lab;
let browser: Browser;
let page: Page;

/** Writes a notebook into JupyterLab's folder; a cell is its source, with its outputs where it has been executed. */
function writeNotebook(name: string, cells: { source: string; outputs?: object[] }[]): string {
  const complete = cells.map(({ source, outputs = [] }, index) => ({
    ...{ cell_type: 'code', id: `cell-${index}`, metadata: {}, source, outputs },
    execution_count: outputs.length > 0 ? index + 1 : null,
  }));
  const kernelspec = { name: 'typescript', display_name: 'TypeScript (unimodal)', language: 'typescript' };
  const notebook = { cells: complete, metadata: { kernelspec }, nbformat: 4, nbformat_minor: 5 };
  writeFileSync(join(lab.folder, name), JSON.stringify(notebook));
  return name;
}

async function open(name: string): Promise<Locator> {
  page = await browser.newPage({ viewport: { width: 1300, height: 950 } });
  page.setDefaultTimeout(patience);
  await page.goto(lab.address(name));
  const notebook = page.locator('.jp-Notebook');
  await notebook.locator('.jp-Cell').first().waitFor();
  return notebook;
}

const code = (notebook: Locator, index: number) => notebook.locator('.jp-CodeCell').nth(index);
const output = (notebook: Locator, index: number) => code(notebook, index).locator('.jp-OutputArea-output');
const picture = (name: string) => page.screenshot({ path: join(pictures, `${name}.png`) });

async function choose(menu: string, entry: string): Promise<void> {
  await page.locator('.lm-MenuBar-itemLabel', { hasText: new RegExp(`^${menu}$`) }).click();
  await page.locator('.lm-Menu-itemLabel', { hasText: new RegExp(`^${entry}$`) }).click();
}

/** Waits for the kernel itself: the notebook's own indicator says "idle" before there is a kernel, and a cell run then is lost. */
async function kernelIsIdle(): Promise<void> {
  await page.locator('#jp-main-statusbar').getByText('TypeScript (unimodal) | Idle').waitFor();
}

async function runCell(notebook: Locator, index: number): Promise<void> {
  await code(notebook, index).locator('.cm-content').click();
  await page.keyboard.press('Control+Enter');
}

/**
 * Moves the mouse to a picture of a figure, which gives way to the figure itself. Playwright's own `hover` would wait for
 * the picture to be on top.
 */
async function pointAt(picture: Locator): Promise<void> {
  await picture.scrollIntoViewIfNeeded();
  const box = await picture.boundingBox();
  if (!box) throw new Error('the picture is not on the page');
  await page.mouse.move(box.x + box.width / 2, box.y + Math.min(box.height / 2, 100));
}

/** A saved picture that can be told from the figure: nothing but its size. */
const png = PNG.sync.write(new PNG({ width: 400, height: 200 })).toString('base64');

const figure = {
  output_type: 'display_data',
  metadata: {},
  data: {
    'application/vnd.plotly.v1+json': {
      data: [{ type: 'scatter', x: [1, 2, 3], y: [1, 3, 2] }],
      layout: { title: { text: 'A peak' } },
    },
    'image/png': png,
    'text/plain': 'a figure',
  },
};

/** The main notebook with two sizes and few steps: what it finds is checked elsewhere. */
function smallMainNotebook(): string {
  const text = readFileSync(join(project, 'notebooks', '01-transition.ipynb'), 'utf8');
  const small =
    'sizes: [32, 1000], training: { steps: 150 }, sampling: { count: 20, steps: 4 }, probe: { testDraws: 1 }';
  const changed = text.replace('await transition({ ', `await transition({ ${small}, `);
  if (changed === text) throw new Error('01-transition.ipynb no longer has "await transition({ "');
  return changed;
}

describe.skipIf(!executable)(executable ? title : `${title}: no Chromium here`, { timeout: limit }, () => {
  beforeAll(async () => {
    mkdirSync(pictures, { recursive: true });
    [lab, browser] = await Promise.all([startLab(), launchBrowser(executable as string)]);
  }, limit);
  afterEach(async ({ task }) => {
    if (task.result?.state === 'fail') await picture(`failed-${task.name.slice(0, 30)}`);
    await page.close();
  });
  afterAll(async () => {
    await browser?.close();
    await lab?.stop();
  });

  it('shows the saved picture of a figure at once, and the interactive figure when the mouse comes', async () => {
    const notebook = await open(writeNotebook('figure.ipynb', [{ source: 'figure', outputs: [figure] }]));
    const picked = output(notebook, 0);
    await picked.locator('img').waitFor();
    await pointAt(picked.locator('img'));
    await picked.locator('.scatterlayer .trace').waitFor();
    expect(await picked.locator('.gtitle').textContent()).toBe('A peak');
    expect(await picked.locator('img').isVisible()).toBe(false); // the figure takes the place of its picture
    await picture('figure');
  });

  it('draws the figure of the main notebook, run as a whole with small models', async () => {
    writeFileSync(join(lab.folder, 'main.ipynb'), smallMainNotebook());
    const notebook = await open('main.ipynb');
    await kernelIsIdle();
    await choose('Run', 'Run All Cells');
    const figures = notebook.locator('.jp-RenderedPlotly');
    await figures
      .first()
      .locator('img')
      .waitFor({ timeout: 3 * patience });
    await figures.first().scrollIntoViewIfNeeded();
    await picture('main-notebook-picture');
    await pointAt(figures.first().locator('img'));
    await figures.first().locator('.scatterlayer .trace').first().waitFor();
    await picture('main-notebook');
  });

  it('runs all cells: an output appears, another changes in its place, an error shows its name', async () => {
    const live = [
      "import { existsSync } from 'node:fs';",
      "import { newDisplay } from 'tslab';",
      'const place = newDisplay();',
      "place.text('measuring');",
      "while (!existsSync('continue')) await new Promise(done => setTimeout(done, 50));",
      "place.text('measured');",
    ];
    const cells = ['const sides: number[] = [6, 7];\nsides[0] * sides[1]', live.join('\n')];
    cells.push("throw new RangeError('outside the table')");
    const notebook = await open(
      writeNotebook(
        'run.ipynb',
        cells.map(source => ({ source })),
      ),
    );
    await kernelIsIdle();
    await choose('Run', 'Run All Cells');

    await output(notebook, 1).filter({ hasText: 'measuring' }).waitFor();
    expect((await output(notebook, 0).textContent())?.trim()).toBe('42');
    writeFileSync(join(lab.folder, 'continue'), '');
    await output(notebook, 1).filter({ hasText: 'measured' }).waitFor();
    expect((await output(notebook, 1).allTextContents()).map(text => text.trim())).toEqual(['measured']);
    await output(notebook, 2).filter({ hasText: 'RangeError: outside the table' }).waitFor();
    await picture('run-all');
  });

  it('changes a live figure in its place, and leaves it interactive', async () => {
    const source = [
      "import { existsSync } from 'node:fs';",
      "import { createFigure, liveFigure } from 'unimodal';",
      'const figure = (title: string) => createFigure({',
      "  title, finding: '', height: 300, layout: {}, data: [{ type: 'scatter', x: [1, 2, 3], y: [1, title.length, 2] }],",
      '});',
      'const live = liveFigure();',
      'let step = 0;',
      "while (!existsSync('enough')) {",
      '  step++;',
      '  live.update(() => figure(`step ${step}`));',
      '  await new Promise(done => setTimeout(done, 50));',
      '}',
      "await live.finish(figure('the last step'));",
    ];
    const notebook = await open(writeNotebook('live.ipynb', [{ source: source.join('\n') }]));
    await kernelIsIdle();
    await runCell(notebook, 0);
    const drawn = output(notebook, 0).locator('img');
    const first = await drawn.getAttribute('src');
    await picture('live-first');
    await expect.poll(() => drawn.getAttribute('src'), { timeout: patience }).not.toBe(first);
    await picture('live-later');
    writeFileSync(join(lab.folder, 'enough'), '');
    await output(notebook, 0).locator('.jp-RenderedPlotly img, img.plot-img').first().waitFor();
    await pointAt(output(notebook, 0).locator('img'));
    await output(notebook, 0).locator('.gtitle', { hasText: 'the last step' }).waitFor();
    expect(await output(notebook, 0).count()).toBe(1);
    await picture('live-last');
  });

  it('shows all of 10,000 printed lines', async () => {
    const source = 'for (let i = 1; i <= 10_000; i++) console.log(`line ${i} of many`)';
    const notebook = await open(writeNotebook('lines.ipynb', [{ source }]));
    await kernelIsIdle();
    await runCell(notebook, 0);
    await output(notebook, 0).filter({ hasText: 'line 10000 of many' }).waitFor();
    const text = (await output(notebook, 0).allTextContents()).join('');
    expect(text.match(/line \d+ of many/g)?.length).toBe(10_000);
  });

  it('stops an endless loop with the interrupt button, and the kernel still answers', async () => {
    const cells = ["const kept = 'kept';\nconsole.log('started');\nfor (;;) {}", 'kept + 1'];
    const notebook = await open(
      writeNotebook(
        'loop.ipynb',
        cells.map(source => ({ source })),
      ),
    );
    await kernelIsIdle();
    await runCell(notebook, 0);
    await output(notebook, 0).filter({ hasText: 'started' }).waitFor();
    await page.locator('[data-command="notebook:interrupt-kernel"]').click();
    await output(notebook, 0).filter({ hasText: 'KeyboardInterrupt' }).waitFor();
    await runCell(notebook, 1);
    await output(notebook, 1).filter({ hasText: 'kept1' }).waitFor();
    await picture('interrupt');
  });

  it('offers the members of a value of an earlier cell at Tab', async () => {
    const cells = ['const holder = { innerNumber: 1, innerText: "a" };', ''];
    const notebook = await open(
      writeNotebook(
        'completion.ipynb',
        cells.map(source => ({ source })),
      ),
    );
    await kernelIsIdle();
    await runCell(notebook, 0);
    await code(notebook, 0).getByText('[1]:').waitFor();
    await code(notebook, 1).locator('.cm-content').click();
    await page.keyboard.type('holder.inn');
    await page.keyboard.press('Tab');
    const popup = page.locator('.jp-Completer');
    await popup.getByText('innerNumber').first().waitFor();
    await picture('completion');
    await page.keyboard.press('Enter');
    await code(notebook, 1).locator('.cm-content', { hasText: 'holder.innerNumber' }).waitFor();
  });
});
