"""Starting a job: which fields each source takes, what they may hold, and what the answer says."""

import re
from typing import Any

import pytest

from tests.cast import NOBODYS_ID, Caller, new_caller, search_url

SEARCH = {"source": "linkedin_search", "searchUrl": search_url("cto total:5")}
POST_URL = "https://www.linkedin.com/feed/update/urn:li:activity:7234567890123456789/"
SALES_URL = (
    "https://www.linkedin.com/sales/search/people?query=(filters:List((type:SENIORITY_LEVEL,"
    "values:List((id:310,text:CXO,selectionType:INCLUDED)))),keywords:total%3A5)"
)
SOURCES: dict[str, dict[str, Any]] = {
    "linkedin_search": SEARCH,
    "sales_navigator by URL": {"source": "sales_navigator", "searchUrl": SALES_URL},
    "sales_navigator by saved search": {"source": "sales_navigator", "savedSearchId": "50500115", "maxResults": 3},
    "sales_navigator by lead list": {"source": "sales_navigator", "leadListId": "7236596622934118401", "maxResults": 3},
    "sales_navigator by the URL of a lead list": {
        "source": "sales_navigator",
        "searchUrl": "https://www.linkedin.com/sales/lists/people/7236596622934118401?sortCriteria=CREATED_TIME",
        "maxResults": 3,
    },
    "sales_navigator by the URL of a saved search": {
        "source": "sales_navigator",
        "searchUrl": "https://www.linkedin.com/sales/search/people?savedSearchId=50500115&searchSessionId=a%3D%3D",
        "maxResults": 3,
    },
    "post_commenters": {"source": "post_commenters", "postUrl": POST_URL, "maxResults": 3},
    "url_upload": {"source": "url_upload", "urls": ["https://www.linkedin.com/in/amara"]},
}


def refused_fields(caller: Caller, body: Any) -> list[str]:
    """Start a job that is refused with 400; return the fields that are named."""
    answer = caller.start(body)
    assert answer.refusal == (400, "VALIDATION_ERROR"), answer
    fields = answer.error["fields"]
    assert all(field["in"] == "body" for field in fields)
    assert answer.details == "; ".join(f"{field['name']}: {field['rule']}" for field in fields)
    assert caller.get(caller.jobs).data["items"] == []
    return [field["name"] for field in fields]


@pytest.mark.parametrize("body", SOURCES.values(), ids=SOURCES.keys())
def test_a_job_of_every_source_is_accepted_and_completes(alice: Caller, body: dict[str, Any]) -> None:
    started = alice.sandbox().started(**body)

    assert set(started) == {"jobId", "status", "createdAt", "audienceId"}
    assert started["status"] == "queued"
    assert re.fullmatch("[0-9a-f]{24}", started["jobId"])
    assert re.fullmatch("[0-9a-f]{24}", started["audienceId"])
    job = alice.ended(started["jobId"])
    assert (job["status"], job["source"]) == ("completed", body["source"])
    assert job["audienceId"] == started["audienceId"]
    assert job["counts"]["imported"] in (1, 3, 5)


@pytest.mark.parametrize(
    ("body", "name"),
    [
        (SEARCH, "LinkedIn search: keywords cto total:5, "),
        (SOURCES["sales_navigator by URL"], "Sales Navigator search: keywords total:5; seniority CXO, "),
        (SOURCES["url_upload"], "1 profile, "),
        ({**SEARCH, "searchUrl": search_url("führung " * 40)}, "LinkedIn search: keywords führung führung "),
        ({**SEARCH, "audienceName": "CTOs of Berlin"}, "CTOs of Berlin"),
    ],
)
def test_an_audience_that_nobody_named_is_called_after_the_words_of_its_source_and_the_day(
    alice: Caller, body: dict[str, Any], name: str
) -> None:
    started = alice.sandbox().started(**body)
    alice.ended(started["jobId"])

    called = alice.get(f"{alice.group}/audiences/{started['audienceId']}").data["name"]

    assert called.startswith(name)
    assert "audienceName" in body or called.endswith(f", {started['createdAt'][:10]}")
    assert len(called) <= 200


def test_type_is_another_name_of_source(alice: Caller) -> None:
    body = {"type": "linkedin_search", "searchUrl": SEARCH["searchUrl"]}

    job = alice.job(alice.started(**body)["jobId"])

    assert job["source"] == "linkedin_search"


@pytest.mark.parametrize("name", ["urls", "profileUrls", "linkedinUrls"])
def test_urls_has_three_names(alice: Caller, name: str) -> None:
    started = alice.sandbox().started(**{"source": "url_upload", name: ["linkedin.com/in/amara"]})

    assert alice.ended(started["jobId"])["counts"]["imported"] == 1


