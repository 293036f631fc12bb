"""Audiences: their list, one of them, and what becomes of them when they are created, changed, filled and deleted."""

from concurrent.futures import ThreadPoolExecutor

import pytest

from tests.audience_world import (
    audiences,
    being_filled,
    create,
    create_folder,
    filled,
    navigation,
    patch,
    store_audiences,
)
from tests.cast import NOBODYS_ID, Caller
from tests.service import Answer, Json

FOREIGN_METHODS = [("GET", None), ("PATCH", {"name": "Mine"}), ("DELETE", None)]


def named(caller: Caller) -> list[str]:
    return [audience["name"] for audience in caller.walk(audiences(caller))]


def ask(caller: Caller, method: str, target: str, body: Json) -> Answer:
    return patch(caller, target, body) if body is not None else caller.call(method, target)


# --- create -------------------------------------------------------------------------------------------------------


def test_an_audience_has_exactly_the_fields_of_the_reference(alice: Caller) -> None:
    created = create(alice, "Directors", "monitoring", description="For the launch")

    assert created == {
        "id": created["id"],
        "name": "Directors",
        "type": "monitoring",
        "description": "For the launch",
        "folderId": None,
        "prospectCount": 0,
        "createdAt": created["createdAt"],
    }
    assert alice.get(audiences(alice, created["id"])).data == created
    assert alice.get(audiences(alice)).data == {"items": [created], "nextCursor": None, "hasMore": False}


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("name", ""), ("name", " \n"), ("name", "a" * 201), ("name", None), ("name", 5),
        ("type", "linkedin_search"), ("type", ""), ("type", None),
        ("description", "a" * 2001), ("description", 5),
        ("folderId", NOBODYS_ID),
    ],
)  # fmt: skip
def test_a_wrong_field_of_a_new_audience_is_named(alice: Caller, field: str, value: Json) -> None:
    answer = alice.post(audiences(alice), {"name": "Directors", "type": "on_demand"} | {field: value})

    assert answer.refusal == (400, "VALIDATION_ERROR")
    assert [problem["name"] for problem in answer.error["fields"]] == [field]
    assert named(alice) == []


def test_the_longest_name_and_description_are_kept_as_they_are(alice: Caller) -> None:
    name, description = " 🚀" * 100, "é" * 2000

    created = create(alice, name, description=description)

    assert alice.get(audiences(alice, created["id"])).data["name"] == name
    assert created["description"] == description


def test_a_name_is_given_once(alice: Caller, mallory: Caller) -> None:
    create(alice, "Directors")

    again = alice.post(audiences(alice), {"name": "Directors", "type": "monitoring"})
    in_the_sandbox = alice.sandbox().post(audiences(alice), {"name": "Directors", "type": "on_demand"})

    assert again.refusal == in_the_sandbox.refusal == (409, "CONFLICT")
    assert create(alice, "directors")["name"] == "directors"
    assert create(mallory, "Directors")["name"] == "Directors"


def test_of_twenty_who_ask_for_one_name_at_once_one_gets_it(alice: Caller) -> None:
    with ThreadPoolExecutor(20) as many:
        answers = list(
            many.map(lambda _: alice.post(audiences(alice), {"name": "Only", "type": "on_demand"}), range(20))
        )

    assert sorted(answer.status for answer in answers) == [201] + 19 * [409]
    assert named(alice) == ["Only"]


# --- what fills it ------------------------------------------------------------------------------------------------


def test_the_source_of_the_job_that_fills_an_audience_first_becomes_its_type(alice: Caller) -> None:
    sandbox = alice.sandbox()
    audience_id = create(sandbox, "Chiefs", "monitoring")["id"]

    first = filled(sandbox, 3, audienceId=audience_id)
    sandbox.ended(sandbox.started(source="url_upload", urls=["linkedin.com/in/ada"], audienceId=audience_id)["jobId"])
    second = alice.get(audiences(alice, audience_id)).data

    assert (first["type"], first["prospectCount"]) == ("linkedin_search", 3)
    assert (second["type"], second["prospectCount"]) == ("linkedin_search", 4)


def test_a_job_that_finds_nobody_leaves_the_type_as_it_was(alice: Caller) -> None:
    sandbox = alice.sandbox()
    audience_id = create(sandbox, "Chiefs")["id"]

    audience = filled(sandbox, 0, audienceId=audience_id)

    assert (audience["type"], audience["prospectCount"]) == ("on_demand", 0)


