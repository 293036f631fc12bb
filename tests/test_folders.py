"""Folders: what stands in them, in which order they stand, and the navigation that shows both."""

from concurrent.futures import ThreadPoolExecutor

import pytest

from tests.audience_world import audiences, create, create_folder, filled, navigation, patch, store_audiences
from tests.cast import NOBODYS_ID, Caller
from tests.service import Json

SEARCH = {"source": "linkedin_search", "searchUrl": "https://www.linkedin.com/search/results/people/?keywords=cto"}


def path(caller: Caller, folder: Json) -> str:
    return audiences(caller, "folders", folder["id"])


def names(caller: Caller) -> list[str]:
    """Return the names of the folders in the order of the navigation, whose positions must be 0, 1, 2 …"""
    folders = navigation(caller)["folders"]
    assert sorted(folder["position"] for folder in folders) == list(range(len(folders)))
    return [folder["name"] for folder in folders]


def test_a_folder_has_exactly_the_fields_of_the_reference(alice: Caller) -> None:
    created = create_folder(alice, "Spring", "monitoring")

    assert created == {
        "id": created["id"],
        "name": "Spring",
        "audienceType": "monitoring",
        "isPinned": False,
        "position": 0,
        "createdAt": created["createdAt"],
        "updatedAt": created["createdAt"],
    }
    assert navigation(alice) == {"folders": [created | {"audiences": []}], "ungroupedAudiences": []}


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("name", ""), ("name", "\t "), ("name", "a" * 201), ("name", None), ("audienceType", "linkedin_search"),
        ("audienceType", None), ("isPinned", True), ("position", 0),
    ],
)  # fmt: skip
def test_a_wrong_field_of_a_new_folder_is_named(alice: Caller, field: str, value: Json) -> None:
    body = {"name": "Spring", "audienceType": "on_demand"} | {field: value}

    answer = alice.post(audiences(alice, "folders"), body)

    assert answer.refusal == (400, "VALIDATION_ERROR")
    assert [problem["name"] for problem in answer.error["fields"]] == [field]


def test_two_folders_may_have_one_name(alice: Caller) -> None:
    create_folder(alice, "Spring")
    create_folder(alice, "Spring")

    assert names(alice) == ["Spring", "Spring"]


def test_folders_that_are_created_at_once_stand_one_behind_the_other(alice: Caller) -> None:
    with ThreadPoolExecutor(10) as many:
        created = list(many.map(lambda number: create_folder(alice, str(number)), range(10)))

    assert sorted(folder["position"] for folder in created) == list(range(10))


# --- navigation ---------------------------------------------------------------------------------------------------


def test_the_navigation_shows_each_audience_once_in_its_folder(alice: Caller) -> None:
    spring, empty = create_folder(alice, "Spring"), create_folder(alice, "Empty")
    newest_first = store_audiences(alice, [1, 2, 3, 4])
    for audience_id in (newest_first[0], newest_first[2]):
        patch(alice, audiences(alice, audience_id), {"folderId": spring["id"]})

    shown = navigation(alice)

    inside = {folder["name"]: [audience["id"] for audience in folder["audiences"]] for folder in shown["folders"]}
    assert inside == {"Spring": [newest_first[0], newest_first[2]], "Empty": []}
    assert [audience["id"] for audience in shown["ungroupedAudiences"]] == [newest_first[1], newest_first[3]]
    assert shown["ungroupedAudiences"][0] == alice.get(audiences(alice, newest_first[1])).data
    assert {audience["folderId"] for audience in shown["folders"][0]["audiences"]} == {spring["id"]}
    assert shown["folders"][1]["id"] == empty["id"]


def test_pinned_folders_come_first_and_otherwise_the_position_counts(alice: Caller) -> None:
    folders = [create_folder(alice, name) for name in "abcd"]

    for folder in (folders[3], folders[1]):
        assert patch(alice, path(alice, folder), {"isPinned": True}).data["isPinned"] is True

    assert names(alice) == ["b", "d", "a", "c"]
    assert [folder["position"] for folder in navigation(alice)["folders"]] == [1, 3, 0, 2]


def test_a_stranger_sees_nothing_of_it(alice: Caller, mallory: Caller) -> None:
    create_folder(alice)
    create(alice, "Directors")

    assert navigation(mallory) == {"folders": [], "ungroupedAudiences": []}


# --- change -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("to", [0, 1, 2, 3, 4, 5, 1000, 2**31 - 1])
@pytest.mark.parametrize("from_", [0, 2, 4])
def test_the_others_make_room_for_a_folder_that_moves(alice: Caller, from_: int, to: int) -> None:
    folders = [create_folder(alice, name) for name in "abcde"]
    expected = [name for name in "abcde" if name != "abcde"[from_]]
    expected.insert(to, "abcde"[from_])

    moved = patch(alice, path(alice, folders[from_]), {"position": to}).data

    assert names(alice) == expected
    assert moved["position"] == min(to, 4)


def test_what_a_change_leaves_out_stays_as_it_is(alice: Caller) -> None:
    created = create_folder(alice, "Spring")
    create_folder(alice, "Autumn")

    renamed = patch(alice, path(alice, created), {"name": "Summer"}).data
    pinned = patch(alice, path(alice, created), {"isPinned": True, "position": 1}).data

    assert renamed == created | {"name": "Summer", "updatedAt": renamed["updatedAt"]}
    assert pinned == renamed | {"isPinned": True, "position": 1, "updatedAt": pinned["updatedAt"]}
    assert created["updatedAt"] <= renamed["updatedAt"] <= pinned["updatedAt"]


