"""What this project's notebooks need: its library as source, tables, tensors, figures, and trainings that can be interrupted."""

import time
from pathlib import Path

import psutil
import pytest
from conftest import NAMES, Kernel

NOTEBOOKS = Path(__file__).parents[2] / "notebooks"

MODEL = """
import { createDenoiser, createUNet, edmPreconditioning, loadDigits, logNormalNoise, presets, take, train } from 'unimodal';
const dataset = take(loadDigits(), 64);
const { network, diffusion, training } = presets.digits;
const denoiser = createDenoiser(createUNet({ ...network, imageShape: dataset.imageShape }), edmPreconditioning(diffusion));
const options = { denoiser, noise: logNormalNoise({ mean: -1.6, deviation: 1.4 }), dataset, seed: 1, threads: 1 };
const short = { ...training, steps: 20 };
const weights = async () => (await train({ ...options, config: short })).average;
const kept = await weights();
"""


@pytest.fixture(scope="module")
def library():
    """A kernel in the folder of the notebooks."""
    running = Kernel(NAMES[0], NOTEBOOKS)
    yield running
    running.close()


def is_loaded(kernel, name):
    return name in Path(f"/proc/{kernel.manager.provisioner.process.pid}/maps").read_text()


def test_tensorflow_is_loaded_when_it_is_imported_and_not_before(own_kernel):
    if not Path("/proc/self/maps").exists():
        pytest.skip("needs /proc")
    own_kernel.run("1 + 1")
    assert not is_loaded(own_kernel, "libtensorflow")
    assert own_kernel.run("import { tf } from 'unimodal'; tf.scalar(2).dataSync()[0]").text == "2"
    assert is_loaded(own_kernel, "libtensorflow")


def test_the_library_is_imported_from_its_source(library):
    assert library.run("require.resolve('unimodal')").text == f"'{NOTEBOOKS.parent}/src/index.ts'"


def test_functions_of_the_library_are_completed_with_their_documentation(library):
    code = "import { lossFigure, transition } from 'unimodal';\nlossFig"
    reply = library.ask("complete_request", code=code, cursor_pos=len(code))
    entry = reply["metadata"]["_jupyter_types_experimental"][0]
    assert reply["matches"][0] == entry["text"] == "lossFigure"
    assert "Figure" in entry["signature"] and "logarithmic axis" in entry["documentation"]
    told = library.ask("inspect_request", code=code + "ure(", cursor_pos=len(code) + 4, detail_level=0)
    assert "readonly NamedLosses[]" in told["data"]["text/plain"] and "logarithmic axis" in told["data"]["text/plain"]


def test_tensors_of_tensorflow(library):
    result = library.run("import { tf } from 'unimodal'; tf.tensor2d([[1, 2], [3, 4]])")
    assert "Tensor float32 [2, 2]" in result.text and "[3, 4]" in result.text
    assert library.run("tf.zeros([2, 8, 8, 3])").data["image/png"]


def test_tables_of_danfo(library):
    result = library.run("import { tableOf } from 'unimodal'; tableOf([{ model: '<b>', accuracy: 0.5 }, { model: 'large', accuracy: 1 }])")
    html = result.data["text/html"]
    assert "&lt;b&gt;" in html and "float32" in html and "2 rows" in html
    assert "large" in result.text


def test_series_of_danfo(library):
    result = library.run("import { tableOf } from 'unimodal'; tableOf([{ n: 5 }, { n: 6 }]).column('n')")
    assert "<td>6</td>" in result.data["text/html"] and "int32" in result.data["text/html"]


def test_figures_are_one_output_in_three_formats(library):
    result = library.run("import { createFigure } from 'unimodal'; createFigure({ title: 'Peak', finding: 'One.', data: [], layout: {}, height: 200 })")
    assert result.data["application/vnd.plotly.v1+json"]["layout"]["height"] == 200
    assert result.data["image/png"] and result.text == "Peak. One."


