"""Files that are complete or not there."""

import os


def write_whole(target, content):
    """Writes bytes under a temporary name and renames, so that no half-written file is ever taken for a whole one."""
    temporary = target.with_name(f".{target.name}.{os.getpid()}")
    temporary.write_bytes(content)
    os.replace(temporary, target)
