"""What becomes of the people on one page: who is new, known, a repeat or nobody, and where the job stops."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from goldpan.contract.resources import StopReason
from goldpan.domain.identity_rules import identity_keys
from goldpan.domain.provider_port import Page, Person


@dataclass(frozen=True, slots=True)
class Bearer:
    """Who bears a name already; `public_identifier` tells whether a weak name may be trusted."""

    prospect_id: str
    public_identifier: str | None


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
    `names` the names to store, identity key -> prospect id. `stop` says which allowance ran out, None: neither.
    """

    taken: list[str] = field(default_factory=list)
    new: dict[str, Person] = field(default_factory=dict)
    names: dict[str, str] = field(default_factory=dict)
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
    bearers = dict(bearers)
    seen = set(taken_before)
    for person in page.people:
        keys = _keys(person)
        if not keys:
            intake.invalid += 1
            continue
        bearer = _find(keys, person, bearers)
        if bearer is not None and bearer.prospect_id in seen:
            intake.duplicate += 1
            continue
        intake.stop = _stop(intake, allowance, is_new=bearer is None)
        if intake.stop is not None:
            intake.has_leftover = True
            break
        if bearer is None:
            bearer = Bearer(new_id(), person.public_identifier)
            intake.new[bearer.prospect_id] = person
        _bear(keys, bearer, bearers, intake)
        seen.add(bearer.prospect_id)
        intake.taken.append(bearer.prospect_id)
    return intake


def _keys(person: Person) -> tuple[str, ...]:
    return identity_keys(person.linkedin_url, person.public_identifier, person.provider_id)


def _find(keys: tuple[str, ...], person: Person, bearers: Mapping[str, Bearer]) -> Bearer | None:
    """The strongest name decides; a weaker one only where the two public identifiers do not differ."""
    strongest = bearers.get(keys[0])
    if strongest is not None:
        return strongest
    for key in keys[1:]:
        bearer = bearers.get(key)
        if bearer is not None and None in (bearer.public_identifier, person.public_identifier):
            return bearer
    return None


def _bear(keys: tuple[str, ...], bearer: Bearer, bearers: dict[str, Bearer], intake: Intake) -> None:
    for key in keys:
        if key not in bearers:
            bearers[key] = bearer
            intake.names[key] = bearer.prospect_id


def _stop(intake: Intake, allowance: Allowance, *, is_new: bool) -> StopReason | None:
    if len(intake.taken) >= allowance.people:
        return StopReason.MAX_RESULTS
    if is_new and len(intake.new) >= allowance.new_people:
        return allowance.when_unpaid
    return None
