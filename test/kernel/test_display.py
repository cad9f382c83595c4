"""What outputs look like: formats, updates, values that the kernel knows by their shape."""

import base64
import json

import pytest
from conftest import plain

SHOW = 'import { display, newDisplay, clearOutput, versions } from "tslab";\n'


@pytest.fixture
def shown(kernel):
    """Runs a cell with the display functions imported and returns its display messages."""
    kernel.choose("")

    def run(code):
        result = kernel.run(SHOW + code)
        assert result.reply["status"] == "ok", result.reply
        return [m for m in result.outputs if m["msg_type"] in ("display_data", "update_display_data", "clear_output")]

    return run


def test_tslab_display_methods_have_their_mime_types(shown):
    code = """display.html("<b>h</b>"); display.markdown("*m*"); display.latex("$l$"); display.svg("<svg/>"); display.javascript("1");
display.text("t"); display.png(new Uint8Array([1, 2])); display.jpeg(Buffer.from([3])); display.gif(Buffer.from([4])); display.pdf(Buffer.from([5])); display.raw("x/y", "r")"""
    data = [m["content"]["data"] for m in shown(code)]
    assert [list(d)[0] for d in data] == [
        "text/html", "text/markdown", "text/latex", "image/svg+xml", "text/javascript", "text/plain", "image/png", "image/jpeg", "image/gif", "application/pdf", "x/y",
    ]  # fmt: skip
    assert base64.b64decode(data[6]["image/png"]) == b"\x01\x02"


def test_a_new_display_is_updated_in_place(shown):
    messages = shown('const place = newDisplay(); place.html("1"); place.html("2")')
    assert [m["msg_type"] for m in messages] == ["display_data", "update_display_data"]
    ids = {m["content"]["transient"]["display_id"] for m in messages}
    assert len(ids) == 1 and ids != {None}


def test_one_display_with_several_formats_and_metadata(shown):
    (message,) = shown('display.bundle({ "text/html": "<i>x</i>", "text/plain": "x", "application/json": { a: [1] } }, { metadata: { isolated: true } })')
    assert message["content"]["data"]["application/json"] == {"a": [1]}
    assert message["content"]["metadata"] == {"isolated": True}


def test_display_of_a_value_with_id_and_update(shown):
    messages = shown('display([1], { id: "spot" }); display([2], { id: "spot", update: true })')
    assert [m["msg_type"] for m in messages] == ["display_data", "update_display_data"]
    assert all(m["content"]["transient"]["display_id"] == "spot" for m in messages)


def test_clear_output(shown):
    assert shown("clearOutput(true)")[0]["content"] == {"wait": True}


def test_versions_are_the_running_ones(kernel):
    kernel.choose("")
    info = kernel.ask("kernel_info_request")["language_info"]["version"]
    assert info in kernel.run(SHOW + "versions").text


def test_a_value_draws_itself(kernel):
    kernel.choose("")
    result = kernel.run("({ [Symbol.for('Jupyter.display')]: () => ({ 'text/html': '<p>own</p>' }) })")
    assert result.data["text/html"] == "<p>own</p>" and result.data["text/plain"]


def test_a_value_may_take_time_to_draw_itself_and_is_one_output(kernel):
    kernel.choose("")
    result = kernel.run("({ async [Symbol.for('Jupyter.display')]() { await new Promise(r => setTimeout(r, 50)); return { 'image/png': 'AA==', 'text/plain': 'figure' } } })")
    assert result.of_type("execute_result") == [
        {"execution_count": result.reply["execution_count"], "data": {"image/png": "AA==", "text/plain": "figure"}, "metadata": {}}
    ]


def test_display_waits_for_values_that_take_time(shown):
    (message,) = shown("display({ async [Symbol.for('Jupyter.display')]() { await new Promise(r => setTimeout(r, 100)); return { 'text/plain': 'slow' } } })")
    assert message["content"]["data"] == {"text/plain": "slow"}


def test_the_host_of_libraries(shown):
    messages = shown("""const host = (globalThis as any)[Symbol.for('Jupyter.kernel')];
host.display({ 'text/plain': 'a' }, { id: 'live' }); host.display({ 'text/plain': 'b' }, { id: 'live', update: true }); host.clearOutput();
if (!(host.interruptSignal() instanceof AbortSignal)) throw new Error('no signal')""")
    assert [m["msg_type"] for m in messages] == ["display_data", "update_display_data", "clear_output"]


def test_an_error_in_a_display_method_is_told_and_the_cell_succeeds(kernel):
    kernel.choose("")
    result = kernel.run("({ x: 1, [Symbol.for('Jupyter.display')]() { throw new Error('cannot draw') } })")
    assert result.reply["status"] == "ok" and "x: 1" in result.text and "cannot draw" in result.stream("stderr")


