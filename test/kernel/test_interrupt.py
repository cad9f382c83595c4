"""An interrupt stops code and keeps state, whatever the code does; heartbeat and control answer meanwhile."""

import statistics
import time

import pytest
import zmq

REPLY_SECONDS = 1.0

STUBBORN = {
    "a synchronous loop": ("while (true) {}", "while True: pass"),
    "a loop that swallows exceptions": ("for (;;) { try { while (true) {} } catch { } finally { kept = 0 } }", None),
    "an await that never ends": ("await new Promise(() => {})", "import asyncio; await asyncio.sleep(100)"),
    "a loop of awaits": ("for (;;) await new Promise(r => setTimeout(r, 5))", None),
    "microtasks without end": ("for (;;) await null", None),
    "a promise chain without end": ("(function f(): any { return Promise.resolve().then(f) })(); await new Promise(() => {})", None),
    "a loop after an await": ("await null; for (;;) {}", None),
    "a loop after a timer": ("await new Promise(r => setTimeout(r, 20)); for (;;) {}", None),
    "a loop in a timer": ("setTimeout(() => { for (;;) {} }, 20); await new Promise(() => {})", None),
    "a loop in setImmediate": ("setImmediate(() => { for (;;) {} }); await new Promise(() => {})", None),
    "a loop in nextTick": ("process.nextTick(() => { for (;;) {} }); await new Promise(() => {})", None),
    "a loop after timers/promises": ("import { setTimeout as sleep } from 'timers/promises'; await sleep(20); for (;;) {}", None),
    "a loop in a file callback": ("import { readFile } from 'fs'; readFile('/etc/hostname', () => { for (;;) {} }); await new Promise(() => {})", None),
    "a loop after reading a file": ("import { promises } from 'fs'; await promises.readFile('/etc/hostname'); for (;;) {}", None),
    "a regular expression that explodes": ("/(a+)+$/.test('a'.repeat(40) + 'b')", None),
    "Atomics.wait": ("Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0)", None),
    "a child process": ("import { execSync } from 'child_process'; execSync('sleep 30; echo done')", "import subprocess; subprocess.run(['sleep', '30'])"),
    "sorting for ever": ("Array.from({ length: 100 }, Math.random).sort(() => { for (;;) {} })", None),
    "an interval of timers/promises": ("import { setInterval as ticks } from 'timers/promises'; for await (const _ of ticks(10)) kept++", None),
    "a loop after an interval of timers/promises": ("import { setInterval as ticks } from 'timers/promises'; for await (const _ of ticks(10)) for (;;) {}", None),
    "lines of a stream": ("import { createInterface } from 'readline'; import { PassThrough } from 'stream'; const input = new PassThrough(); setInterval(() => input.write('line\\n'), 10); for await (const _ of createInterface({ input })) kept++", None),
    "an asynchronous generator": ("async function* g() { for (;;) yield 1 } for await (const x of g()) {}", None),
    "a flood of output": ("for (;;) console.log('flood')", "while True: print('flood')"),
}


@pytest.mark.parametrize("name", STUBBORN)
def test_interrupt_stops_and_keeps_state(kernel, name):
    code = kernel.choose(*STUBBORN[name])
    kernel.run(kernel.choose("let kept = 42", "kept = 42"))
    result, seconds = kernel.interrupted(code)
    assert result.reply["status"] == "error" and result.reply["ename"] == "KeyboardInterrupt"
    assert seconds < REPLY_SECONDS
    left = kernel.run("kept", timeout=10).text
    assert int(left) >= 0
    time.sleep(0.1)
    assert kernel.run("kept").text == left, "it runs on"


def test_interrupt_of_a_prompt(kernel):
    code = kernel.choose("prompt('?')", "input('?')")
    request = kernel.send(code, allow_stdin=True)
    kernel.client.get_stdin_msg(timeout=20)
    kernel.interrupt()
    assert kernel.reply(request)["content"]["status"] == "error"
    kernel.collect(request)


