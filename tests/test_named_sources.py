"""Saved searches and lead lists: what the API lists, what jobs find by them, and what is refused at the start."""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import pytest

from goldpan.contract.error_catalogue import ErrorKind, Problem
from goldpan.contract.permission_catalogue import Permission
from goldpan.domain.access_rules import Principal
from goldpan.domain.provider_port import NamedSource, Unavailable
from goldpan.operations import named_source_operations as sources
from goldpan.operations.account_operations import InvalidSetting
from goldpan.operations.people_operations import NewLeadList, import_people
from goldpan.operations.sales_navigator_operations import list_lead_lists, list_saved_searches
from tests.cast import NOBODYS_ID, Caller, now_ms, search_url
from tests.service import Answer, Json
from tests.workshop import ScriptedProvider, Workshop

CTOS = "https://www.linkedin.com/search/results/people/?titleFreeText=cto"
SALES = "https://www.linkedin.com/sales/search/people?query=(keywords:cto)"
UNANSWERABLE = "https://www.linkedin.com/search/results/people/?geoUrn=%5B%22104621616%22%5D"
PEOPLE = ["ada,CTO", "bob,CEO", "eve,CTO"]


def listed(caller: Caller, kind: str) -> list[Json]:
    data = caller.get(f"{caller.group}/sales-navigator/{kind}").data
    assert set(data) == {"items"}
    assert all(set(item) == {"id", "name"} for item in data["items"])
    items: list[Json] = data["items"]
    return items


def save(caller: Caller, name: str, url: str = CTOS) -> str:
    return sources.save_search(caller.service.toolbox, caller.account_group_id, name, url).id


def import_list(caller: Caller, name: str, rows: list[str], directory: Path) -> str:
    """Import people, each row `slug,title`, into a lead list and return its id."""
    file = directory / "people.csv"
    file.write_text("Profile Url,Title\n" + "".join(f"linkedin.com/in/{row}\n" for row in rows))
    toolbox = caller.service.toolbox
    wanted = sources.new_lead_list(toolbox, name)
    report = import_people(toolbox.database, caller.account_group_id, file, now_ms(), lambda *_: None, wanted)
    assert report.lead_list_id is not None
    return report.lead_list_id


def found_by(caller: Caller, **source: str) -> set[str]:
    job = caller.ended(caller.started(source="sales_navigator", **source)["jobId"])
    assert (job["status"], job["stopReason"]) == ("completed", "source_exhausted")
    people = {prospect["publicIdentifier"] for prospect in caller.prospects(job["audienceId"])}
    assert job["totalAvailable"] == job["counts"]["found"] == len(people)
    return people


def refusal(answer: Answer) -> tuple[str, str]:
    """Return the one field that a start was refused for, and why."""
    assert answer.refusal == (400, "VALIDATION_ERROR")
    (field,) = answer.error["fields"]
    return field["name"], field["rule"]


# --- what the API lists


def test_an_account_group_without_any_has_empty_lists(alice: Caller) -> None:
    assert listed(alice, "saved-searches") == listed(alice, "lead-lists") == []


def test_what_the_operator_named_is_listed_newest_first(alice: Caller, mallory: Caller, tmp_path: Path) -> None:
    ctos, sales = save(alice, "CTOs"), save(alice, "Sales Navigator", SALES)
    fair = import_list(alice, "Trade fair", PEOPLE, tmp_path)

    assert listed(alice, "saved-searches") == [{"id": sales, "name": "Sales Navigator"}, {"id": ctos, "name": "CTOs"}]
    assert listed(alice, "lead-lists") == [{"id": fair, "name": "Trade fair"}]
    assert listed(mallory, "saved-searches") == listed(mallory, "lead-lists") == []


@pytest.mark.parametrize("kind", ["saved-searches", "lead-lists"])
def test_a_list_is_for_those_who_may_read_jobs(alice: Caller, mallory: Caller, kind: str) -> None:
    path = f"{alice.group}/sales-navigator/{kind}"

    assert alice.with_key(Permission.PROSPECTING_READ).get(path).status == 200
    assert alice.with_key(Permission.PROSPECTS_READ).get(path).refusal == (403, "FORBIDDEN")
    assert mallory.get(path).refusal == (403, "FORBIDDEN")
    assert alice.get(f"{path}?limit=1").refusal == (400, "VALIDATION_ERROR")


