"""Starts this project's kernel and asks it 1 + 1; prints what happened as JSON.

    python ask-kernel.py PROJECT
"""

import json
import sys
import time

from jupyter_client.kernelspec import KernelSpecManager
from jupyter_client.manager import start_new_kernel


def ask(project):
    specs = KernelSpecManager().get_all_specs()
    names = [name for name, found in specs.items() if any(project in word for word in found["spec"]["argv"])]
    if not names:
        return {"error": "it is not registered in this Python environment"}
    start = time.monotonic()
    manager, client = start_new_kernel(kernel_name=names[0], startup_timeout=60)
    texts = []

    def collect(message):
        content = message["content"]
        if message["msg_type"] == "execute_result":
            texts.append(content["data"].get("text/plain"))
        elif message["msg_type"] == "stream":
            texts.append(content["text"])
        elif message["msg_type"] == "error":
            texts.append(content["evalue"])

    try:
        client.execute_interactive("1 + 1", output_hook=collect, timeout=60)
    finally:
        client.stop_channels()
        manager.shutdown_kernel(now=True)
    answer = "".join(text or "" for text in texts).strip()
    if answer != "2":
        return {"error": f'it answers "{answer}" to 1 + 1'}
    return {"name": names[0], "seconds": round(time.monotonic() - start, 1)}


if __name__ == "__main__":
    try:
        result = ask(sys.argv[1])
    except Exception as error:  # noqa: BLE001 - whatever went wrong is the diagnosis
        result = {"error": f"it does not start ({error})"}
    print(json.dumps(result))
