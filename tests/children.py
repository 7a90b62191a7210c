"""Child processes for tests of what a process may do, or leave behind."""

from __future__ import annotations

import os
from collections.abc import Callable


def exit_code_of(work: Callable[[], int]) -> int:
    """What a child process says that does the work."""
    child = os.fork()
    if not child:
        code = 3
        try:
            code = work()
        finally:
            os._exit(code)
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