@pytest.mark.parametrize(
    "body",
    [
        {"source": "linkedin_search", "type": "linkedin_search", "searchUrl": SEARCH["searchUrl"]},
        {"source": "url_upload", "urls": ["linkedin.com/in/a"], "profileUrls": ["linkedin.com/in/b"]},
        {"source": "url_upload", "profileUrls": ["linkedin.com/in/a"], "linkedinUrls": ["linkedin.com/in/a"]},
    ],
)
def test_two_names_of_one_field_are_refused(alice: Caller, body: dict[str, Any]) -> None:
    [name] = refused_fields(alice, body)

    assert name in ("type", "profileUrls", "linkedinUrls")


@pytest.mark.parametrize("source", ["", "LINKEDIN_SEARCH", "linkedin", "people", 5, None, True, [], {}])
def test_an_unknown_source_is_refused(alice: Caller, source: Any) -> None:
    assert refused_fields(alice, SEARCH | {"source": source}) == ["source"]


def test_a_body_without_a_source_is_refused(alice: Caller) -> None:
    assert refused_fields(alice, {}) == ["source"]
    assert refused_fields(alice, {"searchUrl": SEARCH["searchUrl"]}) == ["source"]


@pytest.mark.parametrize(
    "name", ["search_url", "SearchUrl", "searchURL", "max_results", "foo", "", "maxResults ", "__proto__"]
)
def test_an_unknown_field_is_named(alice: Caller, name: str) -> None:
    assert refused_fields(alice, SEARCH | {name: 1}) == [name]


@pytest.mark.parametrize(
    ("source", "required"),
    [
        ("linkedin_search", "searchUrl"),
        ("sales_navigator", "searchUrl"),
        ("post_commenters", "postUrl"),
        ("url_upload", "urls"),
    ],
)
def test_a_source_without_its_field_is_refused(alice: Caller, source: str, required: str) -> None:
    assert refused_fields(alice, {"source": source}) == [required]
    assert refused_fields(alice, {"source": source, required: None}) == [required]


@pytest.mark.parametrize(
    ("source", "own", "foreign"),
    [
        ("linkedin_search", {"searchUrl": SEARCH["searchUrl"]}, {"savedSearchId": "1"}),
        ("linkedin_search", {"searchUrl": SEARCH["searchUrl"]}, {"leadListId": "1"}),
        ("linkedin_search", {"searchUrl": SEARCH["searchUrl"]}, {"postUrl": POST_URL}),
        ("linkedin_search", {"searchUrl": SEARCH["searchUrl"]}, {"urls": ["linkedin.com/in/a"]}),
        ("sales_navigator", {"searchUrl": SALES_URL}, {"postUrl": POST_URL}),
        ("post_commenters", {"postUrl": POST_URL}, {"searchUrl": SEARCH["searchUrl"]}),
        ("url_upload", {"urls": ["linkedin.com/in/a"]}, {"searchUrl": SEARCH["searchUrl"]}),
    ],
)
def test_a_field_of_another_source_is_refused_by_name(
    alice: Caller, source: str, own: dict[str, Any], foreign: dict[str, Any]
) -> None:
    assert refused_fields(alice, {"source": source, **own, **foreign}) == list(foreign)


@pytest.mark.parametrize(
    "pair",
    [
        {"savedSearchId": "1", "leadListId": "2"},
        {"savedSearchId": "1", "searchUrl": SALES_URL},
        {"leadListId": "1", "searchUrl": SALES_URL},
    ],
)
def test_a_sales_navigator_job_has_exactly_one_source(alice: Caller, pair: dict[str, str]) -> None:
    assert refused_fields(alice, {"source": "sales_navigator", **pair}) != []


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("maxResults", 0), ("maxResults", -1), ("maxResults", 1.5), ("maxResults", "5"), ("maxResults", True),
        ("maxResults", []), ("maxResults", 10**19), ("searchEmails", "true"), ("searchEmails", 1),
        ("searchEmails", "false"), ("maxCredits", 0), ("maxCredits", -5), ("maxCredits", 2**31), ("maxCredits", "5"),
        ("maxCredits", 1.5), ("searchUrl", 5), ("searchUrl", ["a"]), ("searchUrl", ""), ("searchUrl", "a" * 8193),
        ("audienceId", ""), ("audienceId", "a"), ("audienceId", NOBODYS_ID.upper()), ("audienceId", 5),
        ("audienceName", ""), ("audienceName", "a" * 201), ("audienceName", 5), ("folderId", "a"),
    ],
)  # fmt: skip
def test_a_field_of_the_wrong_form_is_named(alice: Caller, name: str, value: Any) -> None:
    assert refused_fields(alice, SEARCH | {name: value}) == [name]


def test_every_field_that_is_wrong_is_named(alice: Caller) -> None:
    body = {"source": "linkedin_search", "searchUrl": 5, "maxResults": 0, "searchEmails": 1, "foo": 1, "maxCredits": ""}

    assert set(refused_fields(alice, body)) == {"searchUrl", "maxResults", "searchEmails", "foo", "maxCredits"}


