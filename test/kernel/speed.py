"""Measures kernels side by side: python test/kernel/speed.py typescript python3 tslab

Start to the first reply, `1 + 1`, 200 different cells in a row, 10,000 printed lines, memory after the start. The kernels take
turns, so that what else the machine does meets them alike; the medians of the rounds are printed.
"""

import statistics
import sys
import tempfile
import time
from queue import Empty

import psutil
from conftest import Kernel

ROUNDS = 5
#: Seconds after which a kernel that says nothing is taken to have nothing more to say.
QUIET = 5
LINES = {"typescript": "for (let i = 0; i < 10000; i++) console.log(i)", "python": "for i in range(10000): print(i)"}


def timed(action):
    begin = time.perf_counter()
    result = action()
    return time.perf_counter() - begin, result


def print_lines(kernel, code):
    """How many lines arrive. Counted as they come: a kernel may lose some, and the message that it is idle."""
    request = kernel.send(code)
    kernel.reply(request)
    text = ""
    while True:
        try:
            message = kernel.client.get_iopub_msg(timeout=QUIET)
        except Empty:
            return len(text.split())
        if message["parent_header"].get("msg_id") != request:
            continue
        if message["msg_type"] == "stream":
            text += message["content"]["text"]
        if message["content"].get("execution_state") == "idle":
            return len(text.split())


def measure(name):
    start, kernel = timed(lambda: Kernel(name, tempfile.mkdtemp()))
    process = psutil.Process(kernel.manager.provisioner.process.pid)
    first, _ = timed(lambda: kernel.run("1 + 1"))
    memory = sum(p.memory_info().rss for p in [process, *process.children(recursive=True)]) / 2**20
    cell = statistics.median(timed(lambda: kernel.run("1 + 1"))[0] for _ in range(50))
    row, _ = timed(lambda: [kernel.reply(kernel.send(f"1 + {i}")) for i in range(200)])
    language = "python" if kernel.manager.kernel_spec.language == "python" else "typescript"
    lines, arrived = timed(lambda: print_lines(kernel, LINES[language]))
    kernel.close()
    return {
        "start s": start,
        "first cell s": first,
        "1 + 1 ms": 1000 * cell,
        "200 cells s": row,
        "10,000 lines s": lines,
        "lines": arrived,
        "memory MiB": memory,
    }


def main(names):
    rounds = {name: [] for name in names}
    for _ in range(ROUNDS):
        for name in names:
            rounds[name].append(measure(name))
    columns = list(rounds[names[0]][0])
    print("kernel".ljust(12), *(column.rjust(14) for column in columns))
    for name in names:
        medians = (statistics.median(r[column] for r in rounds[name]) for column in columns)
        print(name.ljust(12), *(f"{median:14.2f}" for median in medians))


if __name__ == "__main__":
    main(sys.argv[1:] or ["typescript", "python3"])
