"""What becomes of the people on one page: who is new, known, a repeat or nobody, and where the job stops."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace

from goldpan.contract.resources import StopReason
from goldpan.domain.identity_rules import find_bearer, identity_keys, slug_key
from goldpan.domain.provider_port import Page, Person


@dataclass(slots=True)
class Bearer:
    """Who bears a name already; `slug` is their slug key, None while none is known."""

    prospect_id: str
    slug: str | None


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
    `names` the names to store, identity key -> prospect id; `found_slugs` people we had without a slug, and the record
    that tells it. `stop` says which allowance ran out, None: neither.
    """

    taken: list[str] = field(default_factory=list)
    new: dict[str, Person] = field(default_factory=dict)
    names: dict[str, str] = field(default_factory=dict)
    found_slugs: dict[str, Person] = field(default_factory=dict)
    duplicate: int = 0
    invalid: int = 0
    stop: StopReason | None = None
    has_leftover: bool = False

    @property
    def known(self) -> int:
        return len(self.taken) - len(self.new)


def page_keys(page: Page) -> list[str]:
    """Return every identity key on the page, each once."""
    return list(dict.fromkeys(key for person in page.people for key in _keys(person)))


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
        keys = _keys(person)
        if not keys:
            intake.invalid += 1
            continue
        bearer = find_bearer(keys, bearers, lambda bearer: bearer.slug)
        if bearer is not None and bearer.prospect_id in seen:
            _bear(keys, person, bearer, bearers, intake)  # the repeat may tell a name that comes alone the next time
            intake.duplicate += 1
            continue
        intake.stop = _stop(intake, allowance, is_new=bearer is None)
        if intake.stop is not None:
            intake.has_leftover = True
            break
        if bearer is None:
            bearer = Bearer(new_id(), slug_key(keys))
            intake.new[bearer.prospect_id] = person
        _bear(keys, person, bearer, bearers, intake)
        seen.add(bearer.prospect_id)
        intake.taken.append(bearer.prospect_id)
    return intake


def _keys(person: Person) -> tuple[str, ...]:
    return identity_keys(person.linkedin_url, person.public_identifier, person.provider_id)


def _bear(keys: tuple[str, ...], person: Person, bearer: Bearer, bearers: dict[str, Bearer], intake: Intake) -> None:
    """Let the bearer have those of the keys that nobody has."""
    for key in keys:
        if key not in bearers:
            bearers[key] = bearer
            intake.names[key] = bearer.prospect_id
    if bearer.slug is None and slug_key(keys) is not None:
        bearer.slug = slug_key(keys)
        intake.found_slugs[bearer.prospect_id] = person


def _stop(intake: Intake, allowance: Allowance, *, is_new: bool) -> StopReason | None:
    if len(intake.taken) >= allowance.people:
        return StopReason.MAX_RESULTS
    if is_new and len(intake.new) >= allowance.new_people:
        return allowance.when_unpaid
    return None
