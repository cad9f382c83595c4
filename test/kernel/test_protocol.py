"""The messaging protocol: replies, statuses, the queue, history, comms, and messages that are not meant for it."""

import time

import zmq
from conftest import Result
from jupyter_client import BlockingKernelClient


def states(messages):
    return [m["content"]["execution_state"] for m in messages if m["msg_type"] == "status"]


def test_kernel_info_names_the_language_and_its_version(kernel):
    info = kernel.ask("kernel_info_request")
    language = info["language_info"]
    assert info["status"] == "ok"
    assert tuple(map(int, info["protocol_version"].split("."))) >= (5, 3)
    assert language["name"] == kernel.choose("typescript", "python")
    assert language["file_extension"] == kernel.choose(".ts", ".py")
    assert language["pygments_lexer"] == kernel.choose("typescript", "ipython3")
    assert language["mimetype"] and language["codemirror_mode"] and info["banner"] and info["help_links"]


def test_kernel_info_has_the_version_of_the_compiler_that_runs(kernel):
    version = kernel.choose('import ts from "typescript"; ts.version', 'import sys; "%d.%d.%d" % sys.version_info[:3]')
    assert kernel.ask("kernel_info_request")["language_info"]["version"] in kernel.run(version).text


def test_a_cell_is_echoed_and_answered_between_busy_and_idle(kernel):
    result = kernel.run("1 + 1")
    assert states(result.messages) == ["busy", "idle"]
    kinds = [m["msg_type"] for m in result.messages]
    assert kinds == ["status", "execute_input", "execute_result", "status"]
    count = result.reply["execution_count"]
    assert result.of_type("execute_input")[0] == {"code": "1 + 1", "execution_count": count}
    assert result.of_type("execute_result")[0]["execution_count"] == count
    assert result.text == "2"
    assert result.reply["status"] == "ok"


def test_every_message_names_its_parent(kernel):
    request = kernel.send("1")
    messages = []
    while states(messages)[-1:] != ["idle"]:
        messages.append(kernel.client.get_iopub_msg(timeout=10))
    assert [m["parent_header"].get("msg_id") for m in messages] == [request] * 4


def test_the_kernel_does_not_look_idle_while_a_cell_runs(kernel):
    kernel.choose("")
    request = kernel.send("await new Promise(r => setTimeout(r, 1_000))")
    kernel.wait_busy(request)
    kernel.ask("complete_request", code="Math.", cursor_pos=5)
    kernel.ask("kernel_info_request", channel="control")
    messages = []
    while not messages or messages[-1]["msg_type"] != "status" or messages[-1]["content"]["execution_state"] != "idle" or messages[-1]["parent_header"]["msg_id"] != request:
        messages.append(kernel.client.get_iopub_msg(timeout=10))
    statuses = [(m["content"]["execution_state"], m["parent_header"]["msg_id"] == request) for m in messages if m["msg_type"] == "status"]
    assert statuses == [("busy", False), ("idle", False), ("busy", True)] * 2 + [("idle", True)]


def test_requests_on_control_are_answered_between_busy_and_idle(kernel):
    request = kernel.post("kernel_info_request", "control")
    assert states(kernel.collect(request)) == ["busy", "idle"]
    assert kernel.reply(request, "control")["content"]["status"] == "ok"


def test_execution_count_rises_by_one(kernel):
    first = kernel.run("1").reply["execution_count"]
    assert kernel.run("2").reply["execution_count"] == first + 1


def test_silent_cells_run_without_a_trace(kernel):
    before = kernel.run("1").reply["execution_count"]
    result = kernel.run(kernel.choose("globalThis.Symbol; 5", "5"), silent=True)
    assert result.of_type("execute_result") == [] and result.of_type("execute_input") == []
    assert kernel.run("2").reply["execution_count"] == before + 1


def test_cells_without_history_keep_the_count(kernel):
    before = kernel.run("1").reply["execution_count"]
    result = kernel.run("5", store_history=False)
    assert result.text == "5"
    assert kernel.run("2").reply["execution_count"] == before + 1


def test_user_expressions_are_evaluated_after_the_cell(kernel):
    code = kernel.choose("const six = 6", "six = 6")
    expressions = {"good": "six * 7", "bad": "nothing_of_that_name"}
    expressions |= kernel.choose({"comment": "six * 7 // of them", "semicolon": "six * 7;"}, {"comment": "six * 7 # of them"})
    values = kernel.run(code, user_expressions=expressions).reply["user_expressions"]
    assert {value["data"]["text/plain"] for name, value in values.items() if name != "bad"} == {"42"}
    assert values["bad"]["status"] == "error" and values["bad"]["ename"] and values["bad"]["traceback"]


