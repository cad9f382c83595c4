"""A Jupyter client for the tests: they see a kernel as any front end does, through its sockets.

    python -m pytest test/kernel                              the kernel "typescript" of this Python environment
    KERNELS=typescript,python3 python -m pytest test/kernel   and ipykernel, where a test applies to it

Each test that applies to both gives its cells in both languages; ipykernel then checks the test itself.
"""

import os
import time
from dataclasses import dataclass, field
from queue import Empty

import pytest
from jupyter_client import KernelManager

NAMES = os.environ.get("KERNELS", "typescript").split(",")
TIMEOUT = 60


@dataclass
class Result:
    """What one execute request brought: the reply, the outputs in order, and every iopub message of it."""

    reply: dict
    messages: list = field(default_factory=list)

    @property
    def outputs(self):
        return [m for m in self.messages if m["msg_type"] not in ("status", "execute_input")]

    def of_type(self, kind):
        return [m["content"] for m in self.messages if m["msg_type"] == kind]

    def stream(self, name="stdout"):
        return "".join(c["text"] for c in self.of_type("stream") if c["name"] == name)

    @property
    def data(self):
        """The formats of the execute_result, or None."""
        results = self.of_type("execute_result")
        return results[-1]["data"] if results else None

    @property
    def text(self):
        """The result as plain text without colours."""
        return plain(self.data["text/plain"]) if self.data else None

    @property
    def error(self):
        errors = self.of_type("error")
        return errors[-1] if errors else None

    @property
    def traceback(self):
        return plain("\n".join(self.error["traceback"]))


def plain(text):
    """Without terminal colours."""
    import re

    return re.sub(r"\x1b\[[0-9;]*m", "", text)


class Kernel:
    """A running kernel and one client of it."""

    def __init__(self, name, folder):
        self.name = name
        self.folder = folder
        self.manager = KernelManager(kernel_name=name)
        self.manager.start_kernel(cwd=str(folder))
        self.connect()

    def connect(self):
        self.client = self.manager.client()
        self.client.start_channels()
        self.client.wait_for_ready(timeout=TIMEOUT)
        self.drain()

    @property
    def is_typescript(self):
        return self.manager.kernel_spec.language == "typescript"

    def choose(self, typescript, python=None):
        """The cell in the language of this kernel; the test is skipped where there is none."""
        if self.is_typescript:
            return typescript
        if python is None:
            pytest.skip("says nothing about ipykernel")
        return python

    def drain(self):
        """Drops what earlier requests left on the channels."""
        for channel in (self.client.iopub_channel, self.client.shell_channel, self.client.control_channel):
            try:
                while True:
                    channel.get_msg(timeout=0.05)
            except Empty:
                pass

    def send(self, code, **options):
        return self.client.execute(code, **options)

    def reply(self, request, channel="shell", timeout=TIMEOUT):
        """The reply to a request; replies to other requests are dropped."""
        end = time.time() + timeout
        while True:
            message = getattr(self.client, f"{channel}_channel").get_msg(timeout=max(0.01, end - time.time()))
            if message["parent_header"].get("msg_id") == request:
                return message

    def collect(self, request, timeout=TIMEOUT):
        """The iopub messages of a request up to its idle status."""
        messages = []
        end = time.time() + timeout
        while True:
            message = self.client.get_iopub_msg(timeout=max(0.01, end - time.time()))
            if message["parent_header"].get("msg_id") != request:
                continue
            messages.append(message)
            if message["msg_type"] == "status" and message["content"]["execution_state"] == "idle":
                return messages

    def late(self, request, seconds):
        """The iopub messages of a request that arrive within the given time from now."""
        messages = []
        end = time.time() + seconds
        while time.time() < end:
            try:
                message = self.client.get_iopub_msg(timeout=max(0.01, end - time.time()))
            except Empty:
                break
            if message["parent_header"].get("msg_id") == request:
                messages.append(message)
        return messages

    def run(self, code, timeout=TIMEOUT, **options):
        request = self.send(code, **options)
        messages = self.collect(request, timeout)
        return Result(self.reply(request)["content"], messages)

    def post(self, kind, channel="shell", **content):
        """Sends any other message and returns its id."""
        message = self.client.session.msg(kind, content)
        getattr(self.client, f"{channel}_channel").send(message)
        return message["header"]["msg_id"]

    def ask(self, kind, channel="shell", timeout=TIMEOUT, **content):
        """Sends any other request and returns its reply's content."""
        return self.reply(self.post(kind, channel, **content), channel, timeout)["content"]

    def interrupt(self):
        """Interrupts as the manager does for this kernel: by message or by signal."""
        if self.manager.kernel_spec.interrupt_mode == "message":
            return self.ask("interrupt_request", channel="control")
        return self.manager.interrupt_kernel()

    def interrupted(self, code, after=0.5, timeout=20, begun="execute_input"):
        """Runs a cell, interrupts it some time after its first message of type `begun`, and returns its result and the seconds until its reply."""
        request = self.send(code)
        self.wait_for(request, begun)
        time.sleep(after)
        begin = time.time()
        self.interrupt()
        reply = self.reply(request, timeout=timeout)["content"]
        seconds = time.time() - begin
        return Result(reply, self.collect(request)), seconds

    def wait_busy(self, request):
        self.wait_for(request, "execute_input")

    def wait_for(self, request, kind):
        while True:
            message = self.client.get_iopub_msg(timeout=TIMEOUT)
            if message["parent_header"].get("msg_id") == request and message["msg_type"] == kind:
                return

    def close(self):
        self.client.stop_channels()
        self.manager.shutdown_kernel(now=True)


@pytest.fixture(scope="module", params=NAMES)
def kernel(request, tmp_path_factory):
    """One kernel for the tests of a file, in an empty folder."""
    running = Kernel(request.param, tmp_path_factory.mktemp("notebooks"))
    yield running
    running.close()


@pytest.fixture(autouse=True)
def quiet(request):
    """Each test begins with empty channels."""
    if "kernel" in request.fixturenames:
        request.getfixturevalue("kernel").drain()


@pytest.fixture
def own_kernel(request, tmp_path):
    """A kernel for one test, which may end it."""
    running = Kernel(NAMES[0], tmp_path)
    yield running
    running.close()
