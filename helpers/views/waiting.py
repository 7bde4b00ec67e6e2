"""Do something a little later, or beside what else happens, unless it is asked for again before."""

import asyncio
import contextvars
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from helpers.views.canvas import ONE_AT_A_TIME

_unwanted: contextvars.ContextVar[Callable[[], bool]] = contextvars.ContextVar("unwanted", default=lambda: False)


class Later:
    """One call that waits: a new one takes its place.

    Parameters
    ----------
    at_once : bool
        What happens where there is no loop to wait in (a script has none, a kernel has): the call is made at once, or not at all.
    """

    def __init__(self, at_once: bool) -> None:
        self._at_once = at_once
        self._waiting: asyncio.TimerHandle | None = None

    def call(self, pause: float, call: Callable[[], None]) -> None:
        """Call after so many seconds."""
        self.cancel()
        try:
            self._waiting = asyncio.get_running_loop().call_later(pause, call)
        except RuntimeError:
            if self._at_once:
                call()

    def cancel(self) -> None:
        """Forget the call that waits."""
        if self._waiting is not None:
            self._waiting.cancel()
            self._waiting = None


class Unwanted(Exception):
    """What is under way was asked for anew."""


def stop_if_unwanted() -> None:
    """Raise `Unwanted` in an earlier computation of an `Aside`; elsewhere do nothing. To be called where it may stop."""
    if _unwanted.get()():
        raise Unwanted


class Aside:
    """One computation on a thread of its own, while a person goes on: an earlier one stops, or what comes of it is thrown away."""

    def __init__(self) -> None:
        self._worker = ThreadPoolExecutor(1)
        self._turn = 0

    def call(self, work: Callable[[], Any], show: Callable[[asyncio.Future], None]) -> None:
        """Do the work there; then show what came of it, a result or an error, here. Needs a loop to wait in."""
        self.cancel()
        turn = self._turn

        def begin() -> Any:
            _unwanted.set(lambda: turn != self._turn)
            stop_if_unwanted()  # it may have waited for an earlier one
            return work()

        def done(future: asyncio.Future) -> None:
            with ONE_AT_A_TIME:
                if turn == self._turn:
                    show(future)
                else:
                    future.exception()  # has been looked at

        asyncio.get_running_loop().run_in_executor(self._worker, contextvars.copy_context().run, begin).add_done_callback(done)

    def cancel(self) -> None:
        """Show nothing of what is under way."""
        self._turn += 1
