"""The command line of scripts/demo."""

import argparse
import asyncio
import contextlib
import signal
import sys

from scripts.demo_shop.recording import RecordingError
from scripts.demo_shop.run import record, visit, wait_for_visitors
from tests.browser.kit.chromium import NoChromiumError
from tests.browser.kit.processes import ProgramEndedError


def main() -> int:
    """Run the demo and return its exit status."""
    parser = argparse.ArgumentParser(
        prog="scripts/demo", description="A small shop of CORS mistakes, and what corslens reports about it."
    )
    parser.add_argument("--web", action="store_true", help="start mitmweb and keep running, for a browser of your own")
    parser.add_argument("--patch", action="store_true", help="let corslens patch the responses on their way (cors_patch)")
    parser.add_argument("--record", action="store_true", help="record anew what a Chromium sends, for machines without one")
    arguments = parser.parse_args()
    if arguments.record:
        work = record()
    elif arguments.web:
        work = wait_for_visitors(patch=arguments.patch)
    else:
        work = visit(patch=arguments.patch)
    with contextlib.suppress(KeyboardInterrupt):
        return asyncio.run(_until_told_to_stop(work))
    return 0


async def _until_told_to_stop(work: "asyncio._CoroutineLike[int]") -> int:
    """Run it; SIGTERM ends it in the same order as Ctrl-C: everything that was started is stopped."""
    task = asyncio.ensure_future(work)
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, task.cancel)
    try:
        return await task
    except asyncio.CancelledError:
        return 0
    except (NoChromiumError, ProgramEndedError, RecordingError) as error:
        print(error, file=sys.stderr)
        return 1


if __name__ == "__main__":
    sys.exit(main())