def test_a_live_figure_changes_in_one_place_while_a_training_runs(library):
    library.run(MODEL)
    result = library.run("""
import { liveFigure, lossFigure, type LossPoint } from 'unimodal';
const live = liveFigure();
const losses: LossPoint[] = [];
const figure = () => lossFigure([{ name: 'digits', losses }]);
await train({ ...options, config: { ...training, steps: 400 }, onProgress({ step, loss }) { losses.push({ step, loss }); live.update(figure) } });
await live.finish(figure());""")
    assert result.reply["status"] == "ok", result.traceback
    kinds = [m["msg_type"] for m in result.outputs]
    assert kinds[0] == "display_data" and len(kinds) > 1 and set(kinds[1:]) == {"update_display_data"}
    assert len({m["content"]["transient"]["display_id"] for m in result.outputs}) == 1
    assert "application/vnd.plotly.v1+json" in result.outputs[-1]["content"]["data"]


def test_an_interrupted_training_stops_and_trained_weights_stay(library):
    library.run(MODEL)
    code = "let step = 0; await train({ ...options, config: { ...training, steps: 1_000_000 }, onProgress: progress => { step = progress.step; console.log(step) } })"
    result, seconds = library.interrupted(code, begun="stream")
    assert result.reply["ename"] == "KeyboardInterrupt" and seconds < 1
    time.sleep(0.5)  # the step at work ends, and may be told
    step = int(library.run("step").text)
    time.sleep(0.5)
    assert step > 0 and int(library.run("step").text) == step
    same = "Object.entries(kept).every(([name, { values }]) => values.every((value, i) => value === again[name].values[i]))"
    assert library.run(f"const again = await weights(); {same}").text == "true"


def test_a_training_in_a_run_is_interrupted_in_the_cell_that_needs_it_is_saved_and_goes_on(library, tmp_path):
    settings = f"{{ trainingSize: 32, root: '{tmp_path}', training: {{ steps: 1_000_000 }} }}"
    library.run(f"import {{ experimentModel }} from 'unimodal'; const model = await experimentModel({settings});")
    code = "await model.variables()"
    assert library.interrupted(code, begun="display_data")[0].reply["ename"] == "KeyboardInterrupt"
    wait_until(lambda: not list(tmp_path.glob("*/lock.*")))
    result, _ = library.interrupted(code, begun="display_data")
    assert "resuming at step" in str([m["content"] for m in result.outputs]), result.outputs
    assert result.reply["ename"] == "KeyboardInterrupt"


def wait_until(holds, seconds=30):
    end = time.time() + seconds
    while not holds():
        assert time.time() < end
        time.sleep(0.1)


def test_an_interrupted_transition_ends_its_workers(library, tmp_path):
    kernel = psutil.Process(library.manager.provisioner.process.pid)
    before = set(kernel.children())
    request = library.send(f"import {{ transition }} from 'unimodal'; await transition({{ sizes: [32, 64], root: '{tmp_path}' }})")
    wait_until(lambda: set(kernel.children()) > before)
    workers = set(kernel.children()) - before
    time.sleep(2)
    begin = time.time()
    library.interrupt()
    assert library.reply(request)["content"]["ename"] == "KeyboardInterrupt" and time.time() - begin < 1
    library.collect(request)
    wait_until(lambda: not workers & set(kernel.children()))


def test_after_a_training_in_a_run_a_synchronous_loop_can_be_interrupted(library, tmp_path):
    # Node aborts when code is terminated in a process in which async hooks have been used: nothing of the library may use them.
    settings = f"{{ trainingSize: 16, network: {{ channels: 4 }}, training: {{ steps: 3, batchSize: 4 }}, root: '{tmp_path}' }}"
    library.run("import { experimentModel } from 'unimodal';")
    assert library.run(f"await (await experimentModel({settings})).variables(); const trained = 1; trained").text == "1"
    result, _ = library.interrupted("await null; while (true) {}")
    assert result.reply["ename"] == "KeyboardInterrupt"
    assert library.run("trained").text == "1"