def test_a_filled_audience_still_stands_in_a_folder_of_the_type_it_was_created_with(alice: Caller) -> None:
    sandbox = alice.sandbox()
    audience_id = create(sandbox, "Chiefs", "monitoring")["id"]
    filled(sandbox, 1, audienceId=audience_id)
    folders = {type_: create_folder(alice, type_=type_)["id"] for type_ in ("on_demand", "monitoring")}

    answers = {type_: patch(alice, audiences(alice, audience_id), {"folderId": id_}) for type_, id_ in folders.items()}

    assert (answers["on_demand"].status, answers["monitoring"].status) == (400, 200)


def test_an_audience_of_a_live_key_takes_no_invented_people(alice: Caller) -> None:
    live, invented = create(alice, "Real")["id"], create(alice.sandbox(), "Invented")["id"]

    for caller, audience_id in ((alice.sandbox(), live), (alice, invented)):
        answer = caller.start(source="url_upload", urls=["linkedin.com/in/ada"], audienceId=audience_id)
        assert answer.refusal == (400, "VALIDATION_ERROR")
        assert answer.details.startswith("audienceId: ")


def test_while_a_job_fills_an_audience_nobody_sees_or_changes_it(alice: Caller) -> None:
    sandbox = alice.sandbox()
    audience_id, job_id = being_filled(sandbox, audienceName="Chiefs")
    path = audiences(alice, audience_id)

    during = [ask(alice, method, path, body) for method, body in FOREIGN_METHODS]
    listed = [alice.get(audiences(alice)).data["items"], navigation(alice)["ungroupedAudiences"]]
    sandbox.cancel(job_id)

    assert {answer.refusal for answer in during} == {(409, "AUDIENCE_NOT_READY")}
    assert listed == [[], []]
    assert named(alice) == ["Chiefs"]
    assert [audience["name"] for audience in navigation(alice)["ungroupedAudiences"]] == ["Chiefs"]
    assert alice.get(path).data["name"] == "Chiefs"


# --- list ---------------------------------------------------------------------------------------------------------


def test_an_account_group_without_audiences_has_an_empty_list(alice: Caller, mallory: Caller) -> None:
    create(mallory, "Hers")

    assert alice.get(audiences(alice)).data == {"items": [], "nextCursor": None, "hasMore": False}