def test_an_error_is_published_and_replied_alike(kernel):
    result = kernel.run(kernel.choose('throw new RangeError("too far")', 'raise IndexError("too far")'))
    name = kernel.choose("RangeError", "IndexError")
    assert result.error["ename"] == result.reply["ename"] == name
    assert result.error["evalue"] == result.reply["evalue"] == "too far"
    assert result.error["traceback"] == result.reply["traceback"]
    assert result.reply["status"] == "error"


def test_cells_queued_behind_an_error_are_aborted_and_later_ones_run(kernel):
    failing = kernel.choose('await new Promise(r => setTimeout(r, 200)); throw new Error("stop")', 'import time; time.sleep(.2); raise ValueError("stop")')
    requests = [kernel.send(failing), kernel.send("1"), kernel.send("2")]
    replies = [kernel.reply(request)["content"] for request in requests]
    assert [r["status"] for r in replies] == ["error", "aborted", "aborted"]
    time.sleep(0.3)
    assert kernel.run("3").text == "3"


def test_stop_on_error_false_lets_the_queue_run(kernel):
    failing = kernel.choose('throw new Error("go on")', 'raise ValueError("go on")')
    requests = [kernel.send(failing, stop_on_error=False), kernel.send("7")]
    assert [kernel.reply(request)["content"]["status"] for request in requests] == ["error", "ok"]


def test_output_after_the_end_of_a_cell_goes_to_that_cell(kernel):
    code = kernel.choose(
        'setTimeout(() => console.log("late"), 400); 0',
        'import asyncio\nasync def late():\n    await asyncio.sleep(.4)\n    print("late")\ntask = asyncio.ensure_future(late())',
    )
    request = kernel.send(code)
    kernel.collect(request)
    kernel.run("1")
    late = Result({}, kernel.late(request, 1.5))
    assert "late" in late.stream()


def test_history_tail_range_and_search(kernel):
    first = kernel.run("101 + 1").reply["execution_count"]
    kernel.run("102 + 1")
    tail = kernel.ask("history_request", hist_access_type="tail", n=2, output=False, raw=True)["history"]
    assert [entry[2] for entry in tail] == ["101 + 1", "102 + 1"]
    span = kernel.ask("history_request", hist_access_type="range", session=0, start=first, stop=first + 1, output=False, raw=True)
    assert [entry[2] for entry in span["history"]] == ["101 + 1"]
    found = kernel.ask("history_request", hist_access_type="search", pattern="102*", n=5, output=False, raw=True, unique=True)
    assert [entry[2] for entry in found["history"]] == ["102 + 1"]


def test_history_gives_outputs_when_asked(kernel):
    count = kernel.run("20 + 3").reply["execution_count"]
    history = kernel.ask("history_request", hist_access_type="range", session=0, start=count, stop=count + 1, output=True, raw=True)["history"]
    assert history[0][1:] == [count, ["20 + 3", "23"]]


def test_is_complete_tells_complete_from_incomplete_and_invalid(kernel):
    block = kernel.choose("function f() {", "def f():")
    incomplete = kernel.ask("is_complete_request", code=block)
    assert incomplete["status"] == "incomplete" and incomplete["indent"].strip() == "" and incomplete["indent"]
    assert kernel.ask("is_complete_request", code="1 + 1")["status"] == "complete"
    assert kernel.ask("is_complete_request", code=kernel.choose("const = 3;", "x = = 3"))["status"] == "invalid"


def test_is_complete_waits_for_the_end_of_a_template_literal(kernel):
    assert kernel.ask("is_complete_request", code=kernel.choose("const s = `a\n", 's = """a'))["status"] == "incomplete"


def test_is_complete_does_not_wait_for_the_end_of_a_string(kernel):
    assert kernel.ask("is_complete_request", code="s = 'abc")["status"] == "invalid"


def test_input_is_asked_of_the_client_that_ran_the_cell(kernel):
    request = kernel.send(kernel.choose('prompt("name? ")', 'input("name? ")'), allow_stdin=True)
    asked = kernel.client.get_stdin_msg(timeout=20)
    assert asked["msg_type"] == "input_request" and asked["content"]["prompt"] == "name? "
    kernel.client.input("Ada \N{SNOWMAN}")
    assert Result({}, kernel.collect(request)).text == "'Ada \N{SNOWMAN}'"


