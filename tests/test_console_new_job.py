"""Starting a job from the console: what a form means, what stands beside its fields, and that it starts one job."""

import re
import time
from concurrent.futures import ThreadPoolExecutor

import pytest

from goldpan.console.new_job_form import MOST_FORM_BYTES, read_draft
from goldpan.contract.paging import MAX_LIMIT
from tests.audience_world import store_audiences
from tests.cast import NOBODYS_ID, Caller, new_caller, search_url
from tests.console_world import HOSTILE_NAME, Guest, pages, signed_in
from tests.service import Answer, Service

POST_URL = "https://www.linkedin.com/feed/update/urn:li:activity:7100000000000000000/"


@pytest.fixture
def alice(service: Service) -> Caller:
    return new_caller(service, "Alice & Sons")


@pytest.fixture
def guest(service: Service) -> Guest:
    return signed_in(service, "alice")


def text(answer: Answer, status: int = 200) -> str:
    assert answer.status == status, answer
    return answer.body.decode().replace("&#39;", "'").replace("&#34;", '"').replace("&amp;", "&")


def form_id(alice: Caller, guest: Guest) -> str:
    found = re.search('name="form_id" value="([0-9a-f]{24})"', text(guest.get(pages(alice, "jobs", "new"))))
    assert found
    return found[1]


def preview(alice: Caller, guest: Guest, **fields: str) -> str:
    return text(guest.post(pages(alice, "jobs", "new", "preview"), fields))


def error(page: str, name: str) -> str:
    found = re.search(rf'id="{name}-error"[^>]*>(?:<svg.*?</svg><span>(.*?)</span>)?</p>', page, re.DOTALL)
    assert found, name
    return found[1] or ""


def sentences(page: str) -> list[str]:
    found = re.search('<ul class="lines">(.*?)</ul>', page, re.DOTALL)
    assert found
    return re.findall("<li>(.*?)</li>", found[1])


def job_ids(alice: Caller) -> list[str]:
    return [job["jobId"] for job in alice.walk(alice.jobs)]


@pytest.mark.parametrize(
    ("pasted", "kind", "words"),
    [
        (search_url("cto"), "LinkedIn search", "LinkedIn search: keywords cto"),
        ("https://www.linkedin.com/sales/search/people?savedSearchId=77", "Sales Navigator", "saved search 77"),
        ("https://www.linkedin.com/in/ada/", "List of profiles", "1 profile"),
        ("linkedin.com/in/ada\nhttps://www.linkedin.com/in/grace, www.linkedin.com/in/ada", "List", "2 profiles, 1"),
        ("https://www.linkedin.com/feed/update/urn:li:activity:7100000000000000000/", "Commenters", "posted on"),
    ],
)
def test_what_is_pasted_is_told_in_plain_words(alice: Caller, guest: Guest, pasted: str, kind: str, words: str) -> None:
    page = preview(alice, guest, pasted=pasted)

    assert kind in page
    assert words in page
    assert error(page, "pasted") == ""
    assert f"goldpan jobs start --account {alice.account_group_id}" in page