@pytest.mark.parametrize("limit", [1, 3, 25, 29, 30, 100])
def test_a_walk_of_any_page_size_finds_every_audience_once_and_the_newest_first(alice: Caller, limit: int) -> None:
    newest_first = store_audiences(alice, [number // 3 for number in range(30)])

    walked = alice.walk(f"{audiences(alice)}?limit={limit}")

    assert [audience["id"] for audience in walked] == newest_first


def test_an_audience_that_comes_or_goes_during_a_walk_moves_no_other(alice: Caller) -> None:
    newest_first = store_audiences(alice, list(range(6)))
    first = alice.get(f"{audiences(alice)}?limit=2").data

    create(alice, "New")
    alice.call("DELETE", audiences(alice, newest_first[0]))
    rest = alice.get(f"{audiences(alice)}?cursor={first['nextCursor']}").data

    assert [audience["id"] for audience in rest["items"]] == newest_first[2:]


# --- change -------------------------------------------------------------------------------------------------------


def test_what_a_change_leaves_out_stays_as_it_is(alice: Caller) -> None:
    created = create(alice, "Directors", description="For the launch")
    folder_id = create_folder(alice)["id"]
    path = audiences(alice, created["id"])

    for change in ({"folderId": folder_id}, {"name": "Chiefs"}, {"description": "Done"}, {"description": None}):
        created |= change
        assert patch(alice, path, change).data == alice.get(path).data == created
    assert patch(alice, path, {"folderId": None, "name": "Chiefs"}).data == created | {"folderId": None}


@pytest.mark.parametrize(
    ("body", "details"),
    [
        ({}, "body: must name at least one of name, description, folderId"),
        ({"name": None}, "name: must be a text of 1 to 200 characters, not only white space"),
        ({"description": 5}, "description: must be a text of at most 2000 characters, or null"),
        ({"folderId": "a"}, "folderId: must be 24 lower-case hex digits, or null"),
        ({"type": "monitoring"}, "type: unknown field; known are name, description, folderId"),
    ],
    ids=str,
)
def test_a_wrong_change_is_told_what_would_be_right(alice: Caller, body: Json, details: str) -> None:
    created = create(alice, "Directors")

    answer = patch(alice, audiences(alice, created["id"]), body)

    assert answer.refusal == (400, "VALIDATION_ERROR")
    assert answer.details == details
    assert alice.get(audiences(alice, created["id"])).data == created


def test_a_new_name_must_be_free_too(alice: Caller) -> None:
    directors, chiefs = create(alice, "Directors")["id"], create(alice, "Chiefs")["id"]

    taken = patch(alice, audiences(alice, chiefs), {"name": "Directors", "description": "x"})
    own = patch(alice, audiences(alice, directors), {"name": "Directors"})

    assert taken.refusal == (409, "CONFLICT")
    assert alice.get(audiences(alice, chiefs)).data["description"] is None
    assert own.status == 200


def test_a_folder_that_is_not_there_or_not_ours_is_not_found(alice: Caller, mallory: Caller) -> None:
    path = audiences(alice, create(alice, "Directors")["id"])

    foreign = patch(alice, path, {"folderId": create_folder(mallory)["id"]})
    unknown = patch(alice, path, {"folderId": NOBODYS_ID})

    assert foreign.refusal == unknown.refusal == (404, "NOT_FOUND")
    assert foreign.error == unknown.error


@pytest.mark.parametrize(("method", "body"), FOREIGN_METHODS)
def test_an_audience_of_another_account_group_does_not_exist(
    alice: Caller, mallory: Caller, method: str, body: Json
) -> None:
    audience_id = create(alice, "Directors")["id"]

    foreign = ask(mallory, method, audiences(mallory, audience_id), body)
    unknown = ask(mallory, method, audiences(mallory, NOBODYS_ID), body)

    assert foreign.refusal == unknown.refusal == (404, "NOT_FOUND")
    assert foreign.error == unknown.error
    assert named(alice) == ["Directors"]


# --- delete -------------------------------------------------------------------------------------------------------


def test_a_deleted_audience_is_nowhere_and_its_people_stay_in_the_account_group(alice: Caller) -> None:
    sandbox = alice.sandbox()
    audience_id = filled(sandbox, 5)["id"]
    path = audiences(alice, audience_id)

    deleted = alice.call("DELETE", path)

    assert (deleted.status, deleted.data) == (200, {"id": audience_id})
    gone = [ask(alice, method, path, body) for method, body in FOREIGN_METHODS]
    gone.append(alice.get(path + "/prospects"))
    gone.append(sandbox.start(source="url_upload", urls=["linkedin.com/in/ada"], audienceId=audience_id))
    assert {answer.refusal for answer in gone} == {(404, "NOT_FOUND")}
    assert navigation(alice) == {"folders": [], "ungroupedAudiences": []}
    assert named(alice) == []
    again = sandbox.ended(sandbox.start_search("cto total:5"))
    assert (again["counts"]["imported"], again["counts"]["known"]) == (0, 5)


def test_the_job_of_a_deleted_audience_keeps_its_receipt(alice: Caller) -> None:
    sandbox = alice.sandbox()
    job = sandbox.ended(sandbox.start_search("cto total:5"))

    alice.call("DELETE", audiences(alice, job["audienceId"]))

    assert alice.job(job["jobId"]) == job


def test_the_name_of_a_deleted_audience_is_free(alice: Caller) -> None:
    first = create(alice, "Directors")

    alice.call("DELETE", audiences(alice, first["id"]))

    assert create(alice, "Directors")["id"] != first["id"]


def test_of_two_who_delete_an_audience_at_once_one_does(alice: Caller) -> None:
    path = audiences(alice, create(alice, "Directors")["id"])

    with ThreadPoolExecutor(8) as many:
        answers = list(many.map(lambda _: alice.call("DELETE", path), range(8)))

    assert sorted(answer.status for answer in answers) == [200] + 7 * [404]


# --- paths --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("step", "allowed"), [("navigation", {"GET", "HEAD", "OPTIONS"}), ("folders", {"POST", "OPTIONS"})]
)
def test_the_named_paths_are_not_taken_for_ids(alice: Caller, step: str, allowed: set[str]) -> None:
    for method in {"GET", "POST", "PATCH", "PUT", "DELETE"} - allowed:
        answer = alice.call(method, audiences(alice, step))
        assert answer.refusal == (405, "METHOD_NOT_ALLOWED")
        assert set(answer.headers["Allow"].split(", ")) == allowed


@pytest.mark.parametrize("audience_id", ["a", "0" * 23, "A" * 24, "navigations"])
@pytest.mark.parametrize(("method", "body"), FOREIGN_METHODS)
def test_a_malformed_audience_id_is_named(alice: Caller, method: str, body: Json, audience_id: str) -> None:
    answer = ask(alice, method, audiences(alice, audience_id), body)

    assert answer.refusal == (400, "VALIDATION_ERROR")
    assert [(field["in"], field["name"]) for field in answer.error["fields"]] == [("path", "audienceId")]
