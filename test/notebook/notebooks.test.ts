/** Notebooks executed and exported outside a browser, with a kernel of Jupyter's own: ours has its own tests. */
import { execFileSync, spawn, spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { type Cell, code, figureType, findPython, pixel, printed, project, prose } from './making';
import { runNode, runPython, shown, writeNotebook as writeTo } from './making';

let folder: string;
let python: string;

beforeAll(async () => {
  python = await findPython();
  folder = mkdtempSync(join(tmpdir(), 'unimodal-notebook-'));
});

const writeNotebook = (name: string, cells: Cell[]) => writeTo(`${folder}/${name}.ipynb`, cells);
const run = (program: string, ...args: string[]) => runPython(python, program, ...args);

describe('executing a notebook', () => {
  it('shows on the terminal what runs and what it prints, and writes the executed copy', () => {
    const source = writeNotebook('good', [
      prose('# Title'),
      code('# first\nprint("said", 1)'),
      code('6 * 7'),
      code('list(range(100))'),
    ]);
    const target = `${folder}/out/good.ipynb`;
    const before = readFileSync(source, 'utf8');
    const { status, stdout } = run('execute.py', source, target);
    expect(stdout).toMatch(/\[1\/3\] # first\n {6}said 1\n\[2\/3\] 6 \* 7\n {6}42\n/);
    expect(stdout).toMatch(/ {6}\[0,\n {7}1,\n.* 13,\n {6}\.\.\. \(100 lines\)\n$/s); // long ones are cut
    expect(status).toBe(0);
    const executed = JSON.parse(readFileSync(target, 'utf8')) as {
      cells: { outputs: unknown[]; execution_count: number }[];
    };
    expect(executed.cells[2]).toMatchObject({
      execution_count: 2,
      outputs: [{ output_type: 'execute_result' }],
    });
    expect(readFileSync(source, 'utf8')).toBe(before);
  });

  it('ends with status 1 at the first cell that throws, and writes no copy that looks finished', () => {
    const source = writeNotebook('bad', [code('raise ValueError("no claim")'), code('print("never")')]);
    const target = `${folder}/out/bad.ipynb`;
    const { status, stdout, stderr } = run('execute.py', source, target);
    expect(status).toBe(1);
    expect(stderr).toContain('ValueError: no claim');
    expect(stdout).not.toContain('never');
    expect(existsSync(target)).toBe(false);
    expect(readFileSync(`${folder}/out/bad.failed.ipynb`, 'utf8')).toContain('no claim');
  });

  it('reports a kernel that dies, with its last words', () => {
    const source = writeNotebook('dead', [code('import os\nos.write(2, b"last words\\n")\nos._exit(3)')]);
    const { status, stderr } = run('execute.py', source, `${folder}/out/dead.ipynb`);
    expect(status).toBe(1);
    expect(stderr).toMatch(/The kernel died.*last words/s);
  });

  it('gives the same bytes when it is executed again', () => {
    const source = writeNotebook('again', [code('print(1)'), code('[1, 2]')]);
    const copies = ['first', 'second'].map(name => {
      run('execute.py', source, `${folder}/out/${name}.ipynb`);
      return readFileSync(`${folder}/out/${name}.ipynb`, 'utf8');
    });
    expect(copies[0]).toBe(copies[1]);
  });

  it('says which kernel is missing', () => {
    const source = writeNotebook('kernel', [code('1')]);
    writeFileSync(source, readFileSync(source, 'utf8').replace('"python3"', '"no-such-kernel"'));
    const { status, stderr } = run('execute.py', source, `${folder}/out/kernel.ipynb`);
    expect([status, stderr]).toEqual([
      1,
      expect.stringContaining('no kernel "no-such-kernel": run "npm run setup"'),
    ]);
  });
});

describe('rendering notebooks', () => {
  const show = (bundle: string) => code(`from IPython.display import display\ndisplay(${bundle}, raw=True)`);
  const plotly = `"${figureType}": {"data": [], "layout": {}}`;
  let outcome: ReturnType<typeof run>;
  let before: string;

  beforeAll(() => {
    const good = writeNotebook('render-good', [
      prose('# A title'),
      show(`{${plotly}, "image/png": "${pixel}", "text/plain": "A finding."}`),
      code('print("holds: it does")'),
    ]);
    before = readFileSync(good, 'utf8');
    const bad = writeNotebook('render-bad', [code('raise ValueError("no claim")')]);
    const bare = writeNotebook('render-bare', [code('1'), show(`{${plotly}, "text/plain": "A finding."}`)]);
    outcome = runNode('render', bad, bare, good);
  }, 600_000);

  it('leaves the sources as they are, and shares copies with the first picture beside them', () => {
    expect(readFileSync(`${folder}/render-good.ipynb`, 'utf8')).toBe(before);
    expect(readFileSync(`${folder}/rendered/render-good.ipynb`, 'utf8')).toContain('holds: it does');
    expect(readFileSync(`${folder}/rendered/render-good.png`).toString('base64')).toBe(pixel);
    expect(readFileSync(`${folder}/rendered/render-good.html`, 'utf8')).toContain('A title');
  });

  it('reports the size of notebook and page and the number of figures', () => {
    expect(outcome.stdout).toMatch(/notebook, KB +page, KB +figures\n/);
    expect(outcome.stdout).toMatch(/rendered\/render-good\.html +\d+ +[\d,]+ +1\n/);
  });

  it('goes on after a notebook that fails, and says at the end which are not shared and why', () => {
    expect(outcome.status).toBe(1);
    expect(outcome.stderr).toMatch(/Not shared: .*render-bad\.ipynb did not run through/);
    expect(outcome.stderr).toMatch(
      /Not shared: .*render-bare\.ipynb has a figure without a PNG.*: cell 2 \("from IPython\.display import display"\)/,
    );
  });

  it('does not share a notebook of more than 1 MB, and names the cell that holds most of it', async () => {
    const { shortcomingOf } = (await import(`${project}/src/notebook/contents.mjs`)) as {
      shortcomingOf: (file: string) => string | undefined;
    };
    const text = (length: number) => printed('x'.repeat(length));
    const cells = (length: number) => [code('1', [text(10)]), code('2', [text(length)])];
    expect(shortcomingOf(writeNotebook('small', cells(900_000)))).toBeUndefined();
    expect(shortcomingOf(writeNotebook('large', cells(1_000_000)))).toMatch(
      /has 1\.00 MB.*at most 1 MB is shared\. Most is in cell 2 \(1\.00 MB\)/,
    );
  });
});

describe('the HTML copy', () => {
  const figure = {
    data: [{ x: [1, 2, 3], y: [2, 1, 3], name: '</script><b id="escaped">' }],
    layout: { title: { text: 'A drawn figure' } },
  };
  let page: string;
  let html: string;

  beforeAll(() => {
    const output = shown({ [figureType]: figure, 'image/png': pixel, 'text/plain': 'A <finding>' });
    const notebook = writeNotebook('page', [
      prose(
        '# Noise $\\sigma_\\text{data}$\n\n$$\\begin{aligned} a &= \\frac{b}{2} \\\\ c &= d \\end{aligned}$$',
      ),
      prose('An unreadable formula: $\\frac{$ here.'),
      code('draw()', [output]),
      code('draw()', [output]),
    ]);
    page = `${folder}/page.html`;
    const plotly = `${project}/node_modules/plotly.js-dist-min/plotly.min.js`;
    expect(run('export.py', notebook, page, plotly).status).toBe(0);
    html = readFileSync(page, 'utf8');
  });

  /** The page without the text of its scripts and styles. */
  const markup = () => html.replace(/(<(script|style)[^>]*>).*?<\/\2>/gs, '$1</$2>');

  it('refers to nothing in the network', () => {
    expect(/<(script|link|img|iframe)[^>]*(src|href)=["']?(https?:)?\/\//i.test(markup())).toBe(false);
    expect(/<script[^>]*type="?module/i.test(markup())).toBe(false);
    expect(/@import|url\(["']?https?:/.test(html)).toBe(false);
  });

  it('carries plotly.js once and each figure as data', () => {
    expect(html.split('plotly.js v').length - 1).toBe(1);
    expect(markup().match(/<script type="application\/json">/g)).toHaveLength(2);
    expect(html.includes('</script><b id="escaped">')).toBe(false);
  });

  it('shows the picture to a reader without scripts', () => {
    expect(markup()).toContain(`data:image/png;base64,${pixel}`);
    expect(markup()).toContain('alt="A &lt;finding&gt;"');
  });

  it('writes formulas as MathML, and leaves one that it cannot read as TeX', () => {
    expect(markup().match(/<math/g)).toHaveLength(2);
    expect(markup()).toContain('<mtable');
    expect(markup()).toContain('<code>\\frac{</code>');
  });

  const chromium = ['chromium', 'chromium-browser', 'google-chrome'].find(
    name => spawnSync(name, ['--version']).status === 0,
  );

  it.skipIf(chromium === undefined)('draws the figures in a browser without network', async () => {
    const profile = mkdtempSync(join(tmpdir(), 'unimodal-chromium-'));
    const args = [
      '--headless',
      '--no-sandbox',
      '--disable-gpu',
      '--no-first-run',
      '--disable-background-networking',
    ];
    const offline = ['--host-resolver-rules=MAP * ~NOTFOUND', `--user-data-dir=${profile}`];
    const child = spawn(
      chromium!,
      [...args, ...offline, '--virtual-time-budget=5000', '--dump-dom', `file://${page}`],
      {
        stdio: ['ignore', 'pipe', 'ignore'],
      },
    );
    let dom = '';
    child.stdout.on('data', (chunk: Buffer) => (dom += chunk.toString()));
    await new Promise(done => child.on('close', done));
    expect(dom.match(/class="unimodal-figure js-plotly-plot"/g)).toHaveLength(2);
    expect(dom.match(/>A drawn figure<\/text>/g)).toHaveLength(2);
  });
});

describe('JupyterLab', () => {
  const argumentsFor = (...extra: string[]) => {
    const program = `import { labArguments } from ${JSON.stringify(`${project}/src/notebook/lab-arguments.mjs`)};
      console.log(JSON.stringify(labArguments(${JSON.stringify(extra)}, 1000)));`;
    const output = execFileSync(process.execPath, ['--input-type=module', '-e', program], {
      encoding: 'utf8',
    });
    return JSON.parse(output) as string[];
  };

  it('listens on the loopback address only and keeps its token', () => {
    const args = argumentsFor('--port=8899');
    expect(args).toContain('--ServerApp.ip=127.0.0.1');
    expect(args.join(' ')).not.toMatch(/token|password|allow-root/);
    expect(args.at(-1)).toBe('--port=8899');
  });

  it('listens on the address that it is given, as a container has to: Jupyter refuses two', () => {
    const args = argumentsFor('--ServerApp.ip=0.0.0.0');
    expect(args.filter(argument => argument.includes('ip='))).toEqual(['--ServerApp.ip=0.0.0.0']);
  });
});
