"""An account group without a database, which takes page after page of people by the rules of intake."""

from dataclasses import dataclass, field, replace
from itertools import count

from goldpan.domain.intake_rules import Allowance, Bearer, Intake, page_keys, sort_page
from goldpan.domain.provider_port import Page, Person

PLENTY = Allowance(10_000, 10_000)


@dataclass
class Group:
    """What the database would hold: who bears which name, what we have of each, and whom the job took."""

    names: dict[str, str] = field(default_factory=dict)
    people: dict[str, Person] = field(default_factory=dict)
    taken: list[str] = field(default_factory=list)
    numbers: "count[int]" = field(default_factory=count)

    def take(self, people: list[Person], allowance: Allowance = PLENTY) -> Intake:
        page = page_of(people)
        names = {key: self.names[key] for key in page_keys(page) if key in self.names}
        bearers = {key: Bearer(prospect_id, self.people[prospect_id]) for key, prospect_id in names.items()}
        intake = sort_page(page, bearers, set(self.taken), allowance, lambda: f"id-{next(self.numbers)}")
        assert not self.names.keys() & intake.names.keys(), "a name is given to one person only"
        assert not intake.new.keys() & intake.news.keys(), "news are of people whom we had"
        self.taken += intake.taken
        self.names |= intake.names
        self.people |= intake.new
        for prospect_id, news in intake.news.items():
            self.people[prospect_id] = replace(self.people[prospect_id], **news)
        return intake


def page_of(people: list[Person], invalid: int = 0) -> Page:
    return Page(tuple(people), None, None, invalid_count=invalid)