def test_nothing_of_the_stopped_cell_prints_afterwards(kernel):
    code = kernel.choose("setInterval(() => console.log('tick'), 20); (async () => { for (;;) { await new Promise(r => setTimeout(r, 20)); console.log('tock') } })(); await new Promise(() => {})")
    request = kernel.send(code)
    time.sleep(0.5)
    kernel.interrupt()
    kernel.collect(request)
    assert kernel.late(request, 0.5) == []


def test_names_of_the_stopped_cell_stay(kernel):
    code = kernel.choose("let steps = 0; for (;;) { await new Promise(r => setTimeout(r, 10)); steps++ }", "import asyncio\nsteps = 0\nwhile True:\n    await asyncio.sleep(.01)\n    steps += 1")
    kernel.interrupted(code)
    assert int(kernel.run("steps").text) > 3


def test_names_of_a_terminated_loop_stay(kernel):
    kernel.interrupted(kernel.choose("let rounds = 0; for (;;) rounds++", "rounds = 0\nwhile True: rounds += 1"))
    assert int(kernel.run("rounds").text) > 1000


def test_names_of_a_stopped_cell_are_known_to_a_cell_that_was_sent_at_once(kernel):
    kernel.choose("")
    kernel.interrupted("import { execSync } from 'child_process'; let reached = 5; execSync('trap \"\" INT; exec sleep 4')")
    assert kernel.run("reached").text == "5"


def test_the_signal_of_the_cell_is_aborted(kernel):
    kernel.choose("")
    code = "import { interruptSignal } from 'tslab'; let aborted = false; interruptSignal().addEventListener('abort', () => { aborted = true }); await new Promise(() => {})"
    kernel.interrupted(code)
    assert kernel.run("aborted").text == "true"


def test_loops_in_imported_modules_stop_too(kernel):
    kernel.choose("")
    (kernel.folder / "training.ts").write_text("export const progress = { step: 0 };\nexport async function train(): Promise<void> { for (;;) { await new Promise(r => setTimeout(r, 5)); progress.step++; } }")
    kernel.interrupted("import { progress, train } from './training'; await train()")
    step = int(kernel.run("progress.step").text)
    assert step > 3
    time.sleep(0.2)
    assert int(kernel.run("progress.step").text) == step


def test_an_interrupt_while_idle_stops_what_was_left_behind(kernel):
    request = kernel.send(kernel.choose("let beats = 0; setInterval(() => { beats++ }, 10); 0"))
    kernel.collect(request)
    time.sleep(0.2)
    kernel.interrupt()
    beats = int(kernel.run("beats").text)
    time.sleep(0.2)
    assert beats > 0 and int(kernel.run("beats").text) == beats


def test_an_interrupt_right_after_sending_is_not_lost(kernel):
    kernel.choose("")
    for _ in range(5):
        request = kernel.send("for (;;) {}")
        kernel.interrupt()
        begin = time.time()
        while time.time() - begin < 5:
            try:
                reply = kernel.reply(request, timeout=0.6)
                break
            except Exception:
                kernel.interrupt()
        assert reply["content"]["status"] in ("error", "aborted")
        kernel.collect(request)


def test_two_interrupts_in_a_row_do_no_harm(kernel):
    request = kernel.send(kernel.choose("while (true) {}", "while True: pass"))
    time.sleep(0.5)
    kernel.interrupt()
    kernel.interrupt()
    assert kernel.reply(request)["content"]["status"] == "error"
    kernel.collect(request)
    assert kernel.run("2 + 2").text == "4"


STUBBORN_CHILD = "import { execSync } from 'child_process'; execSync('trap \"\" INT; exec sleep 60')"


def test_a_second_interrupt_ends_a_child_process_that_ignores_the_first(kernel):
    kernel.choose("")
    kernel.run("let patient = 7")
    result, _ = kernel.interrupted(STUBBORN_CHILD)
    assert result.reply["ename"] == "KeyboardInterrupt"
    kernel.interrupt()
    assert kernel.run("patient", timeout=10).text == "7"


