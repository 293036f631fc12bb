"""The people behind every source, and a provider that hands them out as badly as real ones do."""

import random
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from goldpan.domain.provider_port import (
    AccountDisconnected,
    LeadList,
    NamedSource,
    Page,
    Person,
    PostCommenters,
    ProfileList,
    Refusal,
    Rejected,
    SavedSearch,
    Source,
    Unavailable,
)
from tests.simulation.world import RUN, SimulatedCrash, World

if TYPE_CHECKING:
    from tests.simulation.process import Process

POPULATION = 60
LONGEST_LOOP = 2  # how often a cursor leads back before it goes on, where it ever does
ENDLESS = 1_000_000
MOST_ROUNDS = 400


class Garbage(ValueError):
    """What a vendor's file would raise at an answer that it cannot read: a bug, says the port."""


@dataclass
class Script:
    """One source: its people now, and what is wrong with it."""

    people: list[str]
    page_size: int
    is_shifting: bool = False
    loops_left: int = 0
    handed_out: set[str] = field(default_factory=set)
    is_stable: bool = True


@dataclass(frozen=True)
class Manners:
    """How often, of a hundred pages, the provider behaves so."""

    limited: int = 0
    failing: int = 0
    silent: int = 0
    rejecting: int = 0
    disconnected: int = 0
    garbage: int = 0
    slow: int = 0
    repeating: int = 0
    shifting: int = 0
    looping: int = 0
    killing: int = 0


class Upstream:
    """All sources of one world; it knows nothing of processes and outlives them."""

    def __init__(self, world: World, manners: Manners, kills_at_import: bool | None = None) -> None:
        self.world = world
        self.manners = manners
        self.killer: str | None = None  # the first one that is looked at is chosen, and kills for ever
        by_chance = world.random("killer").random() < 0.5
        self.kills_at_import = by_chance if kills_at_import is None else kills_at_import
        self._scripts: dict[tuple[str, bool, str], Script] = {}

    def script(self, account_group_id: str, is_sandbox: bool, source: Source) -> Script:
        key = (account_group_id, is_sandbox, key_of(source))
        if key not in self._scripts:
            self._scripts[key] = self._write_script(key, source)
        return self._scripts[key]

    def script_of(self, account_group_id: str, is_sandbox: bool, key: str) -> Script | None:
        """Return the source of that key, if anybody was ever asked for it."""
        return self._scripts.get((account_group_id, is_sandbox, key))

    def _write_script(self, key: tuple[str, bool, str], source: Source) -> Script:
        chance = random.Random(f"{self.world.seed} {key}")
        page_size = chance.choice((3, 5, 8))
        if isinstance(source, ProfileList):
            slugs = [profile.public_identifier or "" for profile in source.profiles]
            return Script(slugs, page_size)
        prefix = f"{owner_of(key[0])}-{'t' if key[1] else 'p'}"
        first, count = chance.randrange(POPULATION), chance.choice((0, 1, 3, 5, 8, 12))
        people = [f"{prefix}{(first + number) % POPULATION}" for number in range(count)]
        script = Script(people, page_size)
        script.is_shifting = chance.randrange(100) < self.manners.shifting
        if chance.randrange(100) < self.manners.looping:
            script.loops_left = chance.choice((1, LONGEST_LOOP, ENDLESS))
        script.is_stable = not script.is_shifting and script.loops_left < ENDLESS
        if self.manners.killing and self.killer is None and count > 1:
            self.killer = chance.choice(people)
        return script

    def kill_if_met(self, slugs: Iterable[str | None], *, is_import: bool) -> None:
        """End the process that looks at the person who kills."""
        # only in a job, which is promised to get past them; who estimates again and again kills again and again
        if RUN.get() and self.killer in slugs and is_import == self.kills_at_import:
            self.world.mark("upstream: a person who kills")
            raise SimulatedCrash("killed by a person")

    def page_behind(self, script: Script, cursor: str | None) -> Page:
        """Return the page of nobody behind the first person at the cursor."""
        end = int(cursor or 0) + 1
        next_cursor = str(end) if end < len(script.people) else None
        return Page((), next_cursor, len(set(script.people)), unknown_count=1)

    def fail_or_not(self) -> None:
        """Fail as a provider may, now and then."""
        if not self.world.is_stormy:
            return
        chance, manners, mark = self.world.random("upstream"), self.manners, self.world.mark
        if chance.randrange(100) < manners.limited:
            self._limit(chance)
        if chance.randrange(100) < manners.failing:
            mark("upstream: 5xx")
            raise Unavailable("the provider answers 503")
        if chance.randrange(100) < manners.silent:
            mark("upstream: no answer in time")
            raise Unavailable("the provider did not answer in time")
        if chance.randrange(100) < manners.rejecting:
            mark("upstream: rejected the source")
            raise Rejected("the source is gone")
        if chance.randrange(100) < manners.disconnected:
            mark("upstream: account disconnected")
            raise AccountDisconnected("connect the account again")
        # only from a job, which must survive a provider's bug; who estimates is shown INTERNAL_ERROR
        if RUN.get() and chance.randrange(100) < manners.garbage:
            mark("upstream: garbage")
            raise Garbage("<html>")

    def _limit(self, chance: random.Random) -> None:
        wish = chance.choice((0.0, 1.0, 1.0, 30.0, 3600.0, 1e12, -5.0, float("nan"), None))
        if wish is None or wish != wish or wish < 0:
            self.world.mark("upstream: 429 with a wish that is no number of seconds")
        elif wish >= 3600:
            self.world.mark("upstream: 429 that wishes for an hour")
        else:
            self.world.mark("upstream: 429 with a wish")
        raise Unavailable("the provider is busy", retry_after_seconds=wish)

    def page(self, script: Script, source: Source, cursor: str | None, most_people: int | None) -> Page:
        """Return the page at the cursor, with what is wrong with the source."""
        chance, start = self.world.random("pages"), int(cursor or 0)
        if script.is_shifting and start and self.world.is_stormy:
            self.world.mark("upstream: pages that shift")
            script.people.insert(0, f"{script.people[0]}-new{len(script.people)}")
        size = min(script.page_size, most_people or script.page_size)
        slugs = script.people[start : start + size]
        end = start + len(slugs)
        if start and self.world.is_stormy and chance.randrange(100) < self.manners.repeating:
            self.world.mark("upstream: a page with people of an earlier one")
            slugs = [script.people[0], *slugs, *slugs[:1]]
        is_last = end >= len(script.people)
        next_cursor = None if is_last else str(end)
        if start and script.loops_left and not is_last:
            script.loops_left -= 1
            if script.loops_left == ENDLESS - MOST_ROUNDS:
                self.world.find_broken("I1 a job follows a cursor in circles for ever")
            self.world.mark("upstream: a cursor that leads back")
            next_cursor = "0"
        missing = [slug for slug in slugs if slug.startswith("nobody")] if isinstance(source, ProfileList) else []
        people = tuple(person_of(slug) for slug in slugs if slug not in missing)
        script.handed_out.update(slug for slug in slugs if slug not in missing)
        total = None if script.is_shifting else len(set(script.people))
        return Page(people, next_cursor, total, unknown_count=len(missing))


