"""The examples of the reference and our own answers, held against the schemas of `/openapi.json`."""

import json
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from goldpan.api.routes import ROUTES
from goldpan.contract.permission_catalogue import Permission
from tests.cast import NOBODYS_ID, Caller, new_caller, search_url
from tests.gate_requests import ask_as, each_route, needs_key, target
from tests.service import Answer, Json, Service, until

EXAMPLES = {
    "list-200.json": "ProspectingJobListSuccessResponse",
    "list-400.json": "ValidationErrorResponse",
    "list-401.json": "ErrorResponse",
    "list-403.json": "ErrorResponse",
    "list-429.json": "ErrorResponse",
    "list-500.json": "ErrorResponse",
}
SEARCH = {"source": "linkedin_search", "searchUrl": search_url("cto total:30")}


@pytest.fixture
def document(service: Service) -> Json:
    return service.call("GET", "/openapi.json").json


def check(document: Json, schema: Json, value: Json) -> None:
    """Fail with everything that is wrong in `value`."""
    validator = Draft202012Validator({**schema, "components": document["components"]})
    assert [error.message for error in validator.iter_errors(value)] == []


def named(name: str) -> Json:
    return {"$ref": f"#/components/schemas/{name}"}


def schema_of(document: Json, method: str, path: str, status: int) -> Json:
    """Return the schema of one answer of one route; what is not documented fails the test."""
    responses = document["paths"][path][method.lower()]["responses"]
    assert str(status) in responses, f"{method} {path} answers {status}"
    return responses[str(status)]["content"]["application/json"]["schema"]


def check_answer(document: Json, method: str, path: str, answer: Answer) -> None:
    check(document, schema_of(document, method, path, answer.status), answer.json)


# --- the document -------------------------------------------------------------------------------------------------


def test_the_document_is_openapi_3_1_of_every_route(document: Json) -> None:
    assert document["openapi"].startswith("3.1.")
    described = {(method.upper(), path) for path, methods in document["paths"].items() for method in methods}
    assert described >= {(route.method, route.path) for route in ROUTES}


def test_every_schema_is_a_json_schema_and_every_reference_leads_somewhere(document: Json) -> None:
    for schema in document["components"]["schemas"].values():
        Draft202012Validator.check_schema(schema)
    for reference in re.findall(r'"#/([^"]+)"', json.dumps(document)):
        place = document
        for step in reference.split("/"):
            place = place[step]


def test_every_example_of_a_body_fits_its_schema(document: Json) -> None:
    for methods in document["paths"].values():
        for operation in methods.values():
            for content in operation.get("requestBody", {}).get("content", {}).values():
                for example in content.get("examples", {}).values():
                    check(document, content["schema"], example["value"])


@pytest.mark.parametrize("file", EXAMPLES)
def test_the_examples_of_the_reference_fit_our_schemas_of_the_same_name(document: Json, file: str) -> None:
    example = json.loads((Path(__file__).parent / "examples" / file).read_text())

    check(document, named(EXAMPLES[file]), example)


def test_every_example_of_the_reference_is_held() -> None:
    assert {path.name for path in (Path(__file__).parent / "examples").iterdir()} == set(EXAMPLES)


@pytest.mark.parametrize(
    "change",
    [
        {"success": False},
        {"error": {}},
        {"more": 1},
        {"traceId": None},
        {"data": None},
        {"data": {"items": [], "nextCursor": None}},
        {"data": {"items": [{}], "nextCursor": None, "hasMore": False}},
        {"data": {"items": [], "nextCursor": None, "hasMore": False, "total": 0}},
    ],
)
def test_the_schema_of_the_list_refuses_what_the_list_never_is(document: Json, change: Json) -> None:
    example = json.loads((Path(__file__).parent / "examples" / "list-200.json").read_text())

    with pytest.raises(AssertionError):
        check(document, named("ProspectingJobListSuccessResponse"), example | change)


