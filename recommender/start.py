"""How a command begins and ends: Ctrl-C is exit status 130 without a traceback, from the first import to the last line.

While modules are imported and when all is done, the process leaves at once: nothing is under way. In between Ctrl-C is
Python's KeyboardInterrupt, so that whoever is in the middle of something can put it in order.
"""

import os
import signal
import sys
import threading
from contextlib import suppress
from importlib import import_module
from types import FrameType

INTERRUPTED = 130
"""Exit status of a command that was interrupted: 128 and the number of SIGINT, as shells have it."""
AGAIN = 0.05
"""Seconds after which an interruption that nobody could catch is tried again."""


def start(command_line: str) -> None:
    """Import the module ``command_line`` and run its ``main``; SIGINT that is ignored (nohup) stays ignored."""
    if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
        import_module(command_line).main()
        return
    sys.unraisablehook = _try_again
    signal.signal(signal.SIGINT, _leave)
    try:
        main = import_module(command_line).main
        try:
            signal.signal(signal.SIGINT, signal.default_int_handler)
            main()
        finally:
            signal.signal(signal.SIGINT, _leave)
    except KeyboardInterrupt:  # before main could catch it, or after
        _leave(signal.SIGINT, None)


def _leave(_number: int, _frame: FrameType | None) -> None:
    """End the process, with what was printed: no exception, which a module half imported might take for another."""
    for stream in (sys.stdout, sys.stderr):
        with suppress(Exception):
            stream.flush()
    with suppress(OSError):
        os.write(2, b"error: interrupted\n")
    os._exit(INTERRUPTED)


def _try_again(found: "sys.UnraisableHookArgs") -> None:
    """Interrupt once more, a moment later, where Python drops an interruption (a finalizer, a callback from C)."""
    if found.exc_type is KeyboardInterrupt:
        main = threading.main_thread().ident or 0  # it has one: it runs
        timer = threading.Timer(AGAIN, signal.pthread_kill, (main, signal.SIGINT))
        timer.daemon = True
        timer.start()
    else:
        sys.__unraisablehook__(found)
