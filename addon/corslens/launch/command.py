"""Run a command in the foreground: its output and exit status are its own, and signals reach it."""

import asyncio
import contextlib
import os
import signal
import sys
from collections.abc import Iterator, Mapping, Sequence

NOT_EXECUTABLE = 126
NOT_FOUND = 127
"""As in a shell: https://pubs.opengroup.org/onlinepubs/9799919799/utilities/V3_chap02.html#tag_19_08_02"""
SIGNALED = 128
"""Plus the signal's number."""

_PASSED_ON = tuple(getattr(signal, name) for name in ("SIGINT", "SIGTERM", "SIGHUP", "SIGQUIT") if hasattr(signal, name))

_TYPED = tuple(getattr(signal, name) for name in ("SIGINT", "SIGQUIT") if hasattr(signal, name))


class CommandError(RuntimeError):
    """The command could not be started; `status` is what a shell would return."""

    def __init__(self, message: str, status: int) -> None:
        super().__init__(message)
        self.status = status


async def run_command(argv: Sequence[str], environment: Mapping[str, str]) -> int:
    """Run a command to its end and return its exit status as a shell would report it.

    Signals that this process gets meanwhile are passed on, so that the command decides when it ends.

    Raises: CommandError
    """
    with _signals() as signals:
        try:
            process = await asyncio.create_subprocess_exec(*argv, env=environment)
        except FileNotFoundError:
            raise CommandError(f"{argv[0]}: command not found", NOT_FOUND) from None
        except OSError as error:
            raise CommandError(f"{argv[0]}: {error.strerror or error}", NOT_EXECUTABLE) from None
        passing = asyncio.create_task(_pass_on(signals, process))
        try:
            status = await process.wait()
        finally:
            passing.cancel()
            with contextlib.suppress(ProcessLookupError):
                process.terminate()  # where the wait was given up
    return SIGNALED - status if status < 0 else status


@contextlib.contextmanager
def _signals() -> Iterator[asyncio.Queue[signal.Signals]]:
    """Collect the signals that this process gets, from before the command is there."""
    loop = asyncio.get_running_loop()
    got: asyncio.Queue[signal.Signals] = asyncio.Queue()
    handled = []
    for number in _PASSED_ON:
        with contextlib.suppress(NotImplementedError, RuntimeError, ValueError):  # Windows, and threads other than the main one
            loop.add_signal_handler(number, got.put_nowait, number)
            handled.append(number)
    try:
        yield got
    finally:
        for number in handled:
            loop.remove_signal_handler(number)


async def _pass_on(signals: asyncio.Queue[signal.Signals], process: asyncio.subprocess.Process) -> None:
    while True:
        number = await signals.get()
        # What is typed at a terminal goes to every process in the foreground, the command among them.
        if number not in _TYPED or not _in_foreground():
            with contextlib.suppress(ProcessLookupError):
                process.send_signal(number)


def _in_foreground() -> bool:
    try:
        return os.isatty(sys.__stdin__.fileno()) and os.tcgetpgrp(sys.__stdin__.fileno()) == os.getpgrp()  # type: ignore[union-attr]
    except (AttributeError, OSError, ValueError):
        return False
