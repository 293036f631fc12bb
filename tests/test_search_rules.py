"""A pasted search URL: it becomes criteria, nothing of it is lost in silence, and nonsense is refused."""

from urllib.parse import quote

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from goldpan.domain.keyword_rules import AllOf, Expression, Words
from goldpan.domain.search_rules import (
    Criterion,
    CriterionValue,
    InvalidSearch,
    SearchField,
    describe,
    parse_linkedin_search_url,
    parse_sales_navigator_url,
    parse_search_url,
)

LINKEDIN = "https://www.linkedin.com/search/results/people/?"
SALES = "https://www.linkedin.com/sales/search/people?query="


def criteria_of(url: str) -> tuple[Criterion, ...]:
    return parse_search_url(url).criteria


def text_criterion(field: SearchField, parameter: str, expression: Expression) -> Criterion:
    return Criterion(field, parameter, (CriterionValue(expression=expression),))


def id_criterion(field: SearchField, parameter: str, *ids: str) -> Criterion:
    return Criterion(field, parameter, tuple(CriterionValue(id=id) for id in ids))


def test_parentheses_may_be_nested_32_deep_and_no_deeper() -> None:
    assert criteria_of(f"{LINKEDIN}keywords={'(' * 32}a{')' * 32}")

    with pytest.raises(InvalidSearch, match="deeper than 32"):
        parse_search_url(f"{LINKEDIN}keywords={'(' * 33}a{')' * 33}")


def test_each_linkedin_parameter_becomes_its_criterion() -> None:
    url = (
        f"{LINKEDIN}keywords=%22recruiter%22%20AND%20%22hiring%22&geoUrn=%5B%22104621616%22%2C%22101336206%22%5D"
        "&currentCompany=%5B%221035%22%5D&pastCompany=%5B%221441%22%5D&industry=%5B%22109%22%2C%224%22%5D"
        "&schoolFilter=%5B%221792%22%5D&titleFreeText=CEO&company=Acme&firstName=Jane&lastName=Doe&schoolFreetext=MIT"
    )

    search = parse_search_url(url)

    assert search.original_url == url
    assert not search.is_sales_navigator
    assert search.keywords_text == '"recruiter" AND "hiring"'
    assert search.criteria == (
        text_criterion(SearchField.KEYWORDS, "keywords", AllOf((Words("recruiter"), Words("hiring")))),
        id_criterion(SearchField.LOCATION, "geoUrn", "104621616", "101336206"),
        id_criterion(SearchField.COMPANY, "currentCompany", "1035"),
        id_criterion(SearchField.PAST_COMPANY, "pastCompany", "1441"),
        id_criterion(SearchField.INDUSTRY, "industry", "109", "4"),
        id_criterion(SearchField.SCHOOL, "schoolFilter", "1792"),
        text_criterion(SearchField.TITLE, "titleFreeText", Words("CEO")),
        text_criterion(SearchField.COMPANY, "company", Words("Acme")),
        text_criterion(SearchField.FIRST_NAME, "firstName", Words("Jane")),
        text_criterion(SearchField.LAST_NAME, "lastName", Words("Doe")),
        text_criterion(SearchField.SCHOOL, "schoolFreetext", Words("MIT")),
    )


@pytest.mark.parametrize("name", ["network", "profileLanguage", "serviceCategory", "connectionOf", "followerOf"])
def test_a_filter_that_is_no_field_of_a_person_keeps_its_name(name: str) -> None:
    assert criteria_of(f'{LINKEDIN}{name}=["F","S"]') == (id_criterion(SearchField.OTHER, name, "F", "S"),)


@pytest.mark.parametrize(
    "value",
    [
        "%5B%22102713980%22%5D",
        "%5B102713980%5D",
        "[102713980]",
        '["102713980"]',
        '[ "102713980" , "102713980" ]',
        "102713980",
        '"102713980"',
        "List(102713980)",
        '["urn:li:fs_geo:102713980"]',
    ],
)
def test_a_list_of_ids_is_read_in_all_its_forms(value: str) -> None:
    assert criteria_of(f"{LINKEDIN}geoUrn={value}") == (id_criterion(SearchField.LOCATION, "geoUrn", "102713980"),)


def test_an_encoded_ampersand_stays_inside_its_value() -> None:
    assert criteria_of(f"{LINKEDIN}titleFreeText=R%26D%20Director&firstName=Jane") == (
        text_criterion(SearchField.TITLE, "titleFreeText", AllOf((Words("R&D"), Words("Director")))),
        text_criterion(SearchField.FIRST_NAME, "firstName", Words("Jane")),
    )


def test_noise_is_dropped() -> None:
    noisy = (
        f"{LINKEDIN}keywords=cto&origin=FACETED_SEARCH&sid=*P%3B&page=7&searchSessionId=x&sessionId=y%3D%3D"
        "&viewAllFilters=true&spellCorrectionEnabled=true&recentSearchParam=x&lipi=x&trk=x&utm_source=share&geoUrn="
        "&industry=%5B%5D&titleFreeText=%20"
    )

    assert criteria_of(noisy) == criteria_of(f"{LINKEDIN}keywords=cto")


def test_a_parameter_that_we_do_not_know_is_kept_by_name() -> None:
    assert criteria_of(f"{LINKEDIN}openToVolunteer=%5B%22true%22%5D") == (
        Criterion(SearchField.OTHER, "openToVolunteer", (CriterionValue(label='["true"]'),)),
    )


