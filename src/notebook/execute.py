"""Executes a notebook from top to bottom in a fresh kernel, and shows on the terminal how far it is.

    python execute.py SOURCE TARGET

The executed copy is written to TARGET when every cell has run; exit status 0. When a cell throws (or the kernel dies),
what ran so far is written to TARGET with ".failed" before the extension, and the exit status is 1.
"""

import re
import shutil
import sys
import time
from pathlib import Path

import nbformat
from nbclient import NotebookClient
from nbclient.exceptions import CellExecutionError, DeadKernelError
from jupyter_client.kernelspec import NoSuchKernel

from whole_file import write_whole

SECONDS_BETWEEN_UPDATES = 30  # where the output is no terminal, an updated output is shown this often
LONGEST_OUTPUT = 15  # lines: tables are shown whole, settings and lists are cut
ESCAPES = re.compile(r"\x1b\[[0-9;]*[A-Za-z]")


class ShownClient(NotebookClient):
    """A notebook client that echoes what the cells print and show."""

    line_open = False  # the terminal's last line is a progress line that may be overwritten
    last_update = 0.0
    shown = ()  # lines of the updated output as they were last shown

    def process_message(self, msg, cell, cell_index):
        content = msg["content"]
        if msg["msg_type"] == "stream":
            self.show("".join(content["text"]))
        elif msg["msg_type"] in ("display_data", "execute_result"):
            self.show_bundle(content["data"])
        elif msg["msg_type"] == "update_display_data":
            self.update(content["data"])
        return super().process_message(msg, cell, cell_index)

    def show(self, text):
        if self.line_open:
            print()
        self.line_open = False
        for line in text.rstrip("\n").split("\n"):
            # Of a line that was overwritten with carriage returns, the last state.
            print(f"      {line.rstrip(chr(13)).split(chr(13))[-1]}", flush=True)

    def show_bundle(self, data):
        lines = self.shown = lines_of(data)
        if len(lines) > LONGEST_OUTPUT:
            lines = [*lines[: LONGEST_OUTPUT - 1], f"... ({len(lines)} lines)"]
        if any(lines):
            self.show("\n".join(lines))

    def update(self, data):
        """Shows what changed since the last time: of a bar for each model, the bars that moved."""
        state = lines_of(data)
        if sys.stdout.isatty():
            moved = [line for line in state if line not in self.shown] or state[:1]
            width = shutil.get_terminal_size().columns - 7
            print(f"\r\x1b[2K      {' | '.join(moved)[:width]}", end="", flush=True)
            self.line_open = True
            self.shown = state
        elif time.monotonic() - self.last_update > SECONDS_BETWEEN_UPDATES:
            self.last_update = time.monotonic()
            for line in state:
                if line not in self.shown:
                    self.show(line)
            self.shown = state

    def announce(self, cell, cell_index):
        if self.line_open:
            print()
        self.line_open = False
        number = sum(other.cell_type == "code" for other in self.nb.cells[: cell_index + 1])
        count = sum(other.cell_type == "code" for other in self.nb.cells)
        first = next((line for line in cell.source.split("\n") if line.strip()), "")
        print(f"[{number}/{count}] {first[:100]}", flush=True)


def lines_of(data):
    """The lines of an output's plain text."""
    text = data.get("text/plain", "")
    return ESCAPES.sub("", text if isinstance(text, str) else "".join(text)).strip("\n").split("\n")


def write(notebook, target):
    write_whole(target, f"{nbformat.writes(notebook)}\n".encode())


def explain(error, log):
    """One paragraph about why the notebook stopped."""
    if isinstance(error, CellExecutionError):
        return ESCAPES.sub("", error.traceback).strip()
    if isinstance(error, DeadKernelError):
        last_words = "\n".join(log.read_text(encoding="utf8", errors="replace").splitlines()[-10:])
        return f"The kernel died while a cell ran (out of memory?). Its last words, from {log}:\n{last_words}"
    return f'There is no kernel "{error.name}": run "npm run setup" to install it.'


def execute(source, target):
    """Executes one notebook; returns the exit status."""
    notebook = nbformat.read(source, as_version=4)
    client = ShownClient(
        notebook,
        timeout=None,
        allow_errors=False,
        record_timing=False,  # a rendered copy shall not differ by the time of day,
        coalesce_streams=True,  # nor by the pieces in which text arrived
        resources={"metadata": {"path": str(source.parent)}},
    )
    client.on_cell_execute = lambda cell, cell_index: client.announce(cell, cell_index)
    failed = target.with_name(f"{target.stem}.failed{target.suffix}")
    target.parent.mkdir(parents=True, exist_ok=True)
    try:
        # What the kernel's process itself writes (TensorFlow's messages, say) is not the notebook's output.
        with open(target.with_suffix(".log"), "w", encoding="utf8") as log:
            client.execute(stdout=log, stderr=log)
    except (CellExecutionError, DeadKernelError, NoSuchKernel) as error:
        write(notebook, failed)
        print(f"\n{explain(error, target.with_suffix('.log'))}\nWhat ran so far is in {failed}", file=sys.stderr)
        return 1
    write(notebook, target)
    failed.unlink(missing_ok=True)
    return 0


if __name__ == "__main__":
    if len(sys.argv) != 3:
        sys.exit("usage: python execute.py SOURCE TARGET")
    try:
        sys.exit(execute(*(Path(argument).resolve() for argument in sys.argv[1:])))
    except KeyboardInterrupt:
        sys.exit("\nInterrupted.")
