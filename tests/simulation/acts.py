"""What callers do, one function an act: each checks what its answers promise."""

import asyncio
from typing import Any

from goldpan.contract.resources import JobStatus
from goldpan.domain.job_rules import RESUMABLE
from tests.cast import check_receipt
from tests.service import Answer
from tests.simulation.clients import Clients, Started
from tests.simulation.laboratory import Person
from tests.simulation.upstream import POPULATION

SEARCH = "https://www.linkedin.com/search/results/people/?keywords="
SALES = "https://www.linkedin.com/sales/search/people?query=(keywords:"
POST = "https://www.linkedin.com/feed/update/urn:li:activity:"
REVOCATION_SECONDS = 1.0  # within which a revoked key is refused by every process
FEW = 2  # so many items a page: every list has several


class Acts:
    """The acts of `plan.ACTS`, by name."""

    def __init__(self, clients: Clients) -> None:
        self._clients = clients
        self._world = clients.world
        self._chance = clients.world.random("acts")

    async def perform(self, act: str) -> None:
        await getattr(self, f"_{act}")()

    # --- jobs ---

    async def _start(self) -> None:
        person = self._clients.mallory if self._chance.random() < 0.2 else self._clients.alice
        await self._start_for(person)

    async def _start_for(self, person: Person, **fields: Any) -> Started | None:
        is_test = self._chance.random() < 0.25
        source, body = self._body(person, is_test)
        body = {**body, **fields}
        key = f"key-{self._clients.next_number()}"
        answer = await self._ask_for_job(person, is_test, key, body)
        started = self._note_start(person, is_test, (key, source, body), answer)
        if started and self._chance.random() < 0.3:
            again = await self._ask_for_job(person, is_test, key, body)
            self._note_start(person, is_test, (key, source, body), again)
            self._world.mark("client: its start was replayed")
        return started

    async def _start_together(self) -> None:
        """Start two jobs, each from three clients at once, with one key for each."""
        person, is_test = self._clients.alice, self._chance.random() < 0.25
        starts = [(f"key-{self._clients.next_number()}", *self._body(person, is_test)) for _ in range(2)]
        asked = [start for start in starts for _ in range(3)]
        answers = await asyncio.gather(*(self._ask_for_job(person, is_test, key, body) for key, _, body in asked))
        for start, answer in zip(asked, answers, strict=True):
            self._note_start(person, is_test, start, answer)

    async def _reuse_key(self) -> None:
        used = list(self._clients.jobs_of_key)
        if not used:
            return
        account_group_id, is_test, key = self._chance.choice(used)
        if account_group_id != self._clients.alice.account_group_id:
            return
        _, body = self._body(self._clients.alice, is_test)
        answer = await self._ask_for_job(self._clients.alice, is_test, key, body)
        if answer.status == 404:
            return  # its audience was deleted, which is looked at first
        if answer.status != 409:
            self._world.find_broken(f"I2 another body under a used key is answered {answer.status}")
        self._world.mark("client: another body under a used key")

    async def _ask_for_job(self, person: Person, is_test: bool, key: str, body: dict[str, Any]) -> Answer:
        path = f"{_group(person)}/prospecting"
        return await self._clients.insist(
            person.test if is_test else person.live, "POST", path, body, Idempotency_Key=key
        )

    def _body(self, person: Person, is_test: bool) -> tuple[str, dict[str, Any]]:
        """Return (what the upstream calls the source, the body) of a start that nothing is wrong with."""
        number, chance = self._clients.next_number(), self._chance
        body: dict[str, Any] = {}
        kind = chance.choice(("linkedin_search", "sales_navigator", "saved", "post_commenters", "url_upload"))
        match kind:
            case "linkedin_search":
                source, body = f"search s{number}", {"source": kind, "searchUrl": f"{SEARCH}s{number}"}
            case "sales_navigator":
                source, body = f"search s{number}", {"source": kind, "searchUrl": f"{SALES}s{number})"}
            case "saved":
                source, body = f"named {number}", {"source": "sales_navigator", "savedSearchId": str(number)}
            case "post_commenters":
                post = str(10**17 + number)
                source, body = f"post {post}", {"source": kind, "postUrl": f"{POST}{post}/"}
            case _:
                first = f"{person.name}-list{number}"
                slugs = [first, *self._slugs(person, is_test)]
                source, body = f"list {first}", {"source": kind, "urls": [f"linkedin.com/in/{slug}" for slug in slugs]}
        if kind != "url_upload" and chance.random() < 0.5:
            body["maxResults"] = chance.choice((1, 4, 9, 20))
        if chance.random() < 0.3:
            body["maxCredits"] = chance.choice((2, 5, 12))
        if chance.random() < 0.4:
            body["searchEmails"] = True
        fitting = [id_ for id_, is_for_test in self._clients.audiences.items() if is_for_test == is_test]
        if fitting and person is self._clients.alice and chance.random() < 0.4:
            body["audienceId"] = chance.choice(fitting)
        return source, body

    def _slugs(self, person: Person, is_test: bool) -> list[str]:
        prefix = f"{person.name}-{'t' if is_test else 'p'}"
        numbers = self._chance.sample(range(POPULATION), self._chance.randint(0, 8))
        return [f"{prefix}{number}" for number in numbers] + ["nobody-at-all"] * self._chance.randrange(2)

    def _note_start(
        self, person: Person, is_test: bool, start: tuple[str, str, dict[str, Any]], answer: Answer
    ) -> Started | None:
        key, source, body = start
        if answer.status == 402:
            self._world.mark("client: short of credits")
        if answer.status == 429:
            self._world.mark("client: short of quota")
        if answer.status not in (200, 202):
            if answer.status not in (402, 404, 429):
                self._world.find_broken(f"I11 a start is answered {answer.status}: {answer.body.decode()}")
            return None
        group = person.account_group_id
        started = Started(person, is_test, answer.data["jobId"], answer.data["audienceId"], source, body)
        jobs = self._clients.jobs_of_key.setdefault((group, is_test, key), set())
        jobs.add(started.job_id)
        if len(jobs) > 1:
            self._world.find_broken(f"I2 the key {key} started {sorted(jobs)}")
        self._clients.jobs[started.job_id] = started
        if person is self._clients.alice:
            self._clients.audiences[started.audience_id] = is_test
        self._world.history.note_source(group, source, started.job_id)
        return started

    async def _cancel(self) -> None:
        job = self._some_job()
        if job is None:
            return
        state = self._world.history.state(job.job_id)
        answer = await self._clients.insist(job.person.live, "POST", f"{_path(job)}/cancel")
        if answer.status not in (200, 422):
            self._world.find_broken(f"a cancel is answered {answer.status}")
        if answer.status == 200 and state is not None:
            status, import_status = state
            if status == JobStatus.QUEUED:
                self._world.mark("job: cancelled while queued")
            if status == JobStatus.RUNNING:
                is_enriching = import_status == JobStatus.COMPLETED
                self._world.mark("job: cancelled while enriching" if is_enriching else "job: cancelled while running")

    async def _resume(self) -> None:
        ended = [job for job in self._clients.jobs.values() if self._has_stopped(job)]
        job = self._chance.choice(ended) if ended and self._chance.random() < 0.7 else self._some_job()
        if job is None:
            return
        state = self._world.history.state(job.job_id)
        answer = await self._clients.insist(_key(job), "POST", f"{_path(job)}/resume")
        if answer.status not in (202, 402, 422, 429):
            self._world.find_broken(f"a resume is answered {answer.status}")
        if answer.status == 202 and state is not None:
            after = {"failed": "job: resumed after failed", "cancelled": "job: resumed after cancelled"}
            self._world.mark(after.get(state[0], "job: asked to resume while active"))

    def _has_stopped(self, job: Started) -> bool:
        state = self._world.history.state(job.job_id)
        return state is not None and state[0] in RESUMABLE

    def _some_job(self) -> Started | None:
        return self._chance.choice(list(self._clients.jobs.values())) if self._clients.jobs else None

    async def _look_twice(self) -> None:
        job = self._some_job()
        if job is None:
            return
        first = await self._clients.insist(_key(job), "GET", _path(job))
        check_receipt(first.data)
        second = await self._clients.insist(_key(job), "GET", _path(job), If_None_Match=first.headers["ETag"])
        if second.status == 304:
            self._world.mark("client: not modified")
        elif second.data == first.data:
            self._world.find_broken("the same answer has another ETag")

    # --- lists ---

    async def _walk_jobs(self) -> None:
        alice = self._clients.alice
        there = {job.job_id for job in self._clients.jobs.values() if job.person is alice}
        items = await self._clients.walk(alice.live, f"{_group(alice)}/prospecting?limit={FEW}")
        ids = [item["jobId"] for item in items or []]
        self._expect_each_once("the list of jobs", ids, there)
        self._world.mark("client: walked the list of jobs")

    async def _walk_audience(self) -> None:
        job = self._some_job()
        if job is None:
            return
        target = f"{_group(job.person)}/audiences/{job.audience_id}/prospects?limit={FEW}"
        items = await self._clients.walk(job.person.live, target)
        if items is not None:
            self._expect_each_once("an audience", [item["id"] for item in items], set())
            self._world.mark("client: walked an audience")

    async def _walk_ledger(self) -> None:
        alice = self._clients.alice
        items = await self._clients.walk(alice.live, f"{_group(alice)}/credits/ledger?limit=5")
        self._expect_each_once("the ledger", [item["id"] for item in items or []], set())
        self._world.mark("client: walked the ledger")

    def _expect_each_once(self, what: str, ids: list[str], there: set[str]) -> None:
        if len(set(ids)) != len(ids):
            self._world.find_broken(f"{what} shows something twice: {ids}")
        if there - set(ids):
            self._world.find_broken(f"{what} leaves out {sorted(there - set(ids))}")

    # --- others ---

    async def _estimate(self) -> None:
        alice = self._clients.alice
        _, body = self._body(alice, is_test=False)
        answer = await self._clients.insist(
            alice.live, "POST", f"{_group(alice)}/prospecting", {**body, "dryRun": True}
        )
        if answer.status not in (200, 404, 502):
            self._world.find_broken(f"an estimate is answered {answer.status}")
        self._world.mark("client: estimated")

    async def _top_up(self) -> None:
        await self._clients.top_up(self._clients.alice, self._chance.choice((5, 40)))

    async def _create_audience(self) -> None:
        alice = self._clients.alice
        body = {"name": f"audience {self._clients.next_number()}", "type": "on_demand"}
        answer = await self._clients.insist(alice.live, "POST", f"{_group(alice)}/audiences", body)
        if answer.status == 201:
            self._clients.audiences[answer.data["id"]] = False

    async def _move(self) -> None:
        """Move or remove some people of a ready audience."""
        audiences = self._clients.audiences
        if not audiences:
            return
        alice, from_id = self._clients.alice, self._chance.choice(list(audiences))
        others = [id_ for id_, is_test in audiences.items() if id_ != from_id and is_test == audiences[from_id]]
        path = f"{_group(alice)}/audiences/{from_id}/prospects"
        page = await self._clients.insist(alice.live, "GET", f"{path}?limit=3")
        if page.status != 200 or not page.data["items"]:
            return
        body: dict[str, Any] = {"action": "remove", "prospectIds": [item["id"] for item in page.data["items"]]}
        if others and self._chance.random() < 0.7:
            body |= {"action": "move", "toAudienceId": self._chance.choice(others)}
        self._clients.by_hand |= {from_id, body.get("toAudienceId", from_id)}
        await self._clients.insist(alice.live, "POST", path, body)

    async def _delete_audience(self) -> None:
        if not self._clients.audiences:
            return
        alice, audience_id = self._clients.alice, self._chance.choice(list(self._clients.audiences))
        self._clients.by_hand.add(audience_id)
        await self._clients.insist(alice.live, "DELETE", f"{_group(alice)}/audiences/{audience_id}")

    async def _start_file(self) -> None:
        alice, number = self._clients.alice, self._clients.next_number()
        slugs = [f"alice-file{number}", *self._slugs(alice, is_test=False)]
        rows = [f"{slug},Test,https://www.linkedin.com/in/{slug},Acme" for slug in slugs]
        text = "\n".join(["First Name,Last Name,URL,Company", *rows, rows[0], "Nobody,,acme.example,"])
        path = f"{_group(alice)}/files?name=people.csv"
        content = text.encode()
        answer = await self._clients.insist(alice.live, "POST", path, content, Content_Type="text/csv")
        while answer.status == 429:  # a process that was frozen finds more files before it than it takes at once
            await asyncio.sleep(int(answer.headers["Retry-After"]))
            answer = await self._clients.insist(alice.live, "POST", path, content, Content_Type="text/csv")
        if answer.status != 201:
            self._world.find_broken(f"a file is answered {answer.status}: {answer.body.decode()}")
        body = {"source": "file_upload", "fileId": answer.data["id"]}
        key = f"key-{self._clients.next_number()}"
        answer = await self._ask_for_job(alice, False, key, body)
        self._note_start(alice, False, (key, f"file {number}", body), answer)

    async def _revoke(self) -> None:
        alice = self._clients.alice
        ended = self._clients.doomed_key_ended
        is_long_revoked = ended is not None and self._world.now - ended > REVOCATION_SECONDS
        before = await self._clients.insist(alice.doomed, "GET", _group(alice) + "/credits")
        if before.status != 401 and (is_long_revoked or before.status != 200):
            self._world.find_broken(f"a key is answered {before.status}")
        await self._clients.revoke_doomed_key()
        await asyncio.sleep(REVOCATION_SECONDS)
        after = await self._clients.insist(alice.doomed, "GET", _group(alice) + "/credits")
        if after.status != 401:
            self._world.find_broken(f"a revoked key is answered {after.status}")
        self._world.mark("client: key revoked")

    async def _spy(self) -> None:
        job, mallory = self._some_job(), self._clients.mallory
        if job is None or job.person is mallory:
            return
        for path in (_path(job), f"{_group(mallory)}/prospecting/{job.job_id}"):
            answer = await self._clients.insist(mallory.live, "GET", path)
            if answer.status not in (403, 404):
                self._world.find_broken(f"I8 mallory is answered {answer.status} at {path}")


def _group(person: Person) -> str:
    return f"/v1/accounts/{person.account_group_id}"


def _path(job: Started) -> str:
    return f"{_group(job.person)}/prospecting/{job.job_id}"


def _key(job: Started) -> str:
    return job.person.test if job.is_test else job.person.live