@pytest.mark.parametrize(
    ("path", "method", "schema"),
    [
        ("/v1/accounts/{accountGroupId}/prospecting", "get", "ProspectingJobListSuccessResponse"),
        ("/v1/accounts/{accountGroupId}/prospecting", "post", "ProspectingJobStartSuccessResponse"),
        ("/v1/accounts/{accountGroupId}/prospecting/{jobId}", "get", "ProspectingJobStatusSuccessResponse"),
        ("/v1/accounts/{accountGroupId}/prospecting/{jobId}/cancel", "post", "ProspectingJobCancelSuccessResponse"),
        (
            "/v1/accounts/{accountGroupId}/audiences/{audienceId}/prospects",
            "get",
            "AudienceProspectListSuccessResponse",
        ),
        ("/v1/accounts/{accountGroupId}/audiences", "get", "AudienceListSuccessResponse"),
        ("/v1/accounts/{accountGroupId}/audiences", "post", "AudienceSuccessResponse"),
        ("/v1/accounts/{accountGroupId}/audiences/{audienceId}", "get", "AudienceSuccessResponse"),
        ("/v1/accounts/{accountGroupId}/audiences/navigation", "get", "AudienceNavigationSuccessResponse"),
        ("/v1/accounts/{accountGroupId}/audiences/folders", "post", "AudienceFolderSuccessResponse"),
    ],
)
def test_the_schemas_bear_the_names_of_the_reference(document: Json, path: str, method: str, schema: str) -> None:
    responses = document["paths"][path][method]["responses"]
    successes = [responses[status] for status in responses if status.startswith("2")]

    assert [answer["content"]["application/json"]["schema"] for answer in successes] == [named(schema)] * len(successes)
    assert responses["400"]["content"]["application/json"]["schema"] == named("ValidationErrorResponse")
    for status in ("401", "403", "429", "500"):
        assert responses[status]["content"]["application/json"]["schema"] == named("ErrorResponse")


@pytest.mark.parametrize(
    ("path", "method"),
    [
        ("/v1/accounts/{accountGroupId}/prospecting", "post"),
        ("/v1/accounts/{accountGroupId}/prospecting/{jobId}/cancel", "post"),
        ("/v1/accounts/{accountGroupId}/audiences/{audienceId}/prospects", "get"),
        ("/v1/accounts/{accountGroupId}/audiences", "get"),
        ("/v1/accounts/{accountGroupId}/audiences/{audienceId}", "get"),
        ("/v1/accounts/{accountGroupId}/sales-navigator/saved-searches", "get"),
        ("/v1/accounts/{accountGroupId}/sales-navigator/lead-lists", "get"),
    ],
)
def test_a_provider_that_fails_is_documented_where_the_reference_does(document: Json, path: str, method: str) -> None:
    response = document["paths"][path][method]["responses"]["502"]

    assert response["content"]["application/json"]["schema"] == named("ErrorResponse")


# --- real answers -------------------------------------------------------------------------------------------------


@each_route(needs_key)
def test_the_refusals_of_every_route_fit_their_schemas(alice: Caller, document: Json, route: Any) -> None:
    others = [permission for permission in Permission if permission != route.permission]
    method, path = route.method, target(route, alice.account_group_id)
    answers = [
        ask_as(alice.revoked(), route),
        ask_as(alice, route, query="?unknown=1"),
        alice.call(method, path + "?a=" + "a" * 9000),
        alice.call(method, path, x_large="a" * 17_000),
    ]
    if isinstance(route.permission, Permission):
        answers += [ask_as(alice.with_key(*others), route), ask_as(alice, route, account_group_id="malformed")]
    if method == "POST":
        answers += [
            alice.call(method, path, b" " * 1_100_000, content_type="application/json"),
            alice.call(method, path, b"{}", content_type="text/plain"),
        ]

    for answer in answers:
        check_answer(document, method, route.path, answer)
    assert {answer.status for answer in answers} >= {401, 400, 414, 431}


JOBS = "/v1/accounts/{accountGroupId}/prospecting"
JOB = JOBS + "/{jobId}"
CANCEL = JOB + "/cancel"
LOOKUP = "/v1/accounts/{accountGroupId}/prospects/by-provider-id/{providerId}"
SALES_NAVIGATOR = "/v1/accounts/{accountGroupId}/sales-navigator"
FILES = "/v1/accounts/{accountGroupId}/files"
PROSPECTS = "/v1/accounts/{accountGroupId}/audiences/{audienceId}/prospects"


