"""Writes an HTML copy of an executed notebook that needs no network: figures stay interactive, formulas are MathML.

    python export.py NOTEBOOK TARGET PLOTLY_JS

nbconvert's own page fetches scripts for figures and formulas from the network; this one carries plotly.js once.
"""

import json
import sys
from pathlib import Path

from jinja2 import pass_context
from latex2mathml.converter import convert
from nbconvert import HTMLExporter
from nbconvert.filters.markdown_mistune import IPythonRenderer, MarkdownWithMath

from whole_file import write_whole

FIGURE = "application/vnd.plotly.v1+json"


def mathml(tex, display):
    """A formula as MathML; one that the converter does not know stays as TeX."""
    # The converter knows align* but not its inner form.
    plain = tex.replace("{aligned}", "{align*}").replace("\\lvert", "|").replace("\\rvert", "|")
    try:
        return convert(plain, display=display)
    except Exception:  # noqa: BLE001 - any formula that it cannot read
        return f"<code>{IPythonRenderer.escape_html(None, tex)}</code>"


class OfflineRenderer(IPythonRenderer):
    """nbconvert's Markdown with formulas written as MathML."""

    def block_math(self, body):
        return mathml(body, "block")

    def inline_math(self, body):
        return mathml(body, "inline")

    def latex_environment(self, name, body):
        tex = f"\\begin{{{name}}}{body}\\end{{{name}}}"
        return mathml(tex, "block")


class OfflineExporter(HTMLExporter):
    """nbconvert's page without anything from the network."""

    def __init__(self, **options):
        super().__init__(
            template_name="template",
            extra_template_basedirs=[str(Path(__file__).parent)],
            embed_images=True,
            anchor_link_text=" ",
            **options,
        )

    @property
    def default_config(self):
        config = super().default_config
        types = config.NbConvertBase.display_data_priority
        config.NbConvertBase.display_data_priority = [FIGURE, *types]
        return config

    @pass_context
    def markdown2html(self, context, source):
        cell = context.get("cell", {})
        path = context.get("resources", {}).get("metadata", {}).get("path", "")
        renderer = OfflineRenderer(
            escape=False,
            attachments=cell.get("attachments", {}),
            embed_images=True,
            path=path,
            exclude_anchor_links=True,
        )
        return MarkdownWithMath(renderer=renderer).render(source)

    def default_filters(self):
        yield from super().default_filters()
        # JSON inside a script element: no "<" may end it early.
        yield ("script_json", lambda value: json.dumps(value).replace("<", "\\u003c"))


def export(notebook, target, plotly):
    """Writes the page, complete or not at all."""
    resources = {"metadata": {"name": notebook.stem, "path": str(notebook.parent)}}
    if FIGURE in notebook.read_text(encoding="utf8"):
        resources["plotly"] = plotly.read_text(encoding="utf8")
    page, _ = OfflineExporter().from_filename(str(notebook), resources=resources)
    write_whole(target, page.encode())


if __name__ == "__main__":
    if len(sys.argv) != 4:
        sys.exit("usage: python export.py NOTEBOOK TARGET PLOTLY_JS")
    export(*(Path(argument).resolve() for argument in sys.argv[1:]))
