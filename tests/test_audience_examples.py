"""Real answers about audiences and folders, and the bodies they take, held against `/openapi.json`."""

from collections.abc import Iterator

import pytest

from tests.audience_world import audiences, being_filled, filled, ids, move, patch, remove
from tests.cast import NOBODYS_ID, Caller
from tests.service import Answer, Json
from tests.test_examples import check, check_answer

ALL = "/v1/accounts/{accountGroupId}/audiences"
ONE = ALL + "/{audienceId}"
PROSPECTS = ONE + "/prospects"
FOLDERS = ALL + "/folders"
FOLDER = FOLDERS + "/{folderId}"
NAVIGATION = ALL + "/navigation"

MOVE = {"action": "move", "prospectIds": [NOBODYS_ID], "toAudienceId": "0" * 24}


@pytest.fixture
def document(alice: Caller) -> Json:
    return alice.service.call("GET", "/openapi.json").json


def answers_of_a_day(alice: Caller) -> Iterator[tuple[str, str, int, Answer]]:
    """Yield (method, path, expected status, answer) of a day's work with audiences."""
    owner = alice.sandbox()
    created = owner.post(audiences(owner), {"name": "Chiefs", "type": "monitoring"})
    yield "POST", ALL, 201, created
    yield "POST", ALL, 409, owner.post(audiences(owner), {"name": "Chiefs", "type": "on_demand"})
    folder = owner.post(audiences(owner, "folders"), {"name": "Spring", "audienceType": "monitoring"})
    yield "POST", FOLDERS, 201, folder
    path, shelf = audiences(owner, created.data["id"]), audiences(owner, "folders", folder.data["id"])
    yield "PATCH", ONE, 200, patch(owner, path, {"folderId": folder.data["id"], "description": "a"})
    yield "PATCH", ONE, 400, patch(owner, path, {})
    yield "PATCH", ONE, 404, patch(owner, path, {"folderId": NOBODYS_ID})
    source = filled(owner, 3)["id"]
    yield "POST", PROSPECTS, 200, move(owner, source, created.data["id"], ids(owner, source)[:2])
    yield "POST", PROSPECTS, 200, remove(owner, source, ids(owner, source))
    yield "GET", ALL, 200, owner.get(audiences(owner) + "?limit=1")
    yield "GET", NAVIGATION, 200, owner.get(audiences(owner, "navigation"))
    yield "PATCH", FOLDER, 200, patch(owner, shelf, {"isPinned": True, "position": 0})
    yield "PATCH", FOLDER, 400, patch(owner, shelf, {})
    busy, job_id = being_filled(owner)
    yield "GET", ONE, 409, owner.get(audiences(owner, busy))
    yield "PATCH", ONE, 409, patch(owner, audiences(owner, busy), {"name": "Busy"})
    yield "DELETE", ONE, 409, owner.call("DELETE", audiences(owner, busy))
    yield "POST", PROSPECTS, 409, remove(owner, busy, [NOBODYS_ID])
    owner.cancel(job_id)
    yield "GET", ONE, 200, owner.get(audiences(owner, busy))
    yield "DELETE", FOLDER, 200, owner.call("DELETE", shelf)
    yield "DELETE", FOLDER, 404, owner.call("DELETE", shelf)
    yield "DELETE", ONE, 200, owner.call("DELETE", path)
    yield "GET", ONE, 404, owner.get(path)
    yield "PATCH", ONE, 404, patch(owner, path, {"name": "Back"})
    yield "POST", PROSPECTS, 404, remove(owner, created.data["id"], [NOBODYS_ID])


def test_the_answers_of_a_day_fit_their_schemas(alice: Caller, document: Json) -> None:
    for method, path, status, answer in answers_of_a_day(alice):
        assert answer.status == status, answer
        check_answer(document, method, path, answer)


@pytest.mark.parametrize(
    ("method", "path", "body", "is_taken"),
    [
        ("PATCH", ONE, {"description": None}, True),
        ("PATCH", ONE, {}, False),
        ("PATCH", ONE, {"name": None}, False),
        ("PATCH", FOLDER, {"position": 0}, True),
        ("PATCH", FOLDER, {}, False),
        ("POST", PROSPECTS, MOVE, True),
        ("POST", PROSPECTS, MOVE | {"action": "remove"}, False),
        ("POST", PROSPECTS, MOVE | {"action": "remove", "toAudienceId": None}, True),
        ("POST", PROSPECTS, MOVE | {"toAudienceId": None}, False),
        ("POST", PROSPECTS, {"action": "move", "prospectIds": [NOBODYS_ID]}, False),
        ("POST", PROSPECTS, {"action": "remove", "prospectIds": [NOBODYS_ID]}, True),
    ],
)
def test_the_schema_of_a_body_takes_what_the_api_takes(
    alice: Caller, document: Json, method: str, path: str, body: Json, is_taken: bool
) -> None:
    schema = document["paths"][path][method.lower()]["requestBody"]["content"]["application/json"]["schema"]
    target = path.replace("{accountGroupId}", alice.account_group_id)
    target = target.replace("{audienceId}", NOBODYS_ID).replace("{folderId}", NOBODYS_ID)

    answer = patch(alice, target, body) if method == "PATCH" else alice.post(target, body)

    assert answer.status == (404 if is_taken else 400)  # what it takes it looks for, and nobody's is not there
    if is_taken:
        check(document, schema, body)
    else:
        with pytest.raises(AssertionError):
            check(document, schema, body)
