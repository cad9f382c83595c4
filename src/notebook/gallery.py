"""Builds the gallery: a page of all shared notebooks, each with figure, claims, the paper's numbers, and its own page.

    python gallery.py FOLDER TARGET PLOTLY_JS

FOLDER holds executed notebooks, from which everything is taken; TARGET becomes a folder of files that can be opened as they
are or put on any web server, and needs no network.
"""

import base64
import re
import struct
import sys
from pathlib import Path

import nbformat
from jinja2 import Environment, FileSystemLoader
from markupsafe import Markup
from nbconvert.filters.markdown_mistune import MarkdownWithMath

from export import OfflineRenderer, export
from whole_file import write_whole

ESCAPES = re.compile(r"\x1b\[[0-9;]*[A-Za-z]")
CLAIM = re.compile(r"^(holds|FAILS): (.*)((?:\n[ \t]+\S.*)*)", re.MULTILINE)
TABLE = re.compile(r"<table.*?</table>", re.DOTALL)
SHOWN_CLAIMS = 4  # of a notebook; the others can be unfolded


def markdown(source):
    """Markdown as HTML, formulas as MathML."""
    return Markup(MarkdownWithMath(renderer=OfflineRenderer(escape=True)).render(source))


def entry(file):
    """What the gallery shows of a notebook."""
    notebook = nbformat.read(file, as_version=4)
    title, lead = heading(notebook)
    claims = list(claims_of(notebook))
    figure = first_figure(notebook)
    tables = [*prose_tables(notebook), *output_tables(notebook)]
    beside = [] if figure else tables[:1]  # a table where there is no figure
    return {
        "name": file.stem,
        "title": markdown_line(title or file.stem),
        "lead": markdown(lead),
        "figure": figure,
        "table": beside,
        "shown": claims[:SHOWN_CLAIMS],
        "folded": claims[SHOWN_CLAIMS:],
        "tables": tables[len(beside) :],
    }


def markdown_line(source):
    """One line of Markdown without a paragraph around it."""
    return Markup(re.sub(r"^<p>|</p>\s*$", "", markdown(source)))


def prose(notebook):
    return [cell.source for cell in notebook.cells if cell.cell_type == "markdown"]


def outputs(notebook):
    return [output for cell in notebook.cells if cell.cell_type == "code" for output in cell.outputs]


def heading(notebook):
    """The first heading and the paragraph below it."""
    blocks = [block for source in prose(notebook) for block in re.split(r"\n\s*\n", source)]
    for block, following in zip(blocks, [*blocks[1:], ""]):
        if block.startswith("# "):
            return block[2:].strip(), "" if following.startswith("#") else whole_sentences(following)
    return "", ""


def whole_sentences(paragraph):
    """The paragraph without a last sentence that a formula or a list goes on with."""
    if re.search(r"[.!?][*_)]*\s*$", paragraph):
        return paragraph
    whole = re.match(r".*[.!?](?=\s)", paragraph, re.DOTALL)
    return whole[0] if whole else f"{paragraph.rstrip(',: ')} ..."


def first_figure(notebook):
    """The first picture with its size in pixels and the sentence that says what it shows."""
    for output in outputs(notebook):
        data = output.get("data", {})
        if "image/png" in data:
            png = base64.b64decode(data["image/png"])
            width, height = struct.unpack(">II", png[16:24])  # of the header chunk, which comes first
            return {"png": png, "width": width, "height": height, "alt": data.get("text/plain", "")}
    return None


def claims_of(notebook):
    """What the claim cells printed: the sentence, whether it holds, and the indented lines below it."""
    streams = [output.text for output in outputs(notebook) if output.output_type == "stream" and output.name == "stdout"]
    for verdict, claim, evidence in CLAIM.findall(ESCAPES.sub("", "\n".join(streams))):
        yield {"holds": verdict == "holds", "claim": claim.strip(), "evidence": " ".join(evidence.split())}


def prose_tables(notebook):
    """Tables in the text that the sentence before them calls the paper's, with that sentence."""
    for source in prose(notebook):
        blocks = re.split(r"\n\s*\n", source)
        for before, block in zip(["", *blocks], blocks):
            if block.lstrip().startswith("|") and "paper" in before.lower():
                yield {"caption": markdown_line(before), "table": tables_in(markdown(block))}


def output_tables(notebook):
    """Tables that cells show in which the paper's numbers stand."""
    for output in outputs(notebook):
        for table in TABLE.findall(output.get("data", {}).get("text/html", "")):
            if "paper" in table.lower() and "<script" not in table.lower():
                caption = re.search(r"<caption[^>]*>(.*?)</caption>", table, re.DOTALL)
                yield {"caption": Markup(caption[1]) if caption else "Ours beside the paper's", "table": tables_in(table)}


def tables_in(page):
    """The table alone; its caption stands above it."""
    table = TABLE.search(page)[0]
    return Markup(re.sub(r"<caption.*?</caption>", "", table, flags=re.DOTALL))


def build(folder, target, plotly):
    """Writes the gallery of a folder."""
    files = sorted(folder.glob("*.ipynb"))
    if not files:
        sys.exit(f'There is no executed notebook in {folder}: run "npx unimodal render" first.')
    target.mkdir(parents=True, exist_ok=True)
    entries = [entry(file) for file in files]
    for number, (file, shown) in enumerate(zip(files, entries), 1):
        print(f"[{number}/{len(files)}] {file.stem}", flush=True)
        export(file, target / f"{file.stem}.html", plotly)
        write_whole(target / file.name, file.read_bytes())
        if shown["figure"]:
            write_whole(target / f"{file.stem}.png", shown["figure"]["png"])
    templates = Environment(loader=FileSystemLoader(Path(__file__).parent), autoescape=True, trim_blocks=True, lstrip_blocks=True)
    page = templates.get_template("gallery.html.j2").render(entries=entries)
    write_whole(target / "index.html", page.encode())


if __name__ == "__main__":
    if len(sys.argv) != 4:
        sys.exit("usage: python gallery.py FOLDER TARGET PLOTLY_JS")
    build(*(Path(argument).resolve() for argument in sys.argv[1:]))
