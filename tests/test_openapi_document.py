"""The OpenAPI document says what is there: every route, every error, every example; and nothing that is not."""

import json
import re
from collections import Counter
from typing import Any

import jsonschema_rs
import pytest

from goldpan.api.http_app import served_routes
from goldpan.api.openapi import errors_of
from goldpan.api.routes import ROUTES, Access, Route
from goldpan.api.schema_samples import sample
from goldpan.contract.error_catalogue import ErrorKind
from goldpan.contract.permission_catalogue import Permission
from tests.cast import Caller
from tests.conformance import Sight, check_conformance, document
from tests.gate_requests import ask_as, each_route, needs_key
from tests.raisable import possibly_raised, surely_raised
from tests.service import Json, Service

# The reference documents them where nothing of ours fails so: a client may be prepared, and loses nothing by it.
AS_THE_REFERENCE = {
    ("POST", "/v1/accounts/{accountGroupId}/prospecting", ErrorKind.UPSTREAM_ERROR),
    ("POST", "/v1/accounts/{accountGroupId}/prospecting/{jobId}/cancel", ErrorKind.UPSTREAM_ERROR),
    ("GET", "/v1/accounts/{accountGroupId}/audiences", ErrorKind.UPSTREAM_ERROR),
    ("GET", "/v1/accounts/{accountGroupId}/audiences/{audienceId}", ErrorKind.UPSTREAM_ERROR),
    ("GET", "/v1/accounts/{accountGroupId}/audiences/{audienceId}/prospects", ErrorKind.UPSTREAM_ERROR),
}
OPERATIONS = [
    (method, path, operation) for path, methods in document()["paths"].items() for method, operation in methods.items()
]
each_operation = pytest.mark.parametrize(
    ("method", "path", "operation"), OPERATIONS, ids=[f"{method.upper()} {path}" for method, path, _ in OPERATIONS]
)


def check(schema: Json, value: Json) -> None:
    validator = jsonschema_rs.Draft202012Validator({**schema, "components": document()["components"]})
    assert [str(error) for error in validator.iter_errors(value)] == []


def resolved(thing: Json) -> Json:
    while "$ref" in thing:
        place = document()
        for step in thing["$ref"].removeprefix("#/").split("/"):
            place = place[step]
        thing = place
    return thing


# --- what is served is documented, and the other way round --------------------------------------------------------


def test_the_document_is_of_the_routes_that_are_served_and_no_others() -> None:
    served = {(route.method.lower(), route.path) for route in served_routes()}

    assert {(method, path) for method, path, _ in OPERATIONS} == served
    assert {(route.method, route.path) for route in ROUTES} < {(method.upper(), path) for method, path in served}


def test_the_document_that_is_served_is_the_one_that_answers_are_held_against(service: Service) -> None:
    assert service.call("GET", "/openapi.json").json == document()


@each_operation
def test_what_is_documented_answers(service: Service, method: str, path: str, operation: Json) -> None:
    answer = service.call(method.upper(), re.sub(r"{\w+}", "nothing", path))

    assert answer.status != 405
    assert answer.status != 404 or "{file}" in path
    assert str(answer.status) in operation["responses"]


@pytest.mark.parametrize("route", served_routes(), ids=[f"{route.method} {route.path}" for route in served_routes()])
def test_what_is_documented_as_a_parameter_is_one(alice: Caller, route: Route) -> None:
    documented = document()["paths"][route.path][route.method.lower()]["parameters"]
    names = [parameter["name"] for parameter in documented if parameter["in"] == "query"]

    answer = ask_as(alice, route, query="?" + "&".join(f"{name}=%00" for name in [*names, "surely-unknown"]))

    problems = {problem["name"]: problem["rule"] for problem in answer.error["fields"]}
    assert "unknown parameter" in problems.pop("surely-unknown")
    assert not [rule for rule in problems.values() if "unknown parameter" in rule]


@each_route(lambda _route: True)
def test_every_error_that_a_route_documents_can_be_raised(route: Route) -> None:
    raisable = possibly_raised(route.operation)
    told = {kind for kind in route.errors if (route.method, route.path, kind) not in AS_THE_REFERENCE}

    assert told <= raisable, "take out of the route's row what nothing raises"


@each_route(lambda _route: True)
def test_every_error_that_an_operation_raises_is_documented(route: Route) -> None:
    assert surely_raised(route.operation) <= set(errors_of(route)), "put them into the errors of the route's row"


def test_the_errors_of_the_reference_are_those_of_routes() -> None:
    assert {(method, path) for method, path, _ in AS_THE_REFERENCE} <= {(route.method, route.path) for route in ROUTES}


def test_operations_have_names_of_their_own() -> None:
    names = Counter(operation["operationId"] for _, _, operation in OPERATIONS)

    assert [name for name, count in names.items() if count > 1] == []
    assert all(re.fullmatch("[a-z][A-Za-z]+", name) for name in names)


# --- what is said -------------------------------------------------------------------------------------------------


