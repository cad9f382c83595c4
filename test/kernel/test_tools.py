"""The tools around notebooks: nbclient, nbconvert, papermill, several kernels at once."""

import json
import runpy
import subprocess
import sys
from pathlib import Path

import nbformat
import pytest
from conftest import NAMES, Kernel, plain
from jupyter_client.kernelspec import KernelSpecManager
from nbclient import NotebookClient
from nbclient.exceptions import CellExecutionError
from nbformat.v4 import new_code_cell, new_notebook

KERNELSPEC = {"name": NAMES[0], "display_name": "TypeScript", "language": "typescript"}


def notebook(*cells):
    return new_notebook(cells=[new_code_cell(cell) for cell in cells], metadata={"kernelspec": KERNELSPEC})


def test_nbclient_runs_a_notebook(tmp_path):
    book = notebook("let n = 1; console.log('out')", "n + 1")
    NotebookClient(book, resources={"metadata": {"path": str(tmp_path)}}).execute()
    assert book.cells[0].outputs[0]["text"] == "out\n"
    assert book.cells[1].outputs[0]["data"]["text/plain"] == "2"


def test_nbclient_stops_at_an_error(tmp_path):
    book = notebook("throw new Error('stop here')", "1")
    with pytest.raises(CellExecutionError, match="stop here"):
        NotebookClient(book, resources={"metadata": {"path": str(tmp_path)}}).execute()
    assert book.cells[0].outputs[0]["ename"] == "Error" and book.cells[1].outputs == []


def test_nbclient_interrupts_a_cell_that_takes_too_long(tmp_path):
    book = notebook("for (;;) {}", "'alive'")
    client = NotebookClient(book, timeout=2, interrupt_on_timeout=True, allow_errors=True, resources={"metadata": {"path": str(tmp_path)}})
    client.execute()
    assert book.cells[1].outputs[0]["data"]["text/plain"] == "'alive'"


def test_nbconvert_writes_html(tmp_path):
    path = tmp_path / "book.ipynb"
    nbformat.write(notebook("console.log(6 * 7)"), path)
    subprocess.run([sys.executable, "-m", "nbconvert", "--execute", "--to", "html", str(path)], check=True, capture_output=True)
    assert ">42" in (tmp_path / "book.html").read_text()


def test_papermill_sets_parameters(tmp_path):
    pytest.importorskip("papermill")
    import papermill

    book = notebook("let count = 1; let name = 'a'; let sizes = [0]; let options = { deep: true }; let none: string | null = ''", "JSON.stringify([count, name, sizes, options, none])")
    book.cells[0].metadata["tags"] = ["parameters"]
    path = tmp_path / "book.ipynb"
    nbformat.write(book, path)
    parameters = {"count": 3, "name": 'quote " and \\ line\n', "sizes": [1, 2], "options": {"deep": False}, "none": None}
    out = papermill.execute_notebook(str(path), str(tmp_path / "out.ipynb"), parameters=parameters, cwd=str(tmp_path), progress_bar=False)
    text = out.cells[-1].outputs[0]["data"]["text/plain"]
    assert json.loads(eval(text)) == [3, 'quote " and \\ line\n', [1, 2], {"deep": False}, None]


@pytest.mark.parametrize(
    "line, expected",
    [
        ("let count = 3; // how many", ("count", "None", "3", "how many")),
        ("const url: string = 'http://example.org'; // whence", ("url", "string", "'http://example.org'", "whence")),
        ('let note = "a // b"', ("note", "None", '"a // b"', "")),
        (r'let quote = "\" // "; // said', ("quote", "None", r'"\" // "', "said")),
        ("let half: (x: number) => number = x => x / 2; // halves", ("half", "(x: number) => number", "x => x / 2", "halves")),
        ("let same = a == b", ("same", "None", "a == b", "")),
    ],
)
def test_papermill_tells_the_parameters_of_a_notebook(line, expected):
    pytest.importorskip("papermill")
    module = runpy.run_path(str(Path(__file__).parents[2] / "kernel/install/papermill_typescript.py"))
    (found,) = module["TypeScriptTranslator"].inspect({"source": line})
    assert (found.name, found.inferred_type_name, found.default, found.help) == expected


def test_the_console_runs_what_is_typed(tmp_path):
    command = [sys.executable, "-m", "jupyter_console", "--kernel", NAMES[0], "--simple-prompt"]
    done = subprocess.run(command, input="const half = 21\nhalf * 2\nhalf.foo\n", cwd=tmp_path, capture_output=True, text=True, timeout=120)
    assert "42" in plain(done.stdout) and "TS2339" in plain(done.stdout + done.stderr)


def test_the_kernelspec_tells_front_ends_what_they_ask_for():
    spec = KernelSpecManager().get_kernel_spec(NAMES[0])
    # VS Code takes the language of cells from `language`; interrupts come as messages, on Windows too.
    assert (spec.language, spec.interrupt_mode) == ("typescript", "message")
    assert spec.display_name and Path(spec.resource_dir, "logo-svg.svg").exists()


def test_several_kernels_at_once(tmp_path):
    kernels = [Kernel(NAMES[0], tmp_path) for _ in range(3)]
    try:
        for number, kernel in enumerate(kernels):
            kernel.run(f"const mine = {number}")
        assert [kernel.run("mine").text for kernel in kernels] == ["0", "1", "2"]
    finally:
        for kernel in kernels:
            kernel.close()
