"""What the tests of audiences and folders ask of the API, and audiences with people in them."""

import json

from goldpan.storage import audience_table
from goldpan.storage.audience_table import Audience
from tests.cast import Caller
from tests.service import Answer, Json


def audiences(caller: Caller, *steps: str) -> str:
    """Return the path of all audiences, or of what `steps` lead to."""
    return "/".join([f"{caller.group}/audiences", *steps])


def patch(caller: Caller, target: str, body: Json) -> Answer:
    return caller.call("PATCH", target, json.dumps(body).encode(), content_type="application/json")


def create(caller: Caller, name: str, type_: str = "on_demand", **fields: Json) -> Json:
    """Create an audience that is accepted; return what the API says of it."""
    answer = caller.post(audiences(caller), {"name": name, "type": type_, **fields})
    assert answer.status == 201, answer
    return answer.data


def create_folder(caller: Caller, name: str = "Spring", type_: str = "on_demand") -> Json:
    """Create a folder that is accepted; return what the API says of it."""
    answer = caller.post(audiences(caller, "folders"), {"name": name, "audienceType": type_})
    assert answer.status == 201, answer
    return answer.data


def filled(caller: Caller, people: int, keywords: str = "cto", **fields: Json) -> Json:
    """Let a job of the sandbox find so many people; return its audience."""
    audience_id = caller.ended(caller.start_search(f"{keywords} total:{people}", **fields))["audienceId"]
    return caller.get(audiences(caller, audience_id)).data


def being_filled(caller: Caller, **fields: Json) -> tuple[str, str]:
    """Return (audience id, job id) of a job of the sandbox that will not end soon."""
    job = caller.started(source="linkedin_search", searchUrl=SLOW_SEARCH, **fields)
    return job["audienceId"], job["jobId"]


SLOW_SEARCH = "https://www.linkedin.com/search/results/people/?keywords=cto%20total%3A100%20pace%3A60000"


def ids(caller: Caller, audience_id: str) -> list[str]:
    """Return the ids of the people in an audience, the last added first."""
    return [person["id"] for person in caller.prospects(audience_id)]


def move(caller: Caller, from_id: str, to_id: str, prospect_ids: list[str]) -> Answer:
    body = {"action": "move", "prospectIds": prospect_ids, "toAudienceId": to_id}
    return caller.post(audiences(caller, from_id, "prospects"), body)


def remove(caller: Caller, from_id: str, prospect_ids: list[str]) -> Answer:
    return caller.post(audiences(caller, from_id, "prospects"), {"action": "remove", "prospectIds": prospect_ids})


def navigation(caller: Caller) -> Json:
    return caller.get(audiences(caller, "navigation")).data


def store_audiences(caller: Caller, created_ms: list[int]) -> list[str]:
    """Write audiences into the table and return their ids in the order of the list: newest first."""
    toolbox, group = caller.service.toolbox, caller.account_group_id
    stored = [
        Audience(toolbox.new_id(), group, f"stored {n}", "on_demand", False, 0, 0, at)
        for n, at in enumerate(created_ms)
    ]
    with toolbox.database.write() as tx:
        for audience in stored:
            audience_table.add(tx, group, audience)
    newest_first = sorted(stored, key=lambda audience: (audience.created_ms, audience.id), reverse=True)
    return [audience.id for audience in newest_first]
