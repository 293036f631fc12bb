"""What becomes of the people on one page: who is new, known, a repeat or nobody, and where the job stops."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from functools import partial

from goldpan.contract.resources import StopReason
from goldpan.domain.identity_rules import find_bearer
from goldpan.domain.person_rules import may_join, news_of, person_keys
from goldpan.domain.provider_port import Page, Person


@dataclass(slots=True)
class Bearer:
    """Who bears a name already, and what is known of them."""

    prospect_id: str
    person: Person


@dataclass(frozen=True, slots=True)
class Allowance:
    """How much more a job may take: people in all, and new people that it can pay."""

    people: int
    new_people: int
    when_unpaid: StopReason = StopReason.CREDITS_EXHAUSTED


@dataclass(slots=True)
class Intake:
    """One page, sorted.

    `taken` are the prospect ids that join the job, in the page's order; `new` those among them that must be stored;
    `names` the names to store, identity key -> prospect id; `news` what was told of people whom we had, by field.
    `stop` says which allowance ran out, None: neither.
    """

    taken: list[str] = field(default_factory=list)
    new: dict[str, Person] = field(default_factory=dict)
    names: dict[str, str] = field(default_factory=dict)
    news: dict[str, dict[str, str]] = field(default_factory=dict)
    duplicate: int = 0
    invalid: int = 0
    stop: StopReason | None = None
    has_leftover: bool = False

    @property
    def known(self) -> int:
        return len(self.taken) - len(self.new)


def page_keys(page: Page) -> list[str]:
    """Return every identity key on the page, each once."""
    return list(dict.fromkeys(key for person in page.people for key in person_keys(person)))


def sort_page(
    page: Page, bearers: Mapping[str, Bearer], taken_before: set[str], allowance: Allowance, new_id: Callable[[], str]
) -> Intake:
    """Sort a page's people.

    `bearers`: who bears the page's identity keys already. `taken_before`: the prospects whom this job took on
    earlier pages.
    """
    intake = Intake(invalid=page.invalid_count)
    by_id = {bearer.prospect_id: replace(bearer) for bearer in bearers.values()}
    bearers = {key: by_id[bearer.prospect_id] for key, bearer in bearers.items()}
    seen = set(taken_before)
    for person in page.people:
        keys = person_keys(person)
        if not keys:
            intake.invalid += 1
            continue
        bearer = find_bearer(keys, bearers, partial(_may_join, person))
        if bearer is not None and bearer.prospect_id in seen:
            _learn(intake, bearers, bearer, keys, person)  # a repeat may tell a name that comes alone the next time
            intake.duplicate += 1
            continue
        intake.stop = _stop(intake, allowance, is_new=bearer is None)
        if intake.stop is not None:
            intake.has_leftover = True
            break
        if bearer is None:
            bearer = Bearer(new_id(), person)
            intake.new[bearer.prospect_id] = person
        _learn(intake, bearers, bearer, keys, person)
        seen.add(bearer.prospect_id)
        intake.taken.append(bearer.prospect_id)
    return intake


def _may_join(person: Person, key: str, bearer: Bearer) -> bool:
    return may_join(key, person, bearer.person)


def _learn(intake: Intake, bearers: dict[str, Bearer], bearer: Bearer, keys: tuple[str, ...], person: Person) -> None:
    """Let the bearer have what the record tells: those of its keys that nobody has, and the facts that we lacked."""
    for key in keys:
        if key not in bearers:
            bearers[key] = bearer
            intake.names[key] = bearer.prospect_id
    if bearer.person is person:
        return  # stored as they are: most people of most pages
    news = news_of(bearer.person, person)
    if not news:
        return
    bearer.person = replace(bearer.person, **news)
    if bearer.prospect_id in intake.new:
        intake.new[bearer.prospect_id] = bearer.person
    else:
        intake.news[bearer.prospect_id] = intake.news.get(bearer.prospect_id, {}) | news


def _stop(intake: Intake, allowance: Allowance, *, is_new: bool) -> StopReason | None:
    if len(intake.taken) >= allowance.people:
        return StopReason.MAX_RESULTS
    if is_new and len(intake.new) >= allowance.new_people:
        return allowance.when_unpaid
    return None
