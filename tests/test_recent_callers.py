"""How long a process remembers who bore a key: short of a second, and only a valid one."""

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from goldpan import assembly
from goldpan.api.recent_callers import RecentCallers
from goldpan.contract.permission_catalogue import Permission
from goldpan.domain.access_rules import Principal
from goldpan.operations.account_operations import NewKey, create_account, create_key, revoke_key
from goldpan.operations.toolbox import Toolbox
from goldpan.storage.database import Database


@dataclass
class Clock:
    seconds: float = 1_000.0

    def now(self) -> float:
        return self.seconds


@contextmanager
def opened_toolbox(database_url: str) -> Iterator[Toolbox]:
    toolbox = assembly.build_toolbox(Database(database_url))
    yield toolbox
    toolbox.database.close()


def new_key(toolbox: Toolbox) -> tuple[str, str]:
    group = create_account(toolbox, "Alice", "scale", 0)
    return create_key(toolbox, NewKey([group.id], [Permission.PROSPECTING_READ]))


def test_a_revoked_key_is_forgotten_before_a_second_is_over(database_url: str) -> None:
    clock = Clock()
    with opened_toolbox(database_url) as toolbox:
        key_id, key = new_key(toolbox)
        callers = RecentCallers(toolbox, clock.now)

        async def ask_at(seconds: float) -> Principal | None:
            clock.seconds = 1_000 + seconds
            return await callers.identify(key)

        async def ask() -> list[bool]:
            async with toolbox.database.opened():
                first = await ask_at(0)
                assert first is not None
                assert first.key_id == key_id
                await asyncio.to_thread(revoke_key, toolbox, key_id)
                return [await ask_at(seconds) == first for seconds in (0.5, 0.999, 2)]

        known = asyncio.run(ask())

    assert known == [True, False, False]


def test_a_key_that_is_not_valid_is_looked_up_each_time(database_url: str) -> None:
    clock = Clock()
    with opened_toolbox(database_url) as toolbox:
        _, key = new_key(toolbox)
        wrong = key[:-1] + ("A" if key[-1] != "A" else "B")
        callers = RecentCallers(toolbox, clock.now)

        async def ask() -> list[Principal | None]:
            async with toolbox.database.opened():
                await callers.identify(key)
                return [await callers.identify(wrong), await callers.identify(wrong)]

        assert asyncio.run(ask()) == [None, None]


def test_what_is_remembered_has_a_bound(database_url: str) -> None:
    clock = Clock()
    with opened_toolbox(database_url) as toolbox:
        keys = [new_key(toolbox)[1] for _ in range(3)]
        callers = RecentCallers(toolbox, clock.now, most_known=2)

        async def ask() -> list[int]:
            async with toolbox.database.opened():
                counts = []
                for key in keys:
                    await callers.identify(key)
                    counts.append(callers.known_count)
                return counts

        assert asyncio.run(ask()) == [1, 2, 1]