def test_a_test_key_sees_invented_ones_and_can_use_them(alice: Caller) -> None:
    save(alice, "CTOs")
    sandbox = alice.sandbox()

    searches, lists = listed(sandbox, "saved-searches"), listed(sandbox, "lead-lists")
    assert searches == listed(sandbox, "saved-searches") != []
    for fields in ({"savedSearchId": searches[0]["id"]}, {"leadListId": lists[0]["id"]}, {"leadListId": "any"}):
        job = sandbox.ended(sandbox.started(source="sales_navigator", maxResults=3, **fields)["jobId"])
        assert job["counts"]["imported"] + job["counts"]["known"] == 3


@dataclass
class AbsentProvider(ScriptedProvider):
    def saved_searches(self, account_group_id: str) -> list[NamedSource]:
        raise Unavailable("the provider is away")

    def lead_lists(self, account_group_id: str) -> list[NamedSource]:
        raise Unavailable("the provider is away")


def test_a_provider_that_is_away_is_told_as_such(sqlite_url: str) -> None:
    workshop = Workshop(sqlite_url, AbsentProvider([]))

    for operation in (list_saved_searches, list_lead_lists):
        with pytest.raises(Problem, match="the provider is away") as refused:
            operation(workshop.toolbox, workshop.alice, workshop.group_id)
        assert refused.value.kind is ErrorKind.UPSTREAM_ERROR
    workshop.database.close()


def test_an_operation_asks_for_the_permission_itself(sqlite_url: str) -> None:
    workshop = Workshop(sqlite_url, ScriptedProvider([]))
    stranger = Principal("mallory", False, frozenset(Permission), frozenset())

    for operation in (list_saved_searches, list_lead_lists):
        with pytest.raises(Problem, match="FORBIDDEN"):
            operation(workshop.toolbox, stranger, workshop.group_id)
    workshop.database.close()


# --- what jobs find


def test_a_job_finds_whom_its_saved_search_describes(alice: Caller) -> None:
    alice.import_people(PEOPLE)

    assert found_by(alice, savedSearchId=save(alice, "CTOs")) == {"ada", "eve"}
    assert found_by(alice, savedSearchId=save(alice, "Sales Navigator", SALES)) == {"ada", "eve"}


def test_a_job_finds_who_is_in_its_lead_list_page_by_page(alice: Caller, tmp_path: Path) -> None:
    alice.import_people(["zoe,CTO"])
    everybody = {f"p{n}" for n in range(120)}
    list_id = import_list(alice, "Fair", [f"{slug},CTO" for slug in sorted(everybody)], tmp_path)
    alice.import_people(["yan,CTO"])

    assert found_by(alice, leadListId=list_id) == everybody


def test_everybody_in_a_file_joins_the_list_also_those_who_were_known(alice: Caller, tmp_path: Path) -> None:
    alice.import_people(["ada,CTO"])

    list_id = import_list(alice, "Fair", ["ada,CTO", "bob,CEO", "bob,CEO"], tmp_path)

    assert found_by(alice, leadListId=list_id) == {"ada", "bob"}


def test_a_list_that_exists_gets_more_people_and_nobody_twice(alice: Caller, tmp_path: Path) -> None:
    first = import_list(alice, "Fair", ["ada,CTO", "bob,CEO"], tmp_path)
    other = import_list(alice, "Other", ["eve,CTO"], tmp_path)

    again = import_list(alice, " Fair ", ["bob,CEO", "eve,CTO"], tmp_path)

    toolbox = alice.service.toolbox
    sizes = [(each.name, each.people) for each in sources.all_lead_lists(toolbox, alice.account_group_id)]
    assert again == first != other
    assert sizes == [("Other", 1), ("Fair", 3)]


def test_two_imports_into_one_list_at_once_fill_one_list(alice: Caller, tmp_path: Path) -> None:
    rows = [[f"{name}{n},CTO" for n in range(2_500)] for name in ("a", "b")]
    folders = [tmp_path / name for name in ("a", "b")]
    for folder in folders:
        folder.mkdir()

    with ThreadPoolExecutor() as threads:
        ids = set(threads.map(import_list, [alice] * 2, ["Fair"] * 2, rows, folders))

    (fair,) = sources.all_lead_lists(alice.service.toolbox, alice.account_group_id)
    assert ids == {fair.id}
    assert fair.people == 5_000


def test_a_file_that_names_nobody_makes_no_list(alice: Caller, tmp_path: Path) -> None:
    file = tmp_path / "people.csv"
    file.write_text("Profile Url,Title\njavascript:alert(1),CTO\n")
    toolbox = alice.service.toolbox

    report = import_people(
        toolbox.database, alice.account_group_id, file, now_ms(), lambda *_: None, NewLeadList(NOBODYS_ID, "Fair")
    )

    assert (report.rejected, report.lead_list_id) == (1, None)
    assert sources.all_lead_lists(toolbox, alice.account_group_id) == []