def test_a_cell_that_waits_for_an_earlier_one_to_stop_can_be_interrupted(kernel):
    kernel.choose("")
    kernel.interrupted(STUBBORN_CHILD)
    waiting = kernel.send("1")
    time.sleep(0.3)
    kernel.interrupt()
    assert kernel.reply(waiting)["content"]["ename"] == "KeyboardInterrupt"
    kernel.collect(waiting)
    assert kernel.run("2 + 2", timeout=10).text == "4"


def test_many_interrupts_at_random_times(kernel):
    kernel.choose("")
    kernel.run("let survived = 1")
    for round_ in range(15):
        code = ["for (;;) {}", "for (;;) await null", "for (;;) await new Promise(r => setTimeout(r, 1))"][round_ % 3]
        result, seconds = kernel.interrupted(code, after=0.01 + 0.013 * round_)
        assert result.reply["ename"] == "KeyboardInterrupt" and seconds < REPLY_SECONDS
    assert kernel.run("survived").text == "1"


def test_cells_queued_behind_an_interrupted_one_are_aborted(kernel):
    running = kernel.send(kernel.choose("while (true) {}", "while True: pass"))
    waiting = kernel.send("1")
    time.sleep(0.5)
    kernel.interrupt()
    assert kernel.reply(running)["content"]["status"] == "error"
    assert kernel.reply(waiting)["content"]["status"] == "aborted"


def test_heartbeat_and_control_answer_within_50_ms_while_a_cell_computes(kernel):
    heartbeat = zmq.Context.instance().socket(zmq.REQ)
    heartbeat.linger = 0
    heartbeat.connect(f"tcp://127.0.0.1:{kernel.manager.hb_port}")
    request = kernel.send(kernel.choose("{ const end = Date.now() + 1500; while (Date.now() < end) {} }", "import time; e = time.time() + 1.5\nwhile time.time() < e: pass"))
    kernel.wait_busy(request)
    times = {"heartbeat": [], "control": []}
    for _ in range(10):
        begin = time.time()
        heartbeat.send(b"ping")
        heartbeat.recv()
        times["heartbeat"].append(time.time() - begin)
        begin = time.time()
        kernel.ask("kernel_info_request", channel="control")
        times["control"].append(time.time() - begin)
        time.sleep(0.05)
    heartbeat.close()
    kernel.collect(request)
    # The medians: this machine's cores are shared.
    assert {name: statistics.median(seconds) < 0.05 for name, seconds in times.items()} == {"heartbeat": True, "control": True}


def test_completion_and_inspection_answer_while_a_cell_runs(kernel):
    request = kernel.send(kernel.choose("{ const end = Date.now() + 3000; while (Date.now() < end) {} }"))
    kernel.wait_busy(request)
    begin = time.time()
    assert "toFixed" in kernel.ask("complete_request", code="(1).toF", cursor_pos=7)["matches"]
    assert kernel.ask("inspect_request", code="Math.max", cursor_pos=8, detail_level=0)["found"]
    assert time.time() - begin < 2.5
    kernel.collect(request)


LIBRARY = """
import { setTimeout as delay } from 'node:timers/promises';
export const state = { cleaned: false };
export async function work(signal: AbortSignal): Promise<void> {
  try {
    await new Promise((_, reject) => signal.addEventListener('abort', () => reject(new Error('stopped'))));
  } finally {
    await null;
    state.cleaned = true;
  }
}
export async function wait(): Promise<void> {
  try {
    await delay(1e6);
  } finally {
    state.cleaned = true;
  }
}
"""


@pytest.mark.parametrize("call", ["work(interruptSignal())", "wait()"])
def test_a_library_that_heeds_the_signal_or_waits_for_a_timer_cleans_up(kernel, call):
    kernel.choose("")
    package = kernel.folder / "node-library"
    (package / "src").mkdir(parents=True, exist_ok=True)
    (package / "package.json").write_text('{ "name": "library", "exports": { ".": { "source": "./src/index.ts" } } }')
    (package / "src" / "index.ts").write_text(LIBRARY)
    kernel.run("import { interruptSignal } from 'tslab'; import { state, wait, work } from './node-library/src/index'; state.cleaned = false")
    kernel.interrupted(f"await {call}")
    assert kernel.run("state.cleaned").text == "true"
