"""The callers of one world: what they ask, how they insist when nobody answers, and what every answer must be."""

import asyncio
import json
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from goldpan.contract.error_catalogue import Problem
from goldpan.operations import account_operations, credit_operations
from tests.conformance import check_conformance
from tests.service import Answer
from tests.simulation.laboratory import Person
from tests.simulation.process import OPERATOR, ConnectionBroke, Process, Surroundings

LOST_ANSWERS_PERCENT = 5
PATIENCE_SECONDS = (0.5, 3.0)
MOST_TRIES = 400


@dataclass
class Started:
    """A job that was accepted; `source` is how the upstream calls what it reads."""

    person: Person
    is_test: bool
    job_id: str
    audience_id: str
    source: str
    body: dict[str, Any]


@dataclass
class Ledger:
    """What the operator added to one account group: `sure` was confirmed, `maybe` may be there or not."""

    sure: int = 0
    maybe: list[int] = field(default_factory=list)


class Clients:
    """Everything that the callers know: the model that the service is held against."""

    def __init__(self, around: Surroundings) -> None:
        self.around = around
        self.world = around.world
        self.alice = around.laboratory.people["alice"]
        self.mallory = around.laboratory.people["mallory"]
        self.jobs: dict[str, Started] = {}
        self.jobs_of_key: dict[tuple[str, bool, str], set[str]] = {}
        self.bodies_of_key: dict[tuple[str, bool, str], dict[str, Any]] = {}
        self.audiences: dict[str, bool] = {}  # those of alice, and whether they are for invented people
        self.by_hand: set[str] = set()
        self.ledgers = {person.account_group_id: Ledger() for person in (self.alice, self.mallory)}
        self.doomed_key_ended: float | None = None  # when it was revoked, by the world's clock
        self._last_number = 0

    def next_number(self) -> int:
        self._last_number += 1
        return self._last_number

    # --- requests ---

    async def ask(
        self, key: str, method: str, target: str, body: dict[str, Any] | bytes | None = None, **headers: str
    ) -> Answer:
        """Send one request.

        Raises:
            ConnectionBroke: there is no answer; nobody knows whether it happened.
        """
        process = next((each for each in self.world.processes if each.role.answers), None)
        if process is None:
            raise ConnectionBroke
        encoded = json.dumps(body).encode() if isinstance(body, dict) else body or b""
        named = [("Authorization", f"Bearer {key}")] + [
            (name.replace("_", "-"), text) for name, text in headers.items()
        ]
        if isinstance(body, dict):
            named.append(("Content-Type", "application/json"))
        answer = await process.answer(method, target, named, encoded)
        self._check(method, target, answer, key)
        chance = self.world.random("network").randrange(100)
        if self.world.is_stormy and chance < LOST_ANSWERS_PERCENT:
            raise ConnectionBroke
        return answer

    async def insist(
        self, key: str, method: str, target: str, body: dict[str, Any] | bytes | None = None, **headers: str
    ) -> Answer:
        """Send a request until somebody answers it."""
        for _ in range(MOST_TRIES):
            try:
                answer = await self.ask(key, method, target, body, **headers)
            except ConnectionBroke:
                self.world.mark("client: the connection broke, nobody knows")
            else:
                if answer.status != 503:
                    return answer
                self.world.mark("client: told to come back (503)")
            await asyncio.sleep(self.world.random("patience").uniform(*PATIENCE_SECONDS))
        self.world.find_broken(f"I11 nobody answers {method} {target}")
        raise AssertionError

    def _check(self, method: str, target: str, answer: Answer, key: str) -> None:
        self.world.tell(f"{method} {target} -> {answer.status}")
        if answer.status == 500:
            self.world.find_broken(f"I11 {method} {target} answers 500")
        stranger = "alice" if key in (self.mallory.live, self.mallory.test) else "mallory"
        if stranger.encode() in answer.body:
            self.world.find_broken(f"I8 {method} {target} tells of {stranger}: {answer.body.decode()}")
        try:
            check_conformance(method, target, answer.sight)
        except AssertionError as error:
            self.world.find_broken(f"I11 not documented: {error}")

    async def walk(self, key: str, target: str) -> list[Any] | None:
        """Return all items of a list, page by page; None: it is not to be had."""
        items, cursor = [], ""
        while True:
            answer = await self.insist(key, "GET", target + cursor)
            if answer.status != 200:
                return None
            items += answer.data["items"]
            if not answer.data["hasMore"]:
                return items
            cursor = f"&cursor={answer.data['nextCursor']}"

    # --- the operator, whose every command is a process of its own ---

    async def operate(self, command: Callable[[Process], Any]) -> bool:
        """Run a command of the operator; False: nobody knows whether it did anything."""
        operator = Process(self.around, OPERATOR)
        future: asyncio.Future[bool] = self.world.loop.create_future()

        async def run() -> None:
            try:
                await asyncio.to_thread(command, operator)
            except Problem:
                future.set_result(False)
            else:
                future.set_result(True)

        task = operator.spawn(run())
        task.add_done_callback(lambda _task: None if future.done() else future.set_result(False))
        went_well = await future
        if operator in self.world.processes:
            self.world.processes.remove(operator)
        return went_well

    async def top_up(self, person: Person, credits: int) -> None:
        ledger = self.ledgers[person.account_group_id]
        if await self.operate(named(credit_operations.top_up, person.account_group_id, credits)):
            ledger.sure += credits
        else:
            ledger.maybe.append(credits)

    async def revoke_doomed_key(self) -> None:
        for _ in range(MOST_TRIES):
            if await self.operate(named(account_operations.revoke_key, self.alice.doomed_id)):
                self.doomed_key_ended = self.doomed_key_ended or self.world.now
                return
            await asyncio.sleep(1)


def named(operation: Callable[..., Any], *arguments: Any) -> Callable[[Process], Any]:
    """Return a command that runs `operation`, under its name."""

    def command(process: Process) -> Any:
        return operation(process.toolbox, *arguments)

    command.__name__ = operation.__name__
    command.__module__ = operation.__module__
    return command