# --- what is refused


def test_ids_of_nothing_and_of_others_are_refused_by_the_name_of_the_field(
    alice: Caller, mallory: Caller, tmp_path: Path
) -> None:
    theirs = {"savedSearchId": save(mallory, "CTOs"), "leadListId": import_list(mallory, "Fair", PEOPLE, tmp_path)}

    for field, their_id in theirs.items():
        for id_ in (their_id, NOBODYS_ID, "7236596622934118401"):
            name, rule = refusal(alice.start(source="sales_navigator", **{field: id_}))
            assert name == field
            assert id_ in rule
    assert alice.get(alice.jobs).data["items"] == []


@pytest.mark.parametrize(
    "url",
    [
        "https://www.linkedin.com/sales/lists/people/7236596622934118401",
        "https://www.linkedin.com/sales/search/people?savedSearchId=50500115",
    ],
)
def test_linkedins_own_number_in_a_url_is_refused_with_what_to_do(alice: Caller, url: str) -> None:
    name, rule = refusal(alice.start(source="sales_navigator", searchUrl=url))

    assert name == "searchUrl"
    assert "goldpan people" in rule


def test_a_saved_search_that_was_removed_is_refused_and_a_replay_is_not(alice: Caller) -> None:
    body = {"source": "sales_navigator", "savedSearchId": save(alice, "CTOs")}
    job = alice.started(**body, idempotency_key="once")

    sources.remove_saved_search(alice.service.toolbox, alice.account_group_id, "CTOs")

    assert refusal(alice.start(**body))[0] == "savedSearchId"
    assert alice.start(**body, idempotency_key="once").data["jobId"] == job["jobId"]


# --- what the operator may name


def test_the_same_search_under_the_same_name_is_saved_once(alice: Caller) -> None:
    assert save(alice, "CTOs") == save(alice, " CTOs ")
    with pytest.raises(InvalidSetting, match="another search has the name CTOs"):
        save(alice, "CTOs", search_url("ceo"))
    assert len(listed(alice, "saved-searches")) == 1


@pytest.mark.parametrize(
    ("name", "url", "words"),
    [
        ("", CTOS, "1 to 200 characters"),
        (" \t", CTOS, "1 to 200 characters"),
        ("x" * 201, CTOS, "1 to 200 characters"),
        ("a\nb", CTOS, "printable"),
        ("\udce9", CTOS, "printable"),
        ("CTOs", "https://evil.example/search/results/people/?keywords=cto", "is not LinkedIn"),
        ("CTOs", "https://www.linkedin.com/in/ada", "a person's profile"),
        ("CTOs", "https://www.linkedin.com/sales/lists/people/7236596622934118401", "lead list"),
        ("CTOs", UNANSWERABLE, "geoUrn: the filter “Locations” is a number of LinkedIn's own"),
    ],
)
def test_a_search_that_jobs_could_not_run_is_not_saved(alice: Caller, name: str, url: str, words: str) -> None:
    with pytest.raises(InvalidSetting, match=words):
        save(alice, name, url)
    assert listed(alice, "saved-searches") == []


def test_a_search_is_removed_by_its_name_or_its_id(alice: Caller, mallory: Caller) -> None:
    toolbox, group = alice.service.toolbox, alice.account_group_id
    ctos, ceos = save(alice, "CTOs"), save(alice, "CEOs", search_url("ceo"))

    with pytest.raises(LookupError, match="no saved search CTOs"):
        sources.remove_saved_search(toolbox, mallory.account_group_id, "CTOs")
    assert sources.remove_saved_search(toolbox, group, "CTOs").id == ctos
    assert sources.remove_saved_search(toolbox, group, ceos).name == "CEOs"
    with pytest.raises(LookupError):
        sources.remove_saved_search(toolbox, group, "CTOs")


def test_an_unknown_account_group_has_nothing(alice: Caller) -> None:
    toolbox = alice.service.toolbox

    for verb in (sources.all_saved_searches, sources.all_lead_lists):
        with pytest.raises(LookupError, match="no account group"):
            verb(toolbox, NOBODYS_ID)
    with pytest.raises(LookupError, match="no account group"):
        sources.save_search(toolbox, NOBODYS_ID, "CTOs", CTOS)