def answers_of_a_day(alice: Caller) -> Iterator[tuple[str, str, int, Answer]]:
    """Yield (method, path, expected status, answer) of a day's work with the API."""
    sandbox = alice.sandbox()
    yield "GET", JOBS, 200, alice.get(alice.jobs)
    started = sandbox.start(**SEARCH, searchEmails=True, idempotency_key="a")
    audience = f"{alice.group}/audiences/{started.data['audienceId']}/prospects"
    yield "POST", JOBS, 202, started
    yield "GET", PROSPECTS, 409, alice.get(audience)
    yield "GET", JOB, 200, alice.get(f"{alice.jobs}/{started.data['jobId']}")
    sandbox.ended(started.data["jobId"])
    yield "GET", JOB, 200, alice.get(f"{alice.jobs}/{started.data['jobId']}")
    yield "POST", JOBS, 200, sandbox.start(**SEARCH, searchEmails=True, idempotency_key="a")
    yield "POST", JOBS, 409, sandbox.start(**SEARCH, idempotency_key="a")
    yield "POST", CANCEL, 422, alice.cancel(started.data["jobId"])
    yield "POST", CANCEL, 404, alice.cancel(NOBODYS_ID)
    yield "POST", CANCEL, 200, alice.cancel(sandbox.start_search("cto pace:60000"))
    yield "POST", JOBS, 402, alice.start(**SEARCH, maxResults=1000, searchEmails=True)
    yield "POST", JOBS, 404, alice.start(**SEARCH, audienceId=NOBODYS_ID)
    failed = sandbox.ended(sandbox.start_search("cto disconnect@2"))
    yield "GET", JOB, 200, alice.get(f"{alice.jobs}/{failed['jobId']}")
    yield "GET", JOBS, 200, alice.get(alice.jobs + "?limit=2")
    yield "GET", JOBS, 200, alice.get(alice.jobs + "?view=full&limit=2")
    yield "GET", PROSPECTS, 200, alice.get(audience)
    yield "GET", PROSPECTS, 404, alice.get(f"{alice.group}/audiences/{NOBODYS_ID}/prospects")
    yield "GET", "/v1/accounts", 200, alice.get("/v1/accounts")
    lookup = f"{alice.group}/prospects/by-provider-id"
    person = alice.get(audience).data["items"][0]
    yield "GET", LOOKUP, 200, alice.get(f"{lookup}/{person['providerId']}")
    yield "GET", LOOKUP, 200, alice.get(f"{lookup}/nobody")
    yield "GET", LOOKUP, 422, alice.get(f"{lookup}/no%20body")
    for kind in ("saved-searches", "lead-lists"):
        yield "GET", f"{SALES_NAVIGATOR}/{kind}", 200, sandbox.get(f"{alice.group}/sales-navigator/{kind}")
    people = b"Name,LinkedIn Url\nAda,linkedin.com/in/ada\nBob,javascript:alert(1)\n"
    file = alice.call("POST", f"{alice.group}/files", people, content_type="text/csv")
    yield "POST", FILES, 201, file
    yield "POST", FILES, 400, alice.call("POST", f"{alice.group}/files", b"", content_type="text/csv")
    yield "GET", FILES + "/{fileId}", 200, alice.get(f"{alice.group}/files/{file.data['id']}")
    yield "POST", JOBS, 202, alice.start(source="file_upload", fileId=file.data["id"])
    yield "POST", JOBS, 404, alice.start(source="file_upload", fileId=NOBODYS_ID)


def test_the_answers_of_a_day_fit_their_schemas(alice: Caller, document: Json) -> None:
    for method, path, status, answer in answers_of_a_day(alice):
        assert answer.status == status, answer
        check_answer(document, method, path, answer)


@pytest.mark.parametrize("path", ["/healthz", "/readyz"])
def test_health_checks_fit_their_schemas(service: Service, document: Json, path: str) -> None:
    check_answer(document, "GET", path, service.call("GET", path))


@each_route(needs_key)
def test_a_refusal_for_too_many_requests_fits_its_schema(tight_service: Service, route: Any) -> None:
    alice = new_caller(tight_service, "alice")
    document = tight_service.call("GET", "/openapi.json").json

    refused = until(lambda: answer if (answer := ask_as(alice, route)).status == 429 else None)

    check_answer(document, route.method, route.path, refused)


@pytest.mark.parametrize(
    "refuse", [lambda alice: alice.get("/nothing"), lambda alice: alice.call("DELETE", alice.jobs)], ids=["404", "405"]
)
def test_refusals_outside_of_the_routes_fit_the_schema_of_errors(
    alice: Caller, document: Json, refuse: Callable[[Caller], Answer]
) -> None:
    check(document, named("ErrorResponse"), refuse(alice).json)


def test_bodies_that_the_api_takes_fit_their_schema_and_others_do_not(alice: Caller, document: Json) -> None:
    content = document["paths"][JOBS]["post"]["requestBody"]["content"]["application/json"]
    taken = [SEARCH, {"type": "url_upload", "profileUrls": ["linkedin.com/in/amara"]}, SEARCH | {"maxResults": 5}]
    refused = [{}, {"source": "x"}, SEARCH | {"maxResults": 0}, SEARCH | {"foo": 1}, [], SEARCH | {"audienceId": "x"}]

    for body in taken:
        check(document, content["schema"], body)
        assert alice.sandbox().start(body).status == 202
    for body in refused:
        assert alice.start(json.dumps(body).encode()).status == 400
        with pytest.raises(AssertionError):
            check(document, content["schema"], body)