@each_operation
def test_every_operation_says_what_it_is_and_who_may(method: str, path: str, operation: Json) -> None:
    assert operation["summary"]
    assert operation["tags"]
    assert re.search("permission: `[a-z]+:[a-z]+`|Any valid key|No key is needed", operation["description"])
    assert ("security" in operation) == ("No key is needed" not in operation["description"])


@each_operation
def test_every_parameter_is_described_and_its_example_fits(method: str, path: str, operation: Json) -> None:
    for parameter in operation["parameters"]:
        assert parameter["description"], parameter
        check(parameter["schema"], parameter["example"])


@each_operation
def test_every_answer_has_examples_that_fit_its_schema(method: str, path: str, operation: Json) -> None:
    for status, response in operation["responses"].items():
        assert ("content" in response) == (status not in ("204", "304")), f"{method} {path} {status}"
        for content in response.get("content", {}).values():
            assert content["examples"], f"{method} {path} {status} has no example"
            for example in content["examples"].values():
                check(content["schema"], resolved(example)["value"])


@each_operation
def test_the_example_of_an_error_is_of_its_status(method: str, path: str, operation: Json) -> None:
    statuses = {(kind.code, str(kind.status)) for kind in ErrorKind}
    for status, response in operation["responses"].items():
        if status < "400":
            continue
        for example in response["content"]["application/json"]["examples"].values():
            assert (resolved(example)["value"]["error"]["code"], status) in statuses


@each_operation
def test_every_answer_has_headers_with_examples(method: str, path: str, operation: Json) -> None:
    for response in operation["responses"].values():
        headers = {name: resolved(header) for name, header in response["headers"].items()}
        assert headers["X-Trace-Id"]["required"]
        assert all(header["description"] and header["example"] for header in headers.values())


def test_the_description_has_every_error_and_every_permission() -> None:
    text = document()["info"]["description"]

    assert not [kind for kind in ErrorKind if f"| `{kind.code}` | {kind.status} | {kind.meaning} |" not in text]
    assert not [permission for permission in Permission if f"`{permission}`" not in text]


def test_every_schema_is_used() -> None:
    named = set(re.findall(r'"#/components/schemas/([^"]+)"', json.dumps(document())))

    assert set(document()["components"]["schemas"]) == named


def test_two_routes_that_share_a_schema_mean_the_same() -> None:
    shapes: dict[str, set[Any]] = {}
    for route in served_routes():
        shapes.setdefault(route.success.schema, set()).add((route.success.shapes, route.success.media_types))

    assert [name for name, kinds in shapes.items() if len(kinds) > 1] == []


@pytest.mark.parametrize(
    "schema",
    [
        {"type": "object", "required": ["a"], "properties": {"a": {"type": "integer", "minimum": 3}, "b": {}}},
        {"type": "array", "items": {"anyOf": [{"type": "null"}, {"enum": ["x", "y"]}]}},
        {"type": "string", "minLength": 9, "maxLength": 12},
        {"type": "string", "maxLength": 2},
        {"type": "string", "format": "date-time"},
        {"const": True},
        {"type": "boolean"},
        {"type": "null"},
    ],
)
def test_a_sample_fits_the_schema_that_it_is_made_of(schema: Json) -> None:
    check(schema, sample(schema, {}))


# --- the check of every answer ------------------------------------------------------------------------------------


@pytest.fixture
def sight(alice: Caller) -> Sight:
    """What alice sees of her jobs."""
    return alice.get(alice.jobs).sight


def changed(sight: Sight, **headers: str | None) -> Sight:
    kept = sight.headers | {name.replace("_", "-"): value for name, value in headers.items()}
    return sight._replace(headers={name: value for name, value in kept.items() if value is not None})


JOBS = "/v1/accounts/507f1f77bcf86cd799439011/prospecting"


def test_an_answer_as_documented_passes(sight: Sight) -> None:
    check_conformance("GET", JOBS, sight)
    check_conformance("GET", JOBS + "?limit=5", sight)
    check_conformance("HEAD", JOBS, sight._replace(body=b"", json=None))


def test_an_answer_that_is_not_as_documented_fails(sight: Sight) -> None:
    wrong = [
        sight._replace(status=418),
        sight._replace(status=409),
        changed(sight, x_trace_id=None),
        changed(sight, ratelimit=None),
        changed(sight, x_powered_by="us"),
        changed(sight, content_type="text/html"),
        sight._replace(json=sight.json | {"data": {"items": []}}),
        sight._replace(json=sight.json | {"more": 1}),
    ]

    for answer in wrong:
        with pytest.raises(AssertionError):
            check_conformance("GET", JOBS, answer)


def test_the_answer_of_one_route_does_not_pass_as_that_of_another(sight: Sight) -> None:
    for path in ("/v1/accounts/507f1f77bcf86cd799439011/credits", "/nothing", "/healthz"):
        with pytest.raises(AssertionError):
            check_conformance("GET", path, sight)


@each_route(needs_key)
def test_each_route_passes_the_check_with_a_key_and_without(alice: Caller, route: Route) -> None:
    answers = [ask_as(alice, route), ask_as(alice.revoked(), route)]

    assert answers[1].status == 401
    assert route.permission is Access.ANY_KEY or isinstance(route.permission, Permission)
