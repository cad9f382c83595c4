"""Things that go wrong: errors nobody waits for, exits, floods, lost clients, memory."""

import os
import signal
import time

import pytest
from jupyter_client import BlockingKernelClient


def test_unhandled_rejections_are_shown_and_the_kernel_lives(kernel):
    kernel.choose("")
    request = kernel.send("Promise.reject(new Error('nobody waits')); setTimeout(() => { throw new Error('in a timer') }, 10); 0")
    text = "".join(m["content"].get("text", "") for m in kernel.collect(request) + kernel.late(request, 1))
    assert "nobody waits" in text and "in a timer" in text
    assert kernel.run("1 + 1").text == "2"


def test_exit_in_a_cell_says_so_and_jupyter_restarts(own_kernel):
    request = own_kernel.send("console.log('before'); process.exit(3)")
    reply = own_kernel.reply(request)["content"]
    text = "".join(m["content"].get("text", "") for m in own_kernel.collect(request))
    assert "before" in text and "process.exit(3)" in text and reply["status"] == "error"
    end = time.time() + 10
    while own_kernel.manager.is_alive() and time.time() < end:
        time.sleep(0.05)
    assert not own_kernel.manager.is_alive()
    own_kernel.client.stop_channels()
    own_kernel.manager.restart_kernel(now=True)
    own_kernel.connect()
    assert own_kernel.run("1 + 1").text == "2"


@pytest.mark.parametrize("restart", [False, True])
def test_shutdown_and_restart_are_answered_while_a_cell_computes(own_kernel, restart):
    own_kernel.send("for (;;) {}")
    time.sleep(1)
    assert own_kernel.ask("shutdown_request", channel="control", restart=restart) == {"status": "ok", "restart": restart}
    end = time.time() + 5
    while own_kernel.manager.is_alive() and time.time() < end:
        time.sleep(0.05)
    assert not own_kernel.manager.is_alive()


def test_a_client_that_is_killed_mid_cell_leaves_the_kernel_alive(kernel):
    kernel.choose("")
    other = BlockingKernelClient(connection_file=kernel.manager.connection_file)
    other.load_connection_file()
    other.start_channels()
    other.wait_for_ready(timeout=30)
    other.execute("let orphan = 0; for (; orphan < 20; orphan++) { await new Promise(r => setTimeout(r, 20)); console.log(orphan) }")
    time.sleep(0.1)
    other.stop_channels()
    assert kernel.run("orphan").text == "20"


def test_output_that_nobody_reads_does_no_harm(kernel):
    kernel.choose("")
    request = kernel.send("for (let i = 0; i < 200_000; i++) console.log('unread '.repeat(5))", silent=False)
    assert kernel.reply(request)["content"]["status"] == "ok"
    kernel.drain()
    assert kernel.run("1 + 1").text == "2"


def test_running_out_of_memory_ends_the_process_so_that_jupyter_restarts_it(own_kernel, monkeypatch):
    monkeypatch.setenv("NODE_OPTIONS", "--max-old-space-size=300")
    own_kernel.client.stop_channels()
    own_kernel.manager.restart_kernel(now=True, env=dict(os.environ))
    own_kernel.connect()
    own_kernel.send("const hoard: unknown[] = []; for (;;) hoard.push(new Array(1000).fill(hoard.length).map(String))")
    end = time.time() + 60
    while own_kernel.manager.is_alive() and time.time() < end:
        time.sleep(0.1)
    assert not own_kernel.manager.is_alive()


def test_a_sigint_from_a_terminal_interrupts_the_cell(own_kernel):
    request = own_kernel.send("await new Promise(() => {})")
    own_kernel.wait_busy(request)
    time.sleep(0.3)
    os.kill(own_kernel.manager.provisioner.process.pid, signal.SIGINT)
    assert own_kernel.reply(request)["content"]["ename"] == "KeyboardInterrupt"


UNWRITABLE = {
    "a bundle with a BigInt": "display.bundle({ 'application/json': { n: 10n } })",
    "a circular bundle": "const ring: any = {}; ring.ring = ring; display.bundle({ 'application/json': ring })",
    "metadata with a BigInt": "display.bundle({ 'text/plain': 'a' }, { metadata: { n: 10n } })",
    "a new comm with a BigInt": "comms.open('unwritable', { n: 10n })",
    "a comm's message with a BigInt": "comms.open('unwritable').send({ n: 10n })",
}


@pytest.mark.parametrize("name", UNWRITABLE)
def test_what_json_cannot_hold_is_an_error_of_the_cell(kernel, name):
    kernel.choose("")
    result = kernel.run("import { comms, display } from 'tslab'; " + UNWRITABLE[name], timeout=10)
    assert result.reply["ename"] == "TypeError" and "JSON" in result.reply["evalue"]
    assert kernel.run("1 + 1", timeout=10).text == "2"


@pytest.mark.parametrize("drawn", ["{ 'application/json': { n: 10n } }", "Promise.resolve({ 'application/json': { n: 10n } })"])
def test_a_value_that_draws_what_json_cannot_hold_is_shown_as_text(kernel, drawn):
    kernel.choose("")
    result = kernel.run(f"({{ name: 'drawing', [Symbol.for('Jupyter.display')]: () => ({drawn}) }})", timeout=10)
    assert "drawing" in result.text and "JSON" in result.stream("stderr")


def test_a_drawing_with_functions_in_it_is_shown_without_them(kernel):
    kernel.choose("")
    result = kernel.run("({ [Symbol.for('Jupyter.display')]: () => ({ 'application/json': { n: 1, f() {} } }) })", timeout=10)
    assert result.data["application/json"] == {"n": 1}


def test_a_flood_of_comm_messages_leaves_the_running_cell_its_outputs_and_its_interrupt(kernel):
    kernel.choose("")
    kernel.run("import { comms } from 'tslab'; let handled = 0; comms.register('flood', comm => { comm.onMessage = () => { handled++ } })")
    for target in ("flood", "unknown"):
        kernel.post("comm_open", comm_id=target, target_name=target, data={})
    request = kernel.send("const before = handled; while (handled < before + 1_200) await new Promise(r => setTimeout(r, 10)); console.log('all'); await new Promise(() => {})")
    kernel.wait_busy(request)
    for target in ("unknown", "flood"):
        for _ in range(1_200):
            kernel.post("comm_msg", comm_id=target, data={})
    kernel.wait_for(request, "stream")
    kernel.interrupt()
    assert kernel.reply(request, timeout=10)["content"]["ename"] == "KeyboardInterrupt"
    kernel.collect(request)
    assert kernel.run("handled").text == "1200"


def test_text_that_arrives_in_chunks_is_whole(kernel):
    kernel.choose("")
    result = kernel.run("const bytes = Buffer.from('€'.repeat(1_000)); for (let at = 0; at < bytes.length; at += 100) process.stdout.write(bytes.subarray(at, at + 100))")
    assert result.stream() == "€" * 1_000


def test_deep_recursion_is_an_error(kernel):
    result = kernel.run(kernel.choose("function deep(): number { return 1 + deep() } deep()", "def deep(): return 1 + deep()\ndeep()"))
    assert result.reply["ename"] == kernel.choose("RangeError", "RecursionError")


def test_a_cell_that_overwrites_globals_does_not_take_the_kernel_down(own_kernel):
    kernel = own_kernel
    kernel.run("Object.assign(globalThis, { setTimeout: null, Promise: class {}, Map: null, JSON: null }); console.log = null as any")
    assert kernel.run("await 40 + 2").text == "42"
    assert kernel.run("throw new Error('still')").reply["evalue"] == "still"
