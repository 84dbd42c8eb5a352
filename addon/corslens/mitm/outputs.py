"""Outputs: what of a live session is counted, logged and printed, once the browser no longer waits for it.

A hook only hands its inspection over; all else is done afterwards, or when somebody wants to read the summary.
"""

import time
from collections import deque
from collections.abc import Callable
from typing import Protocol

from corslens.diagnosis.summary import LIVE_PROBLEMS, SessionSummary
from corslens.inspection import Inspection
from corslens.mitm.afterwards import Afterwards
from corslens.mitm.logfile import LogFile
from corslens.mitm.options import Show
from corslens.mitm.output_queue import OutputQueue
from corslens.mitm.terminal import Terminal
from corslens.observation.weight import HISTORY_BYTES
from corslens.report.formats.jsonl import encode

type Listener = Callable[[Inspection], None]


class AttachedBrowser(Protocol):
    """A browser that is listened to."""

    def saw(self, inspection: Inspection) -> None:
        """Take what it may say something of."""

    def awaits(self, inspection: Inspection) -> bool:
        """Say whether its word on an exchange may still come."""


class Outputs:
    """The outputs of one addon.

    Args:
        afterwards: brings everything up to date.
        fault: called with an error of ours and what it happened at; it costs no other inspection anything.
        history: how many exchanges the summary knows again.
        clock: seconds since the epoch.
    """

    def __init__(
        self,
        terminal: Terminal,
        afterwards: Afterwards,
        fault: Callable[[Exception, Inspection], None],
        history: int,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self.terminal = terminal
        self._clock = clock
        self.show = Show.NONE
        """What the terminal prints."""
        self.log: LogFile | None = None
        self.listeners: list[Listener] = []
        self.browser: AttachedBrowser | None = None
        """The browser that is listened to: what it is still to speak of is put out with its word."""
        self._fault = fault
        self._fresh: deque[tuple[Inspection, bool]] = deque()
        self._queue = OutputQueue()
        self._afterwards = afterwards
        afterwards.add_step(self.catch_up)
        self._summary = _new_summary(history, HISTORY_BYTES)

    @property
    def summary(self) -> SessionSummary:
        """What is shown of the session, with all that was handed over."""
        self.put_out_all()
        return self._summary

    def begin_anew(self, history: int, history_bytes: int) -> SessionSummary:
        """Begin an empty summary with other limits, in place of the one so far, and return it."""
        version = self.summary.version
        self._summary = _new_summary(history, history_bytes, version + 1)
        return self._summary

    def take(self, inspection: Inspection, *, final: bool) -> None:
        """Take an inspection; `final` when its exchange is complete, else a better one with the same id may follow."""
        self._fresh.append((inspection, final))
        self._afterwards.add(complete=True)

    def catch_up(self) -> None:
        """Bring everything up to date, but for what waits for the browser's word."""
        browser = self.browser
        self._bring_up_to_date(_awaits_nothing if browser is None else browser.awaits)

    def put_out_all(self) -> None:
        """Bring everything up to date."""
        self._bring_up_to_date(_awaits_nothing)

    def _bring_up_to_date(self, awaits: Callable[[Inspection], bool]) -> None:
        now = self._clock()
        while self._fresh:
            inspection, final = self._fresh.popleft()
            self._queue.add(inspection, now, final=final)
            if self.browser is not None:
                self._guarded(self.browser.saw, inspection)
        for inspection, final in self._queue.due(now, awaits):
            self._guarded(self._put_out, inspection, final)

    def _guarded(self, work: Callable[..., None], inspection: Inspection, *more: bool) -> None:
        try:
            work(inspection, *more)
        except Exception as error:
            self._fault(error, inspection)

    def _put_out(self, inspection: Inspection, final: bool) -> None:
        update = self._summary.add(inspection)
        # The log first: no fault of another output is to cost a record.
        if final and self.log is not None:
            self.log.write(encode(inspection, self._summary.diagnosis_of(inspection) if update is None else update.now))
        for listener in self.listeners:
            listener(inspection)
        if self.show is Show.CORS:
            self.terminal.show(self._summary.diagnosis_of(inspection) if update is None else update.now)
        elif self.show is Show.PROBLEMS and update is not None:
            self.terminal.show_problem(update.now)
        if self.show is not Show.NONE and update is not None:
            self.terminal.show_resolved(update.resolved)


def _awaits_nothing(_: Inspection) -> bool:
    return False


def _new_summary(history: int, history_bytes: int, version: int = 0) -> SessionSummary:
    # What is known again is what is held in detail, too: more than the session remembers would be a second memory.
    summary = SessionSummary(
        remember=history, hold=0, problems=LIVE_PROBLEMS, everything=True, version=version, history_bytes=history_bytes
    )
    summary.begin("this session")
    return summary