@pytest.mark.parametrize("separator", [" ", ",", "\n", "\t;", "a "])
def test_the_largest_form_is_read_within_a_moment(separator: str) -> None:
    pasted = "x" + separator * (MOST_FORM_BYTES // len(separator)) + "x"

    started = time.process_time()
    draft = read_draft({"pasted": pasted})

    assert time.process_time() - started < 1
    assert "pasted" in draft.errors


@pytest.mark.parametrize("page", ["preview", "estimate"])
def test_nothing_that_a_viewer_sends_is_read(alice: Caller, service: Service, page: str) -> None:
    guest = signed_in(service, "val", "viewer", alice)

    answer = guest.post(pages(alice, "jobs", "new", page), {"pasted": search_url("cto")})

    assert answer.status == 403
    assert "cto" not in answer.body.decode()


@pytest.mark.parametrize(
    ("fields", "name", "words"),
    [
        ({"pasted": "ada lovelace"}, "pasted", "This is no address of LinkedIn."),
        ({"pasted": "https://linkedin.com.evil.example/in/ada"}, "pasted", "linkedin"),
        (
            {"pasted": "https://www.linkedin.com/in/ada\nhttps://example.com/in/x"},
            "pasted",
            "Address 2, “https://example.com/in/x”, is no profile. `example.com` is not LinkedIn; a profile",
        ),
        ({"pasted": "linkedin.com/in/ada, foo"}, "pasted", "Address 2, “foo”, is no profile."),
        ({"pasted": "linkedin.com/in/ada foo, bar\nlinkedin.com/in/grace"}, "pasted", "Address 2, “foo, bar”, is no"),
        ({"pasted": "linkedin.com/in/a\n" + "foo\n" * 5}, "pasted", "There are more like it."),
        (
            {"pasted": search_url("cto") + "&geoUrn=%5B%22105015875%22%5D&network=%5B%22F%22%5D"},
            "pasted",
            "The filter “Locations” is a number of LinkedIn's own (105015875), which your own people files do not know:"
            " remove it from the search on LinkedIn, or tick “Try it in the sandbox” below. The filter “Connections”",
        ),
        ({"pasted": POST_URL}, "pasted", "connect a provider that does, or tick “Try it in the sandbox” below."),
        ({"pasted": search_url("cto"), "max_results": "1001"}, "max_results", "It must be at most 1000, the cap of"),
        ({"pasted": HOSTILE_NAME}, "pasted", "is no address of LinkedIn"),
        ({"pasted": search_url("cto"), "chosen": "search:1"}, "chosen", "not both"),
        ({"chosen": "file:1"}, "chosen", "no such choice"),
        ({"pasted": search_url("cto"), "max_results": "0"}, "max_results", "whole number"),
        ({"pasted": search_url("cto"), "max_credits": "1e3"}, "max_credits", "whole number"),
        (
            {"pasted": search_url("cto total:x"), "sandbox": "1"},
            "pasted",
            "`total:x` is no word of its script: the sandbox",
        ),
        ({"pasted": search_url("cto"), "audience_name": "x" * 201}, "audience_name", "200 letters"),
        ({"pasted": search_url("cto"), "audience": "1"}, "audience", "no such audience"),
    ],
)
def test_what_is_wrong_stands_beside_its_field(
    alice: Caller, guest: Guest, fields: dict[str, str], name: str, words: str
) -> None:
    answer = guest.post(pages(alice, "jobs", "new"), {**fields, "form_id": form_id(alice, guest)})

    told = error(text(answer, 400), name)
    assert words in told
    assert re.fullmatch("[A-Z“`].*[.…]", told, re.DOTALL), told
    assert told == error(text(guest.post(pages(alice, "jobs", "new", "estimate"), fields)), name)
    assert f'{name}-error" aria-invalid="true"' in answer.body.decode()
    assert "<script>alert" not in answer.body.decode()
    assert job_ids(alice) == []


def test_an_estimate_says_how_many_and_what_it_costs(alice: Caller, guest: Guest) -> None:
    alice.import_people(f"ada-{number},CTO" for number in range(30))
    fields = {"pasted": search_url("cto"), "max_results": "20"}

    page = text(guest.post(pages(alice, "jobs", "new", "estimate"), fields))

    assert sentences(page) == [
        "The source holds 30 people.",
        "The job takes about 20 people: 20 new and 0 known already.",
        "It stops at the number of people that you asked for, 20.",
        "It sets at most 20 credits of your 1,000 aside when it starts. It spends about 20, and the rest comes back.",
        "Of your quota of 24 hours, 2,500 of 2,500 people are left.",
    ]
    assert re.search(r'id="start-button" class="primary">', page)


def test_an_estimate_with_a_ceiling_of_credits_does_not_contradict_itself(alice: Caller, guest: Guest) -> None:
    alice.import_people(f"ada-{number},CTO" for number in range(30))
    known = alice.started(source="url_upload", urls=[f"linkedin.com/in/ada-{number}" for number in range(10)])
    alice.ended(known["jobId"])
    fields = {"pasted": search_url("cto"), "max_credits": "8"}

    told = sentences(text(guest.post(pages(alice, "jobs", "new", "estimate"), fields)))

    assert told == [
        "The source holds 30 people.",
        "The job takes about 12 people: 8 new and 4 known already.",
        "It stops after 8 new people, when the credits that you allow it are spent.",
        "It sets at most 8 credits of your 990 aside when it starts. It spends about 8, and the rest comes back.",
        "Of your quota of 24 hours, 2,500 of 2,500 people are left.",
    ]


def test_an_estimate_of_people_who_are_all_known_says_that_the_credits_come_back(alice: Caller, guest: Guest) -> None:
    profile = "https://www.linkedin.com/in/ada"
    alice.import_people(["ada,CTO"])
    alice.ended(alice.started(source="url_upload", urls=[profile])["jobId"])

    told = sentences(text(guest.post(pages(alice, "jobs", "new", "estimate"), {"pasted": profile})))

    assert told[1:4] == [
        "The job takes about 1 person: 0 new and 1 known already.",
        "It stops at the end of the source.",
        "It sets at most 1 credit of your 999 aside when it starts. Probably all of it comes back.",
    ]


def test_a_start_that_credits_do_not_allow_says_so_beforehand(service: Service, guest: Guest) -> None:
    poor = new_caller(service, "Poor", credits=5)
    poor.import_people(f"ada-{number},CTO" for number in range(30))
    fields = {"pasted": search_url("cto"), "max_results": "20"}

    page = text(guest.post(pages(poor, "jobs", "new", "estimate"), fields))

    assert 'id="start-button" class="primary" disabled' in page
    assert "It needs 20 credits and you have 5" in page
    refused = guest.post(pages(poor, "jobs", "new"), {**fields, "form_id": form_id(poor, guest)})
    assert "Credits needed: 20, available: 5" in text(refused, 402)


def test_the_estimate_is_there_without_scripts_too(alice: Caller, guest: Guest) -> None:
    alice.import_people(f"ada-{number},CTO" for number in range(30))
    fields = {"pasted": search_url("cto"), "check": "1", "form_id": form_id(alice, guest)}

    page = text(guest.post(pages(alice, "jobs", "new"), fields))

    assert "30 people" in page
    assert "<!doctype html>" in page
    assert job_ids(alice) == []


def test_the_same_form_sent_twice_at_once_starts_one_job(alice: Caller, guest: Guest) -> None:
    fields = {"pasted": search_url("cto total:3"), "sandbox": "1", "form_id": form_id(alice, guest)}

    with ThreadPoolExecutor(4) as pool:
        answers = list(pool.map(lambda _: guest.post(pages(alice, "jobs", "new"), fields), range(4)))

    assert {answer.status for answer in answers} == {303}
    assert {answer.headers["Location"] for answer in answers} == {pages(alice, "jobs", *job_ids(alice))}


def test_a_form_that_started_a_job_and_was_changed_asks_before_it_starts_another(alice: Caller, guest: Guest) -> None:
    fields = {"pasted": search_url("cto total:3"), "sandbox": "1", "form_id": form_id(alice, guest)}
    assert guest.post(pages(alice, "jobs", "new"), fields).status == 303

    again = text(guest.post(pages(alice, "jobs", "new"), {**fields, "max_results": "2"}), 409)

    assert "has started a job already" in again
    assert fields["form_id"] not in again
    assert len(job_ids(alice)) == 1


def test_the_line_for_curl_starts_the_same_job(alice: Caller, guest: Guest) -> None:
    page = preview(alice, guest, pasted=search_url("d'accord total:3"), sandbox="1", audience_name="It's $HOME")

    body = re.search(r"-d '(.*?)'</code>", page, re.DOTALL)
    assert body
    answer = alice.sandbox().post(alice.jobs, body[1].replace("'\"'\"'", "'").encode())

    assert answer.status == 202
    assert "d%27accord" in page


def test_saved_searches_lists_and_files_can_be_chosen(alice: Caller, guest: Guest) -> None:
    rows = b"url\nhttps://www.linkedin.com/in/ada\nhttps://www.linkedin.com/in/grace\n"
    file = alice.call("POST", f"{alice.group}/files", rows, content_type="text/csv").data

    page = text(guest.get(f"{pages(alice, 'jobs', 'new')}?file={file['id']}"))
    estimate = text(guest.post(pages(alice, "jobs", "new", "estimate"), {"chosen": f"file:{file['id']}"}))
    started = guest.post(
        pages(alice, "jobs", "new"), {"chosen": f"file:{file['id']}", "form_id": form_id(alice, guest)}
    )

    assert f'<option value="file:{file["id"]}" selected>' in page
    assert "2 people" in estimate
    assert started.status == 303


def test_another_tenants_file_and_audience_are_like_none(alice: Caller, service: Service) -> None:
    mallory = new_caller(service, "Mallory")
    guest = signed_in(service, "mallory", "operator", mallory)
    file = alice.call("POST", f"{alice.group}/files", b"url\nlinkedin.com/in/ada\n", content_type="text/csv").data
    audience = alice.sandbox().started(source="linkedin_search", searchUrl=search_url("cto total:1"))["audienceId"]

    for mine, nobodys in (
        ({"chosen": f"file:{file['id']}"}, {"chosen": f"file:{NOBODYS_ID}"}),
        (
            {"pasted": search_url("a"), "audience": audience, "sandbox": "1"},
            {"pasted": search_url("a"), "audience": NOBODYS_ID, "sandbox": "1"},
        ),
    ):
        answers = [
            guest.post(pages(mallory, "jobs", "new"), {**fields, "form_id": form_id(mallory, guest)})
            for fields in (mine, nobodys)
        ]
        assert [answer.status for answer in answers] == [404, 404]
    assert job_ids(mallory) == []


def test_a_viewer_sees_why_the_button_does_nothing(alice: Caller, service: Service) -> None:
    guest = signed_in(service, "val", "viewer", alice)
    page = guest.get(pages(alice, "jobs", "new"))

    assert "Your role may only read" in text(page)
    fields = {"pasted": search_url("cto"), "form_id": form_id(alice, guest)}
    assert guest.post(pages(alice, "jobs", "new"), fields).status == 403


def test_a_form_of_another_site_starts_nothing(alice: Caller, guest: Guest) -> None:
    fields = {"pasted": search_url("cto total:3"), "sandbox": "1", "form_id": form_id(alice, guest)}

    assert guest.post(pages(alice, "jobs", "new"), fields, sec_fetch_site="cross-site").status == 403
    assert job_ids(alice) == []


def test_an_audience_that_another_page_names_is_chosen_however_old_it_is(alice: Caller, guest: Guest) -> None:
    oldest = store_audiences(alice, list(range(1, MAX_LIMIT + 2)))[-1]

    page = text(guest.get(f"{pages(alice, 'jobs', 'new')}?audience={oldest}"))
    nobodys = text(guest.get(f"{pages(alice, 'jobs', 'new')}?audience={NOBODYS_ID}"))

    assert f'<option value="{oldest}" selected>' in page
    assert error(page, "audience") == ""
    assert error(nobodys, "audience") == "There is no such audience."


def test_audiences_of_one_name_are_told_apart_by_their_people_and_when_they_were_made(
    alice: Caller, guest: Guest
) -> None:
    for count in (1, 3):
        started = alice.sandbox().started(source="linkedin_search", searchUrl=search_url(f"cto total:{count}"))
        alice.ended(started["jobId"])

    page = text(guest.get(pages(alice, "jobs", "new")))

    shown = re.findall(r'<option value="[0-9a-f]{24}">(.*?)</option>', page)
    assert [re.sub(r"\d+ \w+ \d{4}, \d\d:\d\d UTC", "then", each.partition(" · ")[2]) for each in shown] == [
        "3 people · then · sandbox",
        "1 person · then · sandbox",
    ]


def test_a_file_that_another_page_names_is_estimated_without_a_keystroke(alice: Caller, guest: Guest) -> None:
    file = alice.call("POST", f"{alice.group}/files", b"url\nlinkedin.com/in/ada\n", content_type="text/csv").data

    page = text(guest.get(f"{pages(alice, 'jobs', 'new')}?file={file['id']}"))

    assert 'hx-trigger="load, input' in page
    assert "Its people" in page
    assert 'hx-trigger="input' in text(guest.get(pages(alice, "jobs", "new")))