class UpstreamProvider:
    """One process's way to the upstream."""

    def __init__(self, process: "Process", upstream: Upstream, *, is_sandbox: bool) -> None:
        self._process = process
        self._upstream = upstream
        self._is_sandbox = is_sandbox
        self.name = "sandbox" if is_sandbox else "upstream"
        self.people_at_once = 50

    def refusals(self, account_group_id: str, source: Source) -> list[Refusal]:
        return []

    def saved_searches(self, account_group_id: str) -> list[NamedSource]:
        return []

    def lead_lists(self, account_group_id: str) -> list[NamedSource]:
        return []

    async def fetch_page(
        self,
        account_group_id: str,
        source: Source,
        cursor: str | None,
        earlier_tries: int,
        most_people: int | None = None,
    ) -> Page:
        world = self._process.world
        self._process.check_alive()
        world.crash_at("killed before upstream.fetch_page")
        world.tell(f"{self._process.name} asks for {key_of(source)} at {cursor}")
        broken = world.history.note_call(account_group_id, key_of(source), len(world.processes))
        if broken:
            world.find_broken(broken)
        await self._process.pause(self._latency())
        self._upstream.fail_or_not()
        script = self._upstream.script(account_group_id, self._is_sandbox, source)
        page = self._upstream.page(script, source, cursor, most_people)
        self._upstream.kill_if_met((person.public_identifier for person in page.people), is_import=True)
        self._lose_answer_now_and_then()
        world.crash_at("killed after upstream.fetch_page")
        return page

    async def pass_over(self, account_group_id: str, source: Source, cursor: str | None) -> Page:
        self._process.check_alive()
        await self._process.pause(self._latency())
        self._upstream.fail_or_not()
        script = self._upstream.script(account_group_id, self._is_sandbox, source)
        self._process.world.mark("job: passed over somebody who kills at the import")
        return self._upstream.page_behind(script, cursor)

    async def enrich(self, account_group_id: str, people: Sequence[Person], search_emails: bool) -> list[Person | None]:
        world = self._process.world
        self._process.check_alive()
        world.crash_at("killed before upstream.enrich")
        await self._process.pause(self._latency())
        self._upstream.fail_or_not()
        self._upstream.kill_if_met((person.public_identifier for person in people), is_import=False)
        self._lose_answer_now_and_then()
        world.crash_at("killed after upstream.enrich")
        return [self._facts(person, search_emails) for person in people]

    def _facts(self, person: Person, search_emails: bool) -> Person | None:
        slug = person.public_identifier or ""
        if slug.endswith("3"):
            return None
        return Person(title="Miller", email=f"{slug}@example.com" if search_emails else None)

    def _latency(self) -> float:
        world = self._process.world
        chance = world.random("latency")
        if world.is_stormy and chance.randrange(100) < self._upstream.manners.slow:
            world.mark("upstream: slow")
            return chance.uniform(10, 40)
        return chance.uniform(0.01, 1.5)

    def _lose_answer_now_and_then(self) -> None:
        world = self._process.world
        if world.is_stormy and world.random("lost answers").randrange(100) < self._upstream.manners.silent:
            world.mark("upstream: answered, and the answer was lost")
            raise Unavailable("the answer was lost on its way")


def person_of(slug: str) -> Person:
    return Person(f"https://www.linkedin.com/in/{slug}", slug, name=slug.replace("-", " ").title())


def owner_of(account_group_id: str) -> str:
    """Return whose people these are: their slugs say it, and must never show up elsewhere."""
    return "alice" if account_group_id.endswith("1") else "mallory"


def key_of(source: Source) -> str:
    match source:
        case ProfileList():
            return f"list {source.profiles[0].public_identifier}"
        case SavedSearch() | LeadList():
            return f"named {source.id}"
        case PostCommenters():
            return f"post {source.post.number}"
        case _:
            return f"search {source.keywords_text}"