@pytest.mark.parametrize(
    "code, text",
    [
        ("new Map([['a', 1]])", "Map(1) { 'a' => 1 }"),
        ("new Set([1, 2])", "Set(2) { 1, 2 }"),
        ("new Float32Array([1, 2.5])", "Float32Array(2) [ 1, 2.5 ]"),
        ("[1, [2, [3]]]", "[ 1, [ 2, [ 3 ] ] ]"),
        ("123n", "123n"),
        ("Symbol('s')", "Symbol(s)"),
        ("null", "null"),
        ("new (class Point { x = 1 })()", "Point { x: 1 }"),
        ("/a+/g", "/a+/g"),
        ("new Date(0)", "1970-01-01T00:00:00.000Z"),
    ],
)
def test_values_as_text(kernel, code, text):
    kernel.choose("")
    assert kernel.run(code).text == text


def test_objects_are_coloured(kernel):
    kernel.choose("")
    assert "\x1b[33m1\x1b[39m" in kernel.run("({ a: 1 })").data["text/plain"]


def test_an_error_as_value_is_shown_with_its_place(kernel):
    kernel.choose("")
    result = kernel.run("new TypeError('kept')")
    assert result.reply["status"] == "ok" and "TypeError: kept" in result.text and "Cell [" in result.text


FRAME = """const frame = (rows: number, columns: number) => ({
  columns: [...Array(columns)].map((_, i) => i ? 'c' + i : '<b>'), index: [...Array(rows).keys()], shape: [rows, columns],
  dtypes: Array(columns).fill('float32'), values: [...Array(rows)].map((_, r) => [...Array(columns)].map((_, c) => c ? r + c / 8 : '<script>')) });
"""


def test_data_frames_are_tables_escaped_and_with_types(kernel):
    kernel.choose("")
    html = kernel.run(FRAME + "frame(3, 2)").data["text/html"]
    assert "&lt;script&gt;" in html and "<script" not in html and "&lt;b&gt;" in html
    assert "float32" in html and "3 rows" in html


def test_large_data_frames_are_cut_in_the_middle(kernel):
    kernel.choose("")
    result = kernel.run(FRAME + "frame(1000, 50)")
    html = result.data["text/html"]
    assert html.count("<tr>") < 70 and "\u2026" in html and "<th>999</th>" in html and "1000 rows" in html and "<th>c49</th>" in html
    assert "1000 rows" in result.text


def test_series_are_tables(kernel):
    kernel.choose("")
    result = kernel.run("({ columns: ['s'], index: ['p', 'q'], shape: [2, 1], dtypes: ['int32'], values: [5, 6] })")
    assert "<td>5</td>" in result.data["text/html"] and "2 values" in result.text


TENSOR = "const tensor = (shape: number[], dtype = 'float32') => ({ shape, dtype, dataSync: () => Float32Array.from({ length: shape.reduce((a, b) => a * b, 1) }, (_, i) => (i % 7) / 7) });\n"


def test_tensors_show_shape_type_statistics_and_small_values(kernel):
    kernel.choose("")
    text = kernel.run(TENSOR + "tensor([2, 2])").text
    assert "float32 [2, 2]" in text and "mean" in text and "[[0, 0.14286]," in text


def test_tensors_of_images_are_pictures(kernel):
    kernel.choose("")
    data = kernel.run(TENSOR + "tensor([10, 8, 8, 3])").data
    assert base64.b64decode(data["image/png"]).startswith(b"\x89PNG\r\n")
    assert "image/png" not in kernel.run(TENSOR + "tensor([100, 100])").data


def test_bytes_of_an_image_are_an_image(kernel):
    kernel.choose("")
    data = kernel.run("Buffer.from('iVBORw0KGgo=', 'base64')").data
    assert data["image/png"] == "iVBORw0KGgo="


def test_stdout_and_stderr_arrive_in_order(kernel):
    code = kernel.choose("console.log('a'); console.error('b'); console.log('c'); process.stdout.write('d')", "import sys\nprint('a'); print('b', file=sys.stderr); print('c'); print('d', end='')")
    result = kernel.run(code)
    assert plain(result.stream()) == "a\nc\nd" and result.stream("stderr") == "b\n"


def test_prints_and_displays_keep_their_order(kernel):
    code = kernel.choose(SHOW + "console.log(1); display.text('two'); console.log(3)", "print(1); display({'text/plain': 'two'}, raw=True); print(3)")
    kinds = [m["msg_type"] for m in kernel.run(code).outputs]
    assert kinds == ["stream", "display_data", "stream"]


def test_ten_thousand_lines_all_arrive(kernel):
    result = kernel.run(kernel.choose("for (let i = 0; i < 10000; i++) console.log(i)", "for i in range(10000): print(i)"))
    assert result.stream().split() == [str(i) for i in range(10000)]


def test_large_outputs_arrive(kernel):
    result = kernel.run(kernel.choose("'x'.repeat(3_000_000).length; console.log('x'.repeat(3_000_000))", "print('x' * 3_000_000)"))
    assert len(result.stream()) == 3_000_001


def test_outputs_are_valid_json_whatever_they_contain(kernel):
    kernel.choose("")
    result = kernel.run("console.log('\\u0000 \\ud83d\\ude00 \\u2028')")
    assert json.dumps(result.stream()) and "\N{GRINNING FACE}" in result.stream()
