"""Cursors: a position in the list that holds while the list changes, and nothing else that decodes."""

import base64
import json
import random

import pytest

from tests.cast import Caller, store_jobs

ALPHABET = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
TIME = "2026-04-28T15:30:00.000Z"
ID = "507f1f77bcf86cd799439011"
RULE = "cursor: must be a nextCursor of this list, unchanged"


def encode(text: str) -> str:
    return base64.urlsafe_b64encode(text.encode()).rstrip(b"=").decode()


def compact(**members: str) -> str:
    return encode(json.dumps(members, separators=(",", ":")))


def check_refused(alice: Caller, cursor: str) -> None:
    answer = alice.get(f"{alice.jobs}?cursor={cursor}")

    assert answer.refusal == (400, "VALIDATION_ERROR"), cursor
    assert answer.details == RULE


# --- walks --------------------------------------------------------------------------------------------------------


def test_the_cursor_is_the_position_of_the_last_item(alice: Caller) -> None:
    store_jobs(alice, range(1_777_390_200_000, 1_777_390_200_003))

    page = alice.get(alice.jobs + "?limit=2").data

    last = page["items"][-1]
    assert page["nextCursor"] == compact(createdAt=last["createdAt"], id=last["jobId"])


@pytest.mark.parametrize("limit", [1, 7, 25])
def test_jobs_of_one_millisecond_come_each_once(alice: Caller, limit: int) -> None:
    newest_first = store_jobs(alice, [1_777_390_200_000] * 60)

    assert [item["jobId"] for item in alice.walk(f"{alice.jobs}?limit={limit}")] == newest_first


def test_a_walk_sees_each_old_job_once_while_new_ones_are_started(alice: Caller) -> None:
    chance = random.Random(7)
    old = store_jobs(alice, [chance.randrange(5, 10) for _ in range(40)])
    seen, cursor = [], ""
    for step in range(100, 200):
        page = alice.get(f"{alice.jobs}?limit={chance.randrange(1, 6)}{cursor}").data
        seen += [item["jobId"] for item in page["items"]]
        store_jobs(alice, [step, step])
        if not page["hasMore"]:
            break
        cursor = f"&cursor={page['nextCursor']}"

    assert seen == old