@pytest.mark.parametrize(
    ("body", "details"),
    [
        ({}, "body: must name at least one of name, isPinned, position"),
        ({"position": -1}, "position: must be an integer from 0 to 2147483647"),
        ({"position": None}, "position: must be an integer from 0 to 2147483647"),
        ({"position": 2**31}, "position: must be an integer from 0 to 2147483647"),
        ({"position": True}, "position: must be an integer from 0 to 2147483647"),
        ({"isPinned": 1}, "isPinned: must be true or false"),
        ({"name": " "}, "name: must be a text of 1 to 200 characters, not only white space"),
        ({"audienceType": "monitoring"}, "audienceType: unknown field; known are name, isPinned, position"),
    ],
    ids=str,
)
def test_a_wrong_change_is_told_what_would_be_right(alice: Caller, body: Json, details: str) -> None:
    created = create_folder(alice)

    answer = patch(alice, path(alice, created), body)

    assert answer.refusal == (400, "VALIDATION_ERROR")
    assert answer.details == details


def test_folders_that_are_moved_at_once_all_keep_a_place(alice: Caller) -> None:
    folders = [create_folder(alice, name) for name in "abcdef"]

    with ThreadPoolExecutor(6) as many:
        answers = list(many.map(lambda folder: patch(alice, path(alice, folder), {"position": 0}), folders))

    assert {answer.status for answer in answers} == {200}
    assert sorted(names(alice)) == list("abcdef")


# --- delete -------------------------------------------------------------------------------------------------------


def test_the_audiences_of_a_deleted_folder_are_in_none_and_those_behind_it_move_up(alice: Caller) -> None:
    folders = [create_folder(alice, name) for name in "abc"]
    audience_id = create(alice, "Directors")["id"]
    patch(alice, audiences(alice, audience_id), {"folderId": folders[1]["id"]})

    deleted = alice.call("DELETE", path(alice, folders[1]))

    assert (deleted.status, deleted.data) == (200, {"id": folders[1]["id"]})
    assert names(alice) == ["a", "c"]
    assert [audience["id"] for audience in navigation(alice)["ungroupedAudiences"]] == [audience_id]
    assert alice.get(audiences(alice, audience_id)).data["folderId"] is None


def test_a_folder_is_deleted_once(alice: Caller) -> None:
    folder = create_folder(alice)

    statuses = [alice.call("DELETE", path(alice, folder)).status for _ in range(2)]

    assert statuses == [200, 404]
    assert patch(alice, path(alice, folder), {"name": "Back"}).refusal == (404, "NOT_FOUND")


@pytest.mark.parametrize("method", ["PATCH", "DELETE"])
def test_a_folder_of_another_account_group_does_not_exist(alice: Caller, mallory: Caller, method: str) -> None:
    folder = create_folder(alice, "Hers")
    body = b'{"name":"Mine"}' if method == "PATCH" else b"{}"

    foreign, unknown = (
        mallory.call(method, audiences(mallory, "folders", id_), body, content_type="application/json")
        for id_ in (folder["id"], NOBODYS_ID)
    )

    assert foreign.refusal == unknown.refusal == (404, "NOT_FOUND")
    assert foreign.error == unknown.error
    assert names(alice) == ["Hers"]


@pytest.mark.parametrize("folder_id", ["a", "A" * 24, "0" * 25])
@pytest.mark.parametrize("method", ["PATCH", "DELETE"])
def test_a_malformed_folder_id_is_named(alice: Caller, method: str, folder_id: str) -> None:
    body = b'{"name":"Mine"}' if method == "PATCH" else b"{}"

    answer = alice.call(method, audiences(alice, "folders", folder_id), body, content_type="application/json")

    assert answer.refusal == (400, "VALIDATION_ERROR")
    assert [(field["in"], field["name"]) for field in answer.error["fields"]] == [("path", "folderId")]


# --- jobs ---------------------------------------------------------------------------------------------------------


def test_a_job_puts_its_new_audience_into_the_folder_that_its_start_names(alice: Caller) -> None:
    folder = create_folder(alice)

    audience = filled(alice.sandbox(), 2, audienceName="Chiefs", folderId=folder["id"])

    assert audience["folderId"] == folder["id"]
    [shown] = navigation(alice)["folders"]
    assert shown["audiences"] == [audience]


def test_a_start_refuses_a_folder_that_is_not_there_not_ours_or_for_monitors(alice: Caller, mallory: Caller) -> None:
    unknown = alice.start(SEARCH | {"folderId": NOBODYS_ID})
    foreign = alice.start(SEARCH | {"folderId": create_folder(mallory)["id"]})
    for_monitors = alice.start(SEARCH | {"folderId": create_folder(alice, type_="monitoring")["id"]})

    assert unknown.refusal == foreign.refusal == (404, "NOT_FOUND")
    assert unknown.error == foreign.error
    assert for_monitors.refusal == (400, "VALIDATION_ERROR")
    assert for_monitors.details.startswith("folderId: ")
    assert alice.get(alice.jobs).data["items"] == []
