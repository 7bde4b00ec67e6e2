"""Do something a little later, unless it is asked for again before."""

import asyncio
from collections.abc import Callable


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
