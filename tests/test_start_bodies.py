"""The JSON of a body, read strictly: whatever two parsers could read differently, or a database refuse, is a 400."""

import json
from typing import Any

import pytest

from tests.cast import Caller, search_url

URL = json.dumps(search_url("cto"))
START = '{"source":"linkedin_search","searchUrl":' + URL
VALID = START + "}"


def nested(depth: int, opening: str = "[", closing: str = "]") -> str:
    return opening * depth + closing * depth


NOT_JSON: dict[str, bytes] = {
    "nothing": b"",
    "white space": b" \n",
    "half a body": VALID[:-1].encode(),
    "two bodies": (VALID + VALID).encode(),
    "something behind the body": (VALID + "x").encode(),
    "single quotes": VALID.replace('"', "'").encode(),
    "a trailing comma": (START + ",}").encode(),
    "a comment": (START + "/* */}").encode(),
    "a name without quotes": b'{source:"linkedin_search"}',
    "a byte order mark": b"\xef\xbb\xbf" + VALID.encode(),
    "UTF-16": VALID.encode("utf-16"),
    "UTF-32": VALID.encode("utf-32-le"),
    "Latin-1": (START + ',"audienceName":"Zoë"}').encode("latin-1"),
    "a broken UTF-8 sequence": (START + ',"audienceName":"').encode() + b"\xf0\x9f\x98" + b'"}',
    "an overlong UTF-8 sequence": (START + ',"audienceName":"').encode() + b"\xc0\xaf" + b'"}',
    "a surrogate in UTF-8": (START + ',"audienceName":"').encode() + b"\xed\xa0\x80" + b'"}',
    "a form": b"source=linkedin_search",
    "NaN": (START + ',"maxResults":NaN}').encode(),
    "Infinity": (START + ',"maxResults":Infinity}').encode(),
    "minus Infinity": (START + ',"maxResults":-Infinity}').encode(),
    "NaN in a list": (START + ',"urls":[NaN]}').encode(),
    "a number too large": (START + ',"maxResults":1e999}').encode(),
    "a number too small": (START + ',"maxResults":-1e999}').encode(),
    "5,000 digits": (START + ',"maxResults":' + "9" * 5000 + "}").encode(),
    "5,000 digits below zero": (START + ',"maxResults":-' + "9" * 5000 + "}").encode(),
    "a leading zero": (START + ',"maxResults":05}').encode(),
    "a plus sign": (START + ',"maxResults":+5}').encode(),
    "a hexadecimal number": (START + ',"maxResults":0x5}').encode(),
    "half a surrogate pair": (START + r',"audienceName":"\ud83d"}').encode(),
    "the other half of a surrogate pair": (START + r',"audienceName":"\ude80 a"}').encode(),
    "half a surrogate pair in a name": (START + r',"\ud83d":"a"}').encode(),
    "a NUL escape": (START + r',"audienceName":"a\u0000b"}').encode(),
    "a NUL escape in a name": (START + r',"a\u0000":1}').encode(),
    "a NUL": (START + ',"audienceName":"a\0b"}').encode(),
    "a line break in a text": (START + ',"audienceName":"a\nb"}').encode(),
    "a member twice": (START + ',"searchUrl":' + URL + "}").encode(),
    "a member twice, spelled otherwise": (START + ',"se\\u0061rchUrl":' + URL + "}").encode(),
    "a member twice, deep inside": (START + ',"urls":[{"a":1,"a":1}]}').encode(),
    "33 levels of lists": (START + ',"urls":' + nested(32) + "}").encode(),
    "33 levels of objects": ('{"a":' * 33 + "1" + "}" * 33).encode(),
    "1,000 levels": nested(1000).encode(),
    "100,000 levels": nested(100_000).encode(),
    "100,000 levels of objects": ('{"a":' * 100_000).encode(),
    "100,000 levels in a field": (START + ',"urls":' + nested(100_000) + "}").encode(),
    "an array": b"[]",
    "an array of a body": ("[" + VALID + "]").encode(),
    "a text": b'"a"',
    "a number": b"5",
    "true": b"true",
    "null": b"null",
}


@pytest.mark.parametrize("name", NOT_JSON)
def test_what_is_no_json_object_is_refused_and_nothing_is_stored(alice: Caller, name: str) -> None:
    answer = alice.start(NOT_JSON[name])

    assert answer.refusal == (400, "VALIDATION_ERROR")
    assert answer.details.startswith("body: ")
    assert len(answer.details) < 200
    assert alice.get(alice.jobs).data["items"] == []


def test_32_levels_are_read(alice: Caller) -> None:
    answer = alice.start((START + ',"urls":' + nested(31) + "}").encode())

    assert answer.refusal == (400, "VALIDATION_ERROR")
    assert answer.error["fields"][0]["name"].startswith("urls")


@pytest.mark.parametrize("digits", [19, 20])
def test_a_number_of_many_digits_is_no_crash(alice: Caller, digits: int) -> None:
    sandbox = alice.sandbox()
    number = "9" * digits

    search = sandbox.start((START + f',"maxResults":{number}}}').encode())
    upload = sandbox.start(
        f'{{"source":"url_upload","urls":["linkedin.com/in/a-b"],"maxResults":{number}}}'.encode(), idempotency_key="a"
    )

    assert search.refusal == (400, "VALIDATION_ERROR")
    assert upload.status in (202, 400)