@pytest.mark.parametrize(
    "url",
    [
        "http://www.linkedin.com/search/results/people/?keywords=cto",
        "linkedin.com/search/results/people?keywords=cto",
        "https://de.linkedin.com/search/results/PEOPLE/?keywords=cto",
        "  https://www.linkedin.com/search/results/people/?keywords=cto\n",
        "https://www.linkedin.com/search/results/people/?page=2&keywords=cto&keywords=cto&",
    ],
)
def test_every_spelling_of_one_search_has_the_same_criteria(url: str) -> None:
    search = parse_linkedin_search_url(url)

    assert search.criteria == criteria_of(f"{LINKEDIN}keywords=cto")
    assert search.original_url == url.strip()


def test_a_search_without_criteria_means_everybody() -> None:
    assert criteria_of("https://www.linkedin.com/search/results/people/") == ()


@pytest.mark.parametrize(
    ("query", "words"),
    [
        ("titleFreeText=R&D%20Director", "`D%20Director`.*%26"),
        ("keywords=C#%20developer", "%23"),
        ("keywords=C#", "%23"),
        ("keywords=100%", "position 13"),
        ("keywords=%ZZ", "position 10"),
        ("keywords=caf%E9", "UTF-8"),
        ("keywords=a%00b", "control character"),
        ("keywords=a&keywords=b", "twice"),
        ("geoUrn=%5B%221%22", "geoUrn"),
        ("geoUrn=United%20States", "geoUrn"),
        ("=x", "no name"),
        ("&".join(f"p{number}=x" for number in range(201)), "200 parameters"),
        ("keywords=" + "x" * 20_000, "longer than"),
    ],
)
def test_a_damaged_url_is_refused_by_what_is_wrong(query: str, words: str) -> None:
    with pytest.raises(InvalidSearch, match=words):
        parse_search_url(f"{LINKEDIN}{query}")


@pytest.mark.parametrize(
    ("url", "words"),
    [
        ("https://www.linkedin.com/search/results/all/?keywords=cto", "over everything"),
        ("https://www.linkedin.com/search/results/companies/?keywords=acme", "other than people"),
        ("https://www.linkedin.com/company/acme/people/?keywords=cto", "people page of a company"),
        ("https://www.linkedin.com/school/mit/people/", "people page of a school"),
        ("https://www.linkedin.com/groups/123/members/", "members of a group"),
        ("https://www.linkedin.com/events/123/attendees/", "attendees of an event"),
        ("https://www.linkedin.com/mynetwork/invite-connect/connections/", "your own network"),
        ("https://www.linkedin.com/talent/search?x=y", "Recruiter"),
        ("https://www.linkedin.com/talent/projects/1", "Recruiter"),
        ("https://www.linkedin.com/recruiter/search?x=y", "Recruiter"),
        ("https://www.linkedin.com/sales/search/company?query=(filters:List())", "for companies"),
        ("https://www.linkedin.com/sales/lists/company/123", "list of companies"),
        ("https://www.linkedin.com/sales/lists/people/", "all lead lists"),
        ("https://www.linkedin.com/sales/lead/ACwAAAdbzRUB,NAME_SEARCH,x", "one person's"),
        ("https://www.linkedin.com/in/jane-doe", "a person's profile"),
        ("https://www.linkedin.com.evil.example/search/results/people/?keywords=cto", "is not LinkedIn"),
        ("https://linkedin.com@evil.example/search/results/people/", "forged"),
        ("javascript:alert(1)", "no web address"),
        ("", "empty"),
    ],
)
def test_every_other_page_is_refused_by_what_it_is(url: str, words: str) -> None:
    with pytest.raises(InvalidSearch, match=f"{words}.*a people search URL looks like"):
        parse_search_url(url)


@pytest.mark.parametrize(
    ("url", "words"),
    [
        (f"{LINKEDIN}", "LinkedIn search: everybody"),
        (f"{LINKEDIN}keywords=a%20OR%20b&network=[F]", "LinkedIn search: keywords a or b; network F"),
        (
            f"{SALES}(filters:List((type:REGION,values:List((id:103537801))),(type:CURRENT_COMPANY,values:List((text:Acme,"
            "selectionType:EXCLUDED)))),keywords:supply%20chain)",
            "Sales Navigator search: keywords supply chain; location 103537801; not company Acme",
        ),
    ],
)
def test_a_search_reads_in_plain_words(url: str, words: str) -> None:
    assert describe(parse_search_url(url)) == words


def search_or_refusal(text: str) -> str:
    try:
        return describe(parse_search_url(text))
    except InvalidSearch as refusal:
        return str(refusal)


@given(
    st.text()
    | st.text().map(LINKEDIN.__add__)
    | st.text().map(SALES.__add__)
    | st.text("(),:%&=#aR List").map(SALES.__add__)
)
@example("https://[")
def test_any_text_is_a_search_or_refused(text: str) -> None:
    assert search_or_refusal(text).encode()


@given(st.text(st.characters(exclude_categories=["Cs", "Cc"])))
def test_the_keywords_of_both_kinds_of_url_are_the_same(keywords: str) -> None:
    by_linkedin = parse_search_url(f"{LINKEDIN}keywords={quote(keywords, safe='')}")
    by_sales_navigator = parse_search_url(f"{SALES}(keywords:{quote(quote(keywords, safe=''), safe='')})")

    assert by_linkedin.keywords_text == by_sales_navigator.keywords_text == keywords.strip()
    assert by_linkedin.criteria == by_sales_navigator.criteria


def test_a_linkedin_search_is_no_sales_navigator_url() -> None:
    with pytest.raises(InvalidSearch, match="source linkedin_search"):
        parse_sales_navigator_url(f"{LINKEDIN}keywords=cto")
