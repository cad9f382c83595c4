/** The gallery: what it takes from executed notebooks, and how it looks and is used in a browser. */
import { mkdtempSync, mkdirSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { findChromium, launchBrowser } from '../browser/lab';
import { code, findPython, pixel, printed, project, prose, runPython, shown, writeNotebook } from './making';

const plotly = `${project}/node_modules/plotly.js-dist-min/plotly.min.js`;
const folder = mkdtempSync(join(tmpdir(), 'unimodal-gallery-'));
const gallery = `${folder}/gallery`;
let python: string;
let page: string;

/** Wide, with the paper's row. */
const wide = `<table><caption>Ours &amp; theirs</caption><tr>${'<td>0.123456</td>'.repeat(40)}</tr><tr><td>paper</td></tr></table>`;

beforeAll(async () => {
  python = await findPython();
  mkdirSync(`${folder}/shared`);
  writeNotebook(`${folder}/shared/01-one.ipynb`, [
    prose(
      '# The *first* <one>\n\nA [sentence](https://a.b/1.2) with $\\sigma$. Another that goes on, see c.d\n\n- in a list',
    ),
    code('draw()', [shown({ 'image/png': pixel, 'text/plain': 'A "finding" <here>.' })]),
    prose(
      "The paper's curve (Fig. 1):\n\n| sigma | 1 |\n|---|---|\n| accuracy | 93.7 |\n\nOurs:\n\n| sigma | 2 |\n|---|---|\n| a | 12.5 |",
    ),
    code('claims()', [
      printed(
        '\x1b[32mholds\x1b[39m: one & two\n       by 7.9 points\n       at least\nbeside\nholds: b\nholds: c\nholds: d\n',
      ),
      printed('FAILS: e\n'),
    ]),
  ]);
  writeNotebook(`${folder}/shared/02-two.ipynb`, [
    prose('# Second\n\nOne sentence that goes on,\n\n$$x$$'),
    code('table()', [
      shown({ 'text/html': wide }),
      shown({ 'text/html': '<table><tr><td>ours</td></tr></table>' }),
    ]),
  ]);
  expect(runPython(python, 'gallery.py', `${folder}/shared`, gallery, plotly)).toMatchObject({ status: 0 });
  page = readFileSync(`${gallery}/index.html`, 'utf8');
}, 600_000);
afterAll(() => rmSync(folder, { recursive: true }));

describe('the gallery', () => {
  const article = (name: string) => page.split(`<article id="${name}"`)[1].split('</article>')[0];

  it('lies in a folder of its own with the notebooks, their pages and their figures', () => {
    const names = ['01-one.html', '01-one.ipynb', '01-one.png', '02-two.html', '02-two.ipynb', 'index.html'];
    expect(readdirSync(gallery).sort()).toEqual(names);
    expect(readFileSync(`${gallery}/01-one.png`).toString('base64')).toBe(pixel);
  });

  it('shows title and first paragraph of each notebook, up to where a formula goes on', () => {
    expect(article('01-one')).toContain('<a href="01-one.html">The <em>first</em> &lt;one&gt;</a>');
    expect(article('01-one')).toMatch(
      /A <a href="https:\/\/a\.b\/1\.2">sentence<\/a> with <math.*?<\/math>\.<\/p>/s,
    );
    expect(article('01-one')).not.toContain('goes on');
    expect(article('02-two')).toContain('<p>One sentence that goes on ...</p>');
  });

  it('shows the figure, with its size and what it shows in words', () => {
    expect(article('01-one')).toContain(
      '<img src="01-one.png" width="1" height="1" alt="A &#34;finding&#34; &lt;here&gt;."',
    );
  });

  it('shows the claims with their evidence, and which of them do not hold', () => {
    const text = article('01-one')
      .replace(/<[^>]*>/g, '')
      .replace(/\s+/g, ' ');
    expect(text).toContain(
      'Claims Holds: one &amp; two by 7.9 points at least Holds: b Holds: c Holds: d 1 more claims Does not hold: e',
    );
  });

  it("shows the tables with the paper's numbers, and only those", () => {
    expect(article('01-one')).toMatch(/>The paper(&#39;|')s curve \(Fig\. 1\):<\/h3>/);
    expect(article('01-one')).toContain('93.7');
    expect(article('01-one')).not.toContain('12.5');
    expect(article('02-two')).toContain('>Ours &amp; theirs</h3>');
    expect(article('02-two')).not.toContain('<td>ours</td>');
  });

  it('refers to nothing in the network but what the text links to', () => {
    expect(page.match(/(?<=(href|src)=")https?:[^"]*/g)).toEqual([
      'https://arxiv.org/abs/2502.05743',
      'https://a.b/1.2',
    ]);
  });

  it('is not made of nothing', () => {
    mkdirSync(`${folder}/empty`);
    const { status, stderr } = runPython(python, 'gallery.py', `${folder}/empty`, `${folder}/none`, plotly);
    expect([status, stderr]).toEqual([1, expect.stringContaining('run "npx unimodal render" first')]);
  });
});

const chromium = findChromium();
describe.skipIf(chromium === undefined)('the gallery in a browser', () => {
  let browser: Browser;
  beforeAll(async () => void (browser = await launchBrowser(chromium!)));
  afterAll(() => browser.close());

  async function withPage<T>(
    width: number,
    scheme: 'light' | 'dark',
    work: (page: Page) => Promise<T>,
  ): Promise<T> {
    const opened = await browser.newPage({ viewport: { width, height: 800 }, colorScheme: scheme });
    await opened.goto(`file://${gallery}/index.html`);
    return work(opened).finally(() => opened.close());
  }

  it.each([390, 1280])('fits a width of %i, wide tables scrolling by themselves', async width => {
    const [content, table] = await withPage(width, 'light', opened =>
      opened.evaluate<number[]>(`(() => {
        const { scrollWidth, clientWidth } = document.getElementById('02-two').querySelector('.table');
        return [document.documentElement.scrollWidth, scrollWidth - clientWidth];
      })()`),
    );
    expect(content).toBe(width);
    expect(table).toBeGreaterThan(0);
  });

  it('follows the colour scheme of the system', async () => {
    const ground = (scheme: 'light' | 'dark') =>
      withPage(1280, scheme, opened =>
        opened.evaluate<string>('getComputedStyle(document.body).backgroundColor'),
      );
    expect([await ground('light'), await ground('dark')]).toEqual(['rgb(255, 255, 255)', 'rgb(21, 24, 29)']);
  });

  it('is reached by keyboard, each stop visible: first past the list, then links and tables that scroll', async () => {
    const stops = await withPage(1280, 'light', async opened => {
      const found: string[] = [];
      for (let stop = 0; stop < 16; stop++) {
        await opened.keyboard.press('Tab');
        found.push(
          await opened.evaluate<string>(`(() => {
            const { outlineStyle, outlineWidth } = getComputedStyle(document.activeElement);
            const { href, tagName } = document.activeElement;
            return [href?.split('/').at(-1).replace('index.html', '') ?? tagName, outlineStyle, outlineWidth].join(' ');
          })()`),
        );
      }
      return found;
    });
    expect(stops[0]).toBe('#main solid 3px');
    const targets = stops.map(stop => stop.split(' ')[0]);
    expect(targets).toEqual(
      expect.arrayContaining(['#02-two', '01-one.html', '01-one.ipynb', 'SUMMARY', 'DIV']),
    );
    expect(stops.filter(stop => !stop.startsWith('BODY')).every(stop => stop.endsWith(' solid 3px'))).toBe(
      true,
    );
  });
});