@pytest.mark.parametrize(
    "body",
    [
        f" \r\n\t{VALID}\n ",
        VALID.replace(":", " : ").replace("https : ", "https:"),
        START.replace("source", r"\u0073ource") + "}",
        START + r',"audienceName":"\ud83d\ude80 \u00e9 🚀"}',
        START + ',"maxResults":null,"searchEmails":false,"maxCredits":null,"urls":null,"audienceId":null}',
    ],
)
def test_any_spelling_of_the_same_json_is_read(alice: Caller, body: str) -> None:
    assert alice.sandbox().start(body.encode()).status == 202


@pytest.mark.parametrize("target", ["cancel", "start"])
def test_a_route_names_what_it_does_not_take(alice: Caller, target: str) -> None:
    job_id = alice.started(source="linkedin_search", searchUrl=search_url("cto"))["jobId"]
    path = alice.jobs if target == "start" else f"{alice.jobs}/{job_id}/cancel"

    answer = alice.post(path, {"reason": "a"})

    assert answer.refusal == (400, "VALIDATION_ERROR")
    assert "reason" in {field["name"] for field in answer.error["fields"]}


@pytest.mark.parametrize("body", [b"[]", b"{", b"null", b'{"a":1}'])
def test_a_route_without_a_body_takes_none_but_an_empty_object(alice: Caller, body: bytes) -> None:
    job_id = alice.sandbox().start_search("cto pace:60000")

    refused = alice.post(f"{alice.jobs}/{job_id}/cancel", body)
    taken = alice.post(f"{alice.jobs}/{job_id}/cancel", {})

    assert refused.refusal == (400, "VALIDATION_ERROR")
    assert taken.status == 200


# --- what is said of a wrong field --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "value", "rule"),
    [
        ("source", "x", "must be one of file_upload, linkedin_search, post_commenters, sales_navigator, url_upload"),
        ("searchUrl", 5, "must be a text of at most 8192 characters"),
        ("savedSearchId", "", "must be a text of 1 to 64 characters"),
        ("urls", [], "must be a list of 1 to 1000 texts"),
        ("urls", "linkedin.com/in/amara", "must be a list of 1 to 1000 texts"),
        ("urls[1]", ["linkedin.com/in/amara", 5], "must be a text"),
        ("maxResults", 1.5, "must be an integer from 1 to 2147483647"),
        ("maxResults", "5", "must be an integer from 1 to 2147483647"),
        ("maxResults", 0, "must be an integer from 1 to 2147483647"),
        ("maxCredits", 2**31, "must be an integer from 1 to 2147483647"),
        ("searchEmails", 1, "must be true or false"),
        ("searchEmails", None, "must be true or false"),
        ("audienceId", "x", "must be 24 lower-case hex digits"),
        ("audienceName", " ", "must be a text of 1 to 200 characters, not only white space"),
    ],
)
def test_a_wrong_field_is_told_in_plain_words_what_it_takes(alice: Caller, name: str, value: Any, rule: str) -> None:
    answer = alice.start({"source": "linkedin_search", "searchUrl": search_url("cto"), name.partition("[")[0]: value})

    assert answer.error["fields"] == [{"in": "body", "name": name, "rule": rule}]
    assert answer.details == f"{name}: {rule}"


def test_a_route_without_a_body_says_that_it_knows_no_field(alice: Caller) -> None:
    job_id = alice.sandbox().start_search("cto pace:60000")

    answer = alice.post(f"{alice.jobs}/{job_id}/cancel", {"a": 1, "b": 1})

    assert answer.details == "a: unknown field; known are none; b: unknown field"


def test_a_body_of_very_many_mistakes_gets_a_short_answer(alice: Caller) -> None:
    body = b"{" + b",".join(b'"a%d":1' % number for number in range(75_000)) + b"}"

    answer = alice.start(body)

    assert answer.refusal == (400, "VALIDATION_ERROR")
    assert len(answer.error["fields"]) == 20
    assert answer.details.endswith("; and more")
    assert len(answer.body) < 5_000


def test_a_list_of_very_many_wrong_urls_gets_a_short_answer(alice: Caller) -> None:
    answer = alice.start(source="url_upload", urls=["https://example.com/" + "a" * 500] * 1000)

    assert answer.refusal == (400, "VALIDATION_ERROR")
    assert [field["name"] for field in answer.error["fields"]] == [f"urls[{position}]" for position in range(20)]
    assert len(answer.body) < 10_000


@pytest.mark.parametrize("number", ["5.0", "5e0", "0.5e1", "50e-1"])
def test_an_integer_may_be_written_as_any_number_of_json(alice: Caller, number: str) -> None:
    alice.import_people(["amara,CTO"])
    first = alice.start((START + ',"maxResults":5}').encode(), idempotency_key="a")

    answer = alice.start((START + ',"maxResults":' + number + "}").encode(), idempotency_key="a")

    assert answer.data["jobId"] == first.data["jobId"]


@pytest.mark.parametrize("number", ["1e30", "9007199254740993.0", "5.5", "1e-1"])
def test_a_number_that_is_no_integer_or_not_exactly_one_is_refused(alice: Caller, number: str) -> None:
    answer = alice.start((START + ',"maxResults":' + number + "}").encode())

    assert answer.refusal == (400, "VALIDATION_ERROR")
    assert answer.error["fields"][0]["name"] == "maxResults"
