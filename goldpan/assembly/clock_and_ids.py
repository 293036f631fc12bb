"""The clock and where ids come from."""

import os
import time
from collections.abc import Callable
from itertools import count


def now_ms() -> int:
    return time.time_ns() // 1_000_000


def id_maker() -> Callable[[], str]:
    """Return a function that makes ObjectIds: 4 bytes of time, 5 of this process, 3 that count."""
    process = os.urandom(5).hex()
    numbers = count(int.from_bytes(os.urandom(3)))

    def new_id() -> str:
        return f"{int(time.time()):08x}{process}{next(numbers) & 0xFFFFFF:06x}"

    return new_id


def new_trace_id() -> str:
    return os.urandom(16).hex()