def test_input_is_refused_where_the_client_cannot_ask(kernel):
    result = kernel.run(kernel.choose('prompt("name? ")', 'input("name? ")'), allow_stdin=False)
    assert result.reply["status"] == "error"


def test_comms_of_unknown_targets_are_closed(kernel):
    messages = kernel.collect(kernel.post("comm_open", comm_id="c1", target_name="nobody", data={}))
    closed = [m["content"]["comm_id"] for m in messages if m["msg_type"] == "comm_close"]
    assert closed == ["c1"]
    assert kernel.ask("comm_info_request")["comms"] == {}


def test_comms_carry_data_both_ways(kernel):
    kernel.run(
        kernel.choose(
            'import { comms } from "tslab";\n'
            'comms.register("echo", comm => { comm.onMessage = data => comm.send({ back: data }) })',
            "from comm import get_comm_manager\n"
            "def opened(comm, message):\n"
            "    comm.on_msg(lambda m: comm.send({'back': m['content']['data']}))\n"
            "get_comm_manager().register_target('echo', opened)",
        )
    )
    kernel.collect(kernel.post("comm_open", comm_id="c2", target_name="echo", data={}))
    assert kernel.ask("comm_info_request", target_name="echo")["comms"] == {"c2": {"target_name": "echo"}}
    asking = kernel.post("comm_msg", comm_id="c2", data={"n": 1})
    answers = [m["content"]["data"] for m in kernel.late(asking, 1.5) if m["msg_type"] == "comm_msg"]
    assert answers == [{"back": {"n": 1}}]
    kernel.post("comm_close", comm_id="c2", data={})
    assert kernel.ask("comm_info_request")["comms"] == {}


def test_a_comm_message_is_idle_when_it_was_handled(kernel):
    kernel.choose("")
    kernel.run("import { comms, display } from 'tslab'; comms.register('slow', comm => { comm.onMessage = () => { const end = Date.now() + 300; while (Date.now() < end) {} display.text('handled') } })")
    kernel.post("comm_open", comm_id="c3", target_name="slow", data={})
    asking = kernel.post("comm_msg", comm_id="c3", data={})
    kinds = [m["msg_type"] for m in kernel.collect(asking)]
    assert kinds == ["status", "display_data", "status"]


def test_a_comm_message_whose_handler_is_interrupted_ends(kernel):
    kernel.choose("")
    kernel.run("import { comms } from 'tslab'; comms.register('endless', comm => { comm.onMessage = () => { console.log('begun'); for (;;) {} } })")
    kernel.post("comm_open", comm_id="c4", target_name="endless", data={})
    asking = kernel.post("comm_msg", comm_id="c4", data={})
    time.sleep(0.5)
    kernel.interrupt()
    assert states(kernel.collect(asking, timeout=10)) == ["busy", "idle"]
    assert kernel.run("1 + 1", timeout=10).text == "2"


def test_heartbeat_echoes(kernel):
    socket = zmq.Context.instance().socket(zmq.REQ)
    socket.linger = 0
    socket.connect(f"tcp://127.0.0.1:{kernel.manager.hb_port}")
    socket.send(b"ping")
    assert socket.poll(2000) and socket.recv() == b"ping"
    socket.close()


def test_unknown_malformed_forged_and_huge_messages_are_ignored(kernel):
    socket = zmq.Context.instance().socket(zmq.DEALER)
    socket.linger = 1000
    socket.connect(f"tcp://127.0.0.1:{kernel.manager.shell_port}")
    socket.send_multipart([b"nonsense"])
    socket.send_multipart([b"<IDS|MSG>", b"forged", b'{"msg_type": "execute_request", "msg_id": "x"}', b"{}", b"{}", b'{"code": "1"}'])
    socket.send_multipart([b"<IDS|MSG>", b"", b"{", b"{}", b"{}", b"{}"])
    socket.send_multipart([b"\x00" * 10_000_000])
    kernel.post("no_such_request")
    assert kernel.run("4 + 4").text == "8"
    socket.close()


def test_a_second_client_sees_outputs_and_gets_its_own_replies(kernel):
    other = BlockingKernelClient(connection_file=kernel.manager.connection_file)
    other.load_connection_file()
    other.start_channels()
    other.wait_for_ready(timeout=30)
    kernel.run("5 + 5")
    seen = []
    while "execute_result" not in seen:
        seen.append(other.get_iopub_msg(timeout=10)["msg_type"])
    request = other.execute("6 + 6")
    assert other.get_shell_msg(timeout=10)["parent_header"]["msg_id"] == request
    other.stop_channels()
