"""Clients of an installation that is killed over and over: they start and cancel jobs, and ask again until answered."""

import random
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import httpx2

from tests.processes import Goldpan, search_url
from tests.stored_jobs import people_of_the_sandbox

WORDS = ("oak", "birch", "linden", "willow", "maple", "cedar")
PEOPLE_A_WORD = 130
PAUSE_SECONDS = 0.05
PATIENCE_SECONDS = 300  # nobody promises an answer while the only server is killed over and over


@dataclass(slots=True)
class Order:
    """One start, sent with one key until it is answered; `people` are those whom the job must find."""

    key: str
    keywords: str
    is_live: bool
    people: list[str]
    job_ids: set[str] = field(default_factory=set)
    is_cancelled: bool = False


def people_of_word(word: str) -> list[str]:
    return sorted(f"{word}-{number}" for number in range(PEOPLE_A_WORD))


class Clients:
    """Keep so many jobs going; every call may meet a server that is dead, or that dies before it answers."""

    def __init__(self, goldpan: Goldpan, seed: int, most_active: int, count_active: Callable[[], int]) -> None:
        self.orders: list[Order] = []
        self._goldpan = goldpan
        self._random = random.Random(seed)
        self._most_active = most_active
        self._count_active = count_active
        self._lock = threading.Lock()
        self._stop = threading.Event()

    def stop(self) -> None:
        self._stop.set()

    def work(self) -> None:
        """Start one job after the other until `stop`; several threads may."""
        while not self._stop.is_set():
            if self._count_active() >= self._most_active:
                time.sleep(PAUSE_SECONDS)
                continue
            order, is_sent_twice, cancel_after = self._new_order()
            self._start(order)
            if is_sent_twice:
                self._start(order)
            if cancel_after is not None:
                self._stop.wait(cancel_after)
                self._cancel(order)

    def _new_order(self) -> tuple[Order, bool, float | None]:
        with self._lock:
            number, dice = len(self.orders), self._random
            if dice.random() < 0.3:
                word = dice.choice(WORDS)
                order = Order(f"order-{number}", word, True, people_of_word(word))
            else:
                keywords = f"storm {number} total:{dice.choice((25, 60, 110))} pace:{dice.choice((20, 150))}"
                order = Order(f"order-{number}", keywords, False, people_of_the_sandbox(keywords))
            self.orders.append(order)
            return order, dice.random() < 0.2, dice.uniform(0, 3) if dice.random() < 0.1 else None

    def _start(self, order: Order) -> None:
        body: dict[str, object] = {"source": "linkedin_search", "searchUrl": search_url(order.keywords)}
        # without a bound of its own a live job would reserve all that is left
        if order.is_live:
            body["maxResults"] = 200
        answer = self._ask("", order, json=body, headers={"Idempotency-Key": order.key})
        assert answer.status_code in (200, 202), answer.text
        order.job_ids.add(answer.json()["data"]["jobId"])

    def _cancel(self, order: Order) -> None:
        [job_id] = order.job_ids
        answer = self._ask(f"/{job_id}/cancel", order)
        assert answer.status_code in (200, 422), answer.text
        order.is_cancelled = answer.status_code == 200

    def _ask(self, path: str, order: Order, **options: Any) -> httpx2.Response:
        key = self._goldpan.keys.live if order.is_live else self._goldpan.keys.test
        deadline = time.monotonic() + PATIENCE_SECONDS
        while True:
            try:
                answer = self._goldpan.call("POST", path, key, **options)
            except httpx2.TransportError:  # nobody knows whether it was done
                answer = None
            if answer is not None and answer.status_code != 503:
                return answer
            assert time.monotonic() < deadline, f"{order} was not answered for {PATIENCE_SECONDS} s"
            time.sleep(PAUSE_SECONDS)
