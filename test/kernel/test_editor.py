"""Help while typing: completion and inspection, with positions in code points."""

import pytest


def complete(kernel, code, position=None):
    return kernel.ask("complete_request", code=code, cursor_pos=len(code) if position is None else position)


def inspect(kernel, code, position=None, detail=0):
    return kernel.ask("inspect_request", code=code, cursor_pos=len(code) if position is None else position, detail_level=detail)


def test_members_are_completed(kernel):
    code = kernel.choose("'abc'.toUpp", "'abc'.upp")
    reply = complete(kernel, code)
    match = kernel.choose("toUpperCase", "upper")
    assert any(m.endswith(match) for m in reply["matches"])
    assert reply["cursor_end"] == len(code)


def test_members_after_a_dot(kernel):
    kernel.choose("")
    reply = complete(kernel, "Math.")
    assert {"max", "PI"} <= set(reply["matches"]) and reply["cursor_start"] == reply["cursor_end"] == 5


def test_names_of_earlier_cells_are_completed(kernel):
    kernel.run(kernel.choose("const wonderfulValue = { inner: 1 }", "wonderful_value = 1"))
    assert any("wonderful" in m for m in complete(kernel, "wonder")["matches"])


def test_members_of_values_of_earlier_cells(kernel):
    kernel.choose("")
    kernel.run("const holder = { innerNumber: 1 }")
    reply = complete(kernel, "holder.inn")
    assert reply["matches"][0] == "innerNumber" and reply["cursor_start"] == 7


def test_completions_have_types_and_documentation(kernel):
    kernel.choose("")
    kernel.run("/** Doubles a number. */\nfunction doubler(x: number): number { return 2 * x }")
    entry = complete(kernel, "doubl")["metadata"]["_jupyter_types_experimental"][0]
    assert entry["text"] == "doubler" and entry["type"] == "function"
    assert "(x: number): number" in entry["signature"] and "Doubles" in entry["documentation"]


def test_positions_are_code_points(kernel):
    kernel.choose("")
    code = "'\N{GRINNING FACE}\N{GRINNING FACE}'.toUpp"
    reply = complete(kernel, code)
    assert reply["matches"][0] == "toUpperCase"
    assert code[reply["cursor_start"] : reply["cursor_end"]] == "toUpp"


def test_completion_in_the_middle_of_a_name_replaces_it(kernel):
    kernel.choose("")
    reply = complete(kernel, "Math.maxx + 1", 8)
    assert (reply["cursor_start"], reply["cursor_end"]) == (5, 9)


def test_completion_in_unfinished_code(kernel):
    kernel.choose("")
    assert "toFixed" in complete(kernel, "function f(x: number) { if (x) { x.toF")["matches"]


def test_module_names_and_paths_are_completed(kernel):
    kernel.choose("")
    (kernel.folder / "helpers.ts").write_text("export const helping = 1;")
    assert "helpers" in complete(kernel, "import { } from './hel", 22)["matches"]
    assert "helping" in complete(kernel, "import { hel } from './helpers'", 12)["matches"]


def test_nothing_internal_is_offered(kernel):
    kernel.choose("")
    assert not [m for m in complete(kernel, "__")["matches"] if "cell" in m or "scope" in m]


def test_inspection_gives_type_and_documentation(kernel):
    kernel.run(kernel.choose("/** Halves a number. @param x what to halve */\nfunction halver(x: number) { return x / 2 }", "def halver(x):\n    'Halves a number.'"))
    reply = inspect(kernel, "halver")
    assert reply["found"] and "Halves a number" in reply["data"]["text/plain"]


def test_inspection_with_emoji_before_the_name(kernel):
    kernel.choose("")
    code = "'\N{GRINNING FACE}'; Math.max(1)"
    assert "max" in inspect(kernel, code, code.index("max") + 1)["data"]["text/plain"]


def test_inspection_inside_a_call_gives_the_signature(kernel):
    kernel.choose("")
    kernel.run("function signed(first: string, second: number) {}")
    assert "second: number" in inspect(kernel, "signed('a', ")["data"]["text/plain"]


def test_inspection_of_nothing_finds_nothing(kernel):
    assert inspect(kernel, "   ", 1)["found"] is False


@pytest.mark.parametrize("position", [-5, 1000])
def test_positions_outside_of_the_code_do_no_harm(kernel, position):
    kernel.choose("")
    assert complete(kernel, "Math.ma", position)["status"] == "ok"
    assert inspect(kernel, "Math.max", position)["status"] == "ok"
