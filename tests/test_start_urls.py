"""Starting a job from profile URLs: every spelling of a profile is one person, and what is no profile is named."""

import pytest

from tests.cast import Caller

SPELLINGS = [
    "https://www.linkedin.com/in/josé-n",
    "https://www.linkedin.com/in/jos%C3%A9-n",
    "http://linkedin.com/in/jos%c3%a9-n/",
    "linkedin.com/in/JOS%C3%89-N",
    "https://fr.linkedin.com/in/jose%CC%81-n?trk=people&originalSubdomain=fr#top",
    "https://m.linkedin.com/in/jos%C3%A9-n/recent-activity/all/",
    "https://www.linkedin.com/mwlite/in/jos%C3%A9-n",
    "  https://www.linkedin.com/in/jos%C3%A9-n/en  ",
]
NO_PROFILES = [
    "",
    " ",
    "amara",
    "https://www.linkedin.com/in/",
    "https://www.linkedin.com/company/acme",
    "https://www.linkedin.com/search/results/people/?keywords=cto",
    "https://www.linkedin.com.evil.example/in/amara",
    "https://linkedin.com.evil.example/in/amara",
    "https://evil.example/linkedin.com/in/amara",
    "https://evil-linkedin.com/in/amara",
    "https://lınkedin.com/in/amara",
    "https://lin\u212aedin.com/in/amara",
    "https://www.linkedin.com@evil.example/in/amara",
    "https://user@www.linkedin.com/in/amara",
    "https://www.linkedin.com:8080/in/amara",
    "https://lnkd.in/abc",
    "javascript:alert(1)//linkedin.com/in/amara",
    "file:///linkedin.com/in/amara",
    "https://www.linkedin.com/in/..%2F..%2Fcompany",
    "=HYPERLINK(1)",
    "a" * 5000,
]  # fmt: skip


def upload(caller: Caller, urls: list[str]) -> dict[str, int]:
    job = caller.ended(caller.started(source="url_upload", urls=urls)["jobId"])
    counts: dict[str, int] = job["counts"]
    assert job["stopReason"] == "completed"
    return counts


def test_all_spellings_of_a_profile_are_one_person(alice: Caller) -> None:
    counts = upload(alice.sandbox(), SPELLINGS)

    assert (counts["found"], counts["imported"], counts["duplicate"]) == (len(SPELLINGS), 1, len(SPELLINGS) - 1)


def test_repeats_are_counted_before_the_provider_is_asked(alice: Caller) -> None:
    started = alice.started(
        source="url_upload", urls=["linkedin.com/in/amara", "linkedin.com/in/AMARA/", "linkedin.com/in/bo-b"]
    )

    job = alice.job(started["jobId"])

    assert job["counts"]["duplicate"] == 1
    assert job["credits"]["reserved"] == 2


@pytest.mark.parametrize("url", NO_PROFILES)
def test_a_url_that_is_no_profile_is_named_by_its_position(alice: Caller, url: str) -> None:
    answer = alice.start(source="url_upload", urls=["linkedin.com/in/amara", url, "linkedin.com/in/bob"])

    assert answer.refusal == (400, "VALIDATION_ERROR")
    assert [field["name"] for field in answer.error["fields"]] == ["urls[1]"]
    assert alice.get(alice.jobs).data["items"] == []


def test_every_url_that_is_no_profile_is_named(alice: Caller) -> None:
    urls = ["linkedin.com/in/amara", "x", "linkedin.com/in/bob", "https://evil.example/in/amara"]

    answer = alice.start(source="url_upload", urls=urls)

    assert [field["name"] for field in answer.error["fields"]] == ["urls[1]", "urls[3]"]


@pytest.mark.parametrize("entry", [None, 5, True, ["linkedin.com/in/a"], {"url": "linkedin.com/in/a"}, 1.5])
def test_an_entry_that_is_no_text_is_named_by_its_position(alice: Caller, entry: object) -> None:
    answer = alice.start(source="url_upload", urls=["linkedin.com/in/amara", entry])

    assert answer.refusal == (400, "VALIDATION_ERROR")
    assert answer.error["fields"][0]["name"] == "urls[1]"


@pytest.mark.parametrize("urls", [[], "linkedin.com/in/amara", {}, 5, [[]]])
def test_urls_is_a_list_that_is_not_empty(alice: Caller, urls: object) -> None:
    answer = alice.start(source="url_upload", urls=urls)

    assert answer.refusal == (400, "VALIDATION_ERROR")
    assert answer.error["fields"][0]["name"].startswith("urls")


def test_1000_urls_are_taken_and_1001_refused(alice: Caller) -> None:
    urls = [f"https://www.linkedin.com/in/person-{number:05}" for number in range(1001)]

    refused = alice.sandbox().start(source="url_upload", urls=urls)

    assert refused.refusal == (400, "VALIDATION_ERROR")
    assert refused.error["fields"][0]["name"] == "urls"
    counts = upload(alice.sandbox(), urls[:1000])
    assert counts["imported"] == 1000


def test_max_results_does_not_cut_the_urls(alice: Caller) -> None:
    sandbox = alice.sandbox()
    urls = [f"linkedin.com/in/person-{number}" for number in range(5)]

    job = sandbox.ended(sandbox.started(source="url_upload", urls=urls, maxResults=2)["jobId"])

    assert job["counts"]["imported"] == 5


def test_a_profile_that_nobody_knows_has_failed_and_is_not_paid(alice: Caller) -> None:
    alice.import_people(["amara,CTO", "bob,CTO"])
    urls = ["linkedin.com/in/amara", "linkedin.com/in/nobody-1", "linkedin.com/in/bob", "linkedin.com/in/nobody-2"]

    counts = upload(alice, urls)

    assert (counts["found"], counts["imported"], counts["failed"]) == (4, 2, 2)
    assert alice.credits() == (998, 0)


def test_two_spellings_of_one_profile_in_two_jobs_are_one_person(alice: Caller) -> None:
    sandbox = alice.sandbox()

    first, second = upload(sandbox, SPELLINGS[1:2]), upload(sandbox, SPELLINGS[4:5])

    assert (first["imported"], first["known"]) == (1, 0)
    assert (second["imported"], second["known"]) == (0, 1)


def test_a_person_found_by_a_search_is_known_to_an_upload_of_their_url(alice: Caller) -> None:
    sandbox = alice.sandbox()
    audience_id = sandbox.ended(sandbox.start_search("cto total:3"))["audienceId"]
    people = sandbox.prospects(audience_id)

    counts = upload(sandbox, [person["linkedinUrl"] for person in people])

    assert (counts["known"], counts["imported"]) == (3, 0)
