"""Jupyter's own test suite for kernels (the package jupyter_kernel_test), with TypeScript cells."""

import pytest
from conftest import NAMES

jupyter_kernel_test = pytest.importorskip("jupyter_kernel_test")


class ConformanceTests(jupyter_kernel_test.KernelTests):
    kernel_name = NAMES[0]
    language_name = "typescript"
    file_extension = ".ts"
    code_hello_world = "console.log('hello, world')"
    code_stderr = "console.error('oops')"
    code_page_something = None
    code_generate_error = "throw new Error('planned')"
    code_execute_result = [{"code": "6 * 7", "result": "42"}]
    code_display_data = [
        {"code": "import { display } from 'tslab'; display.html('<b>x</b>')", "mime": "text/html"},
        {"code": "import { display } from 'tslab'; display.png(new Uint8Array([1]))", "mime": "image/png"},
    ]
    code_clear_output = "import { clearOutput } from 'tslab'; clearOutput()"
    code_history_pattern = "6 ? 7"
    supported_history_operations = ("tail", "range", "search")
    code_inspect_sample = "parseInt"
    completion_samples = [{"text": "Math.ma", "matches": {"max"}}, {"text": "'a'.trimE", "matches": {"trimEnd"}}]
    complete_code_samples = ["1", "const f = () => 1"]
    incomplete_code_samples = ["function f() {", "[1,"]
    invalid_code_samples = ["const = 1", ")"]
