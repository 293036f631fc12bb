"""Who bore which key a moment ago: a client that asks again at once is not looked up in the database each time."""

from collections.abc import Callable
from typing import NamedTuple

from goldpan.domain.access_rules import Principal, hash_secret
from goldpan.operations.account_operations import identify
from goldpan.operations.toolbox import Toolbox

# A key that is revoked, in whichever process, must be refused within a second (decision 0040).
KNOWN_SECONDS = 0.9


class _Known(NamedTuple):
    caller: Principal
    until: float


class RecentCallers:
    """The valid keys that this process looked up within the last `KNOWN_SECONDS`."""

    def __init__(self, toolbox: Toolbox, now_seconds: Callable[[], float], most_known: int = 10_000) -> None:
        """With `most_known` callers the memory is full, and emptied."""
        self._toolbox = toolbox
        self._now_seconds = now_seconds
        self._most_known = most_known
        self._known: dict[bytes, _Known] = {}

    async def identify(self, key_text: str) -> Principal | None:
        """Return who bears the key, or did a moment ago; None: nobody."""
        name = hash_secret(key_text)  # a key is nowhere kept as it is
        asked = self._now_seconds()  # what is revoked from here on may be missed by the answer
        known = self._known.get(name)
        if known is not None and asked < known.until:
            return known.caller
        caller = await identify(self._toolbox, key_text)
        if caller is not None:
            if len(self._known) >= self._most_known:
                self._known.clear()
            self._known[name] = _Known(caller, asked + KNOWN_SECONDS)
        return caller

    @property
    def known_count(self) -> int:
        return len(self._known)