def test_a_walk_by_status_loses_nobody_while_states_change(alice: Caller) -> None:
    stored = store_jobs(alice, [number // 4 for number in range(20)], "queued")
    first = alice.get(alice.jobs + "?status=queued&limit=5").data

    for job_id in (stored[2], stored[4], stored[7]):  # the last is not yet seen; stored[4] is where the cursor stands
        assert alice.cancel(job_id).status == 200

    rest = alice.get(f"{alice.jobs}?status=queued&limit=50&cursor={first['nextCursor']}").data
    assert [item["jobId"] for item in rest["items"]] == [job_id for job_id in stored[5:] if job_id != stored[7]]


def test_the_job_at_a_cursor_need_not_exist(alice: Caller) -> None:
    newest_first = store_jobs(alice, [1000, 2000, 3000])

    page = alice.get(f"{alice.jobs}?cursor={compact(createdAt='1970-01-01T00:00:02.500Z', id=ID)}").data

    assert [item["jobId"] for item in page["items"]] == newest_first[1:]


def test_a_cursor_without_id_means_everything_strictly_older(alice: Caller) -> None:
    newest_first = store_jobs(alice, [1000, 2000, 2000, 2000, 3000])

    page = alice.get(f"{alice.jobs}?cursor={compact(createdAt='1970-01-01T00:00:02.000Z')}").data

    assert [item["jobId"] for item in page["items"]] == newest_first[-1:]


def test_the_sample_cursor_of_the_reference_is_taken(alice: Caller) -> None:
    answer = alice.get(alice.jobs + "?cursor=eyJjcmVhdGVkQXQiOiIyMDI2LTA0LTI4VDE1OjMwOjAwLjAwMFoifQ")

    assert answer.status == 200


@pytest.mark.parametrize("time", ["0001-01-01T00:00:00.000Z", "9999-12-31T23:59:59.999Z", "2024-02-29T00:00:00.000Z"])
def test_a_cursor_may_stand_anywhere_in_time(alice: Caller, time: str) -> None:
    store_jobs(alice, [1000])

    page = alice.get(f"{alice.jobs}?cursor={compact(createdAt=time, id=ID)}").data

    assert len(page["items"]) == (0 if time.startswith("0001") else 1)


def test_a_cursor_of_another_account_group_shows_nothing_of_it(alice: Caller, mallory: Caller) -> None:
    store_jobs(alice, range(1000, 1010))
    own = store_jobs(mallory, [500])
    cursor = alice.get(alice.jobs + "?limit=2").data["nextCursor"]

    page = mallory.get(f"{mallory.jobs}?cursor={cursor}").data

    assert [item["jobId"] for item in page["items"]] == own


def test_a_cursor_serves_any_page_size_filter_and_view(alice: Caller) -> None:
    newest_first = store_jobs(alice, range(10))
    cursor = alice.get(alice.jobs + "?limit=4").data["nextCursor"]

    for query in (
        "limit=100",
        "status=completed",
        "view=full",
        "status=completed&view=full&limit=50",
        "status=failed,completed",
    ):
        page = alice.get(f"{alice.jobs}?{query}&cursor={cursor}").data
        assert [item["jobId"] for item in page["items"]] == newest_first[4:]


# --- what is no cursor --------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "cursor",
    [compact(createdAt=TIME, id=ID), compact(createdAt=TIME), compact(createdAt="2026-04-28T15:30:00.001Z", id=ID)],
)
def test_a_cursor_has_no_other_spelling(alice: Caller, cursor: str) -> None:
    assert alice.get(f"{alice.jobs}?cursor={cursor}").status == 200

    for letter in ALPHABET.replace(cursor[-1], ""):
        check_refused(alice, cursor[:-1] + letter)
    for padding in ("=", "==", "===", "%3D", "%3D%3D"):
        check_refused(alice, cursor + padding)


@pytest.mark.parametrize("junk", ["%20", "%0A", "%0D%0A", "!", ".", "%00", "%C3%A9", "%2B", "%2F", "*", "A", "-", "_"])
def test_a_cursor_with_junk_in_it_is_refused(alice: Caller, junk: str) -> None:
    cursor = compact(createdAt=TIME, id=ID)

    for position in (0, 1, 30, len(cursor) - 1, len(cursor)):
        check_refused(alice, cursor[:position] + junk + cursor[position:])


def test_a_cursor_with_one_bit_flipped_is_refused_or_another_position(alice: Caller) -> None:
    plain = json.dumps({"createdAt": TIME, "id": ID}, separators=(",", ":")).encode()
    flipped = [
        bytes([*plain[:at], plain[at] ^ 1 << bit, *plain[at + 1 :]]) for at in range(len(plain)) for bit in (0, 5)
    ]

    for changed in flipped:
        cursor = base64.urlsafe_b64encode(changed).rstrip(b"=").decode()
        assert alice.get(f"{alice.jobs}?cursor={cursor}").status in (200, 400), changed


NO_CURSORS: dict[str, str] = {
    "nothing": "",
    "white space": "%20",
    "a word": "abc",
    "a number": "1",
    "plain JSON": '{"createdAt":"' + TIME + '"}',
    "an id": ID,
    "an empty object": encode("{}"),
    "an empty array": encode("[]"),
    "null": encode("null"),
    "a text": encode(f'"{TIME}"'),
    "no JSON": encode("{"),
    "no UTF-8": "_w",
    "an id alone": compact(id=ID),
    "a member more": compact(createdAt=TIME, id=ID, accountGroupId=ID),
    "another name": compact(created_at=TIME, id=ID),
    "members in another order": compact(id=ID, createdAt=TIME),
    "a member twice": encode(f'{{"createdAt":"{TIME}","createdAt":"{TIME}"}}'),
    "a null id": encode(f'{{"createdAt":"{TIME}","id":null}}'),
    "an empty id": compact(createdAt=TIME, id=""),
    "a short id": compact(createdAt=TIME, id=ID[1:]),
    "an id in capitals": compact(createdAt=TIME, id=ID.upper()),
    "an id that is a number": encode(f'{{"createdAt":"{TIME}","id":5}}'),
    "an id that is SQL": compact(createdAt=TIME, id="' OR 1=1 --"),
    "white space in the JSON": encode(f'{{"createdAt": "{TIME}", "id": "{ID}"}}'),
    "a line break after the JSON": encode(f'{{"createdAt":"{TIME}"}}\n'),
    "escapes in the JSON": encode(f'{{"created\\u0041t":"{TIME}"}}'),
    "a number as time": encode('{"createdAt":1777390200000}'),
    "a time without milliseconds": compact(createdAt="2026-04-28T15:30:00Z"),
    "a time with microseconds": compact(createdAt="2026-04-28T15:30:00.000000Z"),
    "a time with an offset": compact(createdAt="2026-04-28T15:30:00.000+00:00"),
    "a time in lower case": compact(createdAt="2026-04-28t15:30:00.000z"),
    "a time with a space": compact(createdAt="2026-04-28 15:30:00.000Z"),
    "a day that is none": compact(createdAt="2026-02-30T15:30:00.000Z"),
    "a leap day that is none": compact(createdAt="2026-02-29T15:30:00.000Z"),
    "an hour that is none": compact(createdAt="2026-04-28T24:00:00.000Z"),
    "a leap second": compact(createdAt="2026-06-30T23:59:60.000Z"),
    "the year 0": compact(createdAt="0000-01-01T00:00:00.000Z"),
    "full-width digits": compact(createdAt="２０２６-04-28T15:30:00.000Z"),
    "the other alphabet": base64.b64encode(b'{"createdAt":"\xff\xfe"}')
    .decode()
    .replace("+", "%2B")
    .replace("/", "%2F"),
    "something very long": encode("a" * 5000),
    "something very deep": encode("[" * 5000),
}


@pytest.mark.parametrize("name", NO_CURSORS)
def test_what_is_no_cursor_is_refused(alice: Caller, name: str) -> None:
    check_refused(alice, NO_CURSORS[name].replace('"', "%22").replace("{", "%7B").replace("}", "%7D"))


def test_every_list_refuses_what_is_no_cursor_and_no_limit(alice: Caller) -> None:
    sandbox = alice.sandbox()
    audience_id = sandbox.ended(sandbox.start_search("cto total:0"))["audienceId"]

    for path in ("/v1/accounts", alice.jobs, f"{alice.group}/audiences/{audience_id}/prospects"):
        for query in ("cursor=abc", "limit=0", "limit=101", "limit=1&limit=1", "page=2"):
            assert alice.get(f"{path}?{query}").refusal == (400, "VALIDATION_ERROR")
        assert alice.get(f"{path}?cursor={compact(createdAt=TIME)}&limit=100").status == 200