@pytest.mark.parametrize(
    "url",
    [
        "cto",
        "https://example.com/search/results/people/?keywords=cto",
        "https://www.linkedin.com.evil.example/search/results/people/?keywords=cto",
        "https://www.linkedin.com/search/results/companies/?keywords=cto",
        "https://www.linkedin.com/in/amara",
        "https://www.linkedin.com/company/acme/people/",
        "javascript:alert(1)",
        "https://user@www.linkedin.com/search/results/people/?keywords=cto",
        "\u0000https://www.linkedin.com/search/results/people/",
    ],
)
def test_a_search_url_that_is_no_people_search_is_refused(alice: Caller, url: str) -> None:
    if "\u0000" in url:
        assert alice.start(SEARCH | {"searchUrl": url}).refusal == (400, "VALIDATION_ERROR")
    else:
        assert refused_fields(alice, SEARCH | {"searchUrl": url}) == ["searchUrl"]


def test_a_filter_that_the_directory_cannot_apply_is_named(alice: Caller) -> None:
    url = SEARCH["searchUrl"] + "&geoUrn=%5B%22105015875%22%5D&network=%5B%22F%22%5D"

    names = refused_fields(alice, SEARCH | {"searchUrl": url})
    rules = {each["name"]: each["rule"] for each in alice.start(SEARCH | {"searchUrl": url}).error["fields"]}

    assert names == ["geoUrn", "network"]
    assert rules["geoUrn"] == (
        "the filter “Locations” is a number of LinkedIn's own (105015875), which your own people files do not know: "
        "remove it from the search on LinkedIn, or try the sandbox with a test key (sk_test_…)"
    )
    assert rules["network"].startswith("the filter “Connections” asks for what your own people files do not say: ")


def test_the_commenters_of_a_post_need_a_provider_that_knows_them(alice: Caller) -> None:
    assert refused_fields(alice, SOURCES["post_commenters"]) == ["postUrl"]
    assert (alice.start(SOURCES["post_commenters"]).details or "").endswith("test key (sk_test_…)")


@pytest.mark.parametrize("keywords", ["cto total:abc", "cto fail:418@2", "cto pace:99999", "garbage@0"])
def test_a_script_word_that_the_sandbox_does_not_know_is_named(alice: Caller, keywords: str) -> None:
    word = next(word for word in keywords.split() if ":" in word or "@" in word)

    assert refused_fields(alice.sandbox(), SEARCH | {"searchUrl": search_url(keywords)}) == [word]


# --- plans and audiences ------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("plan", "cap"), [("tester", 100), ("starter", 1000), ("scale", 2000), ("enterprise", 2000)])
def test_a_plan_caps_max_results(alice: Caller, plan: str, cap: int) -> None:
    caller = new_caller(alice.service, plan, credits=5000, plan=plan)

    assert refused_fields(caller, SEARCH | {"maxResults": cap + 1}) == ["maxResults"]
    assert caller.started(**SEARCH, maxResults=cap)["status"] == "queued"


def test_a_search_without_max_results_takes_as_many_as_the_plan_allows(alice: Caller) -> None:
    caller = new_caller(alice.service, "tester", credits=0, plan="tester").sandbox()

    job = caller.ended(caller.start_search("cto"))

    assert (job["counts"]["imported"], job["stopReason"], job["truncated"]) == (100, "max_results", True)


def test_people_go_to_the_audience_that_is_named(alice: Caller) -> None:
    sandbox = alice.sandbox()
    first = sandbox.started(**SEARCH, audienceName="Chief people 🚀")
    sandbox.ended(first["jobId"])

    second = sandbox.started(source="url_upload", urls=["linkedin.com/in/amara"], audienceId=first["audienceId"])

    assert second["audienceId"] == first["audienceId"]
    sandbox.ended(second["jobId"])
    assert len(sandbox.prospects(first["audienceId"])) == 6


def test_an_audience_of_another_account_group_does_not_exist(alice: Caller, mallory: Caller) -> None:
    audience_id = alice.started(**SEARCH)["audienceId"]

    foreign = mallory.start(SEARCH | {"audienceId": audience_id})
    unknown = mallory.start(SEARCH | {"audienceId": NOBODYS_ID})

    assert foreign.refusal == unknown.refusal == (404, "NOT_FOUND")
    assert foreign.error == unknown.error


def test_a_folder_that_does_not_exist_is_not_found(alice: Caller) -> None:
    assert alice.start(SEARCH | {"folderId": NOBODYS_ID}).refusal == (404, "NOT_FOUND")


def test_an_audience_that_exists_takes_no_new_name(alice: Caller) -> None:
    sandbox = alice.sandbox()
    audience_id = sandbox.started(**SEARCH)["audienceId"]

    answer = sandbox.start(SEARCH | {"audienceId": audience_id, "audienceName": "New"})

    assert answer.refusal == (400, "VALIDATION_ERROR")
