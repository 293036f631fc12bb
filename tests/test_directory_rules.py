"""How the directory reads texts and searches: tokens, documents, queries, and the parts that it refuses."""

from dataclasses import replace

import pytest

from goldpan.domain.directory_rules import (
    DEEPEST_QUERY,
    GAP,
    MOST_REPEATS,
    MOST_TOKENS,
    DirectoryRecord,
    Either,
    Every,
    Everybody,
    IndexQuery,
    Phrase,
    Without,
    index_tokens,
    merge_records,
    scope_token,
    tokens_of,
    translate_search,
    with_an_id,
)
from goldpan.domain.provider_port import Person
from goldpan.domain.search_rules import (
    AllOf,
    AnyOf,
    Criterion,
    CriterionValue,
    Excluding,
    Expression,
    Search,
    SearchField,
    Words,
    parse_search_url,
)

GROUP = "65a1b2c3d4e5f60718293a4b"
PEOPLE_SEARCH = "https://www.linkedin.com/search/results/people/?"
SALES_SEARCH = "https://www.linkedin.com/sales/search/people?query="


def translate(url: str) -> tuple[IndexQuery, list[str]]:
    search = parse_search_url(url)
    assert isinstance(search, Search)
    query, refusals = translate_search(search)
    return query, [refusal.part for refusal in refusals]


def keywords(expression: Expression) -> Search:
    value = CriterionValue(expression=expression)
    return Search(PEOPLE_SEARCH, False, "", (Criterion(SearchField.KEYWORDS, "keywords", (value,)),))


@pytest.mark.parametrize(
    ("text", "tokens"),
    [
        ("José Ñandú", "jose nandu"),
        ("Jose\u0301", "jose"),
        ("Łukasz Ørsted, Æther", "lukasz orsted aether"),
        ("İstanbul IŞIK ışık", "istanbul isik isik"),
        ("Straße", "strasse"),
        ("Ольга Ёлкина", "ольга елкина"),
        ("Ελλάδα", "ελλαδα"),
        ("أحمد محمّد", "احمد محمد"),
        ("שָׁלוֹם", "שלום"),
        ("हिन्दी", "हिन्दी"),
        ("株式会社トヨタ", "株 式 会 社 ト ヨ タ"),
        ("ﾄﾖﾀ", "ト ヨ タ"),
        ("김철수", "김 철 수"),
        ("Ｆｕｌｌ　Ｗｉｄｔｈ", "full width"),
        ("R&D / O'Brien-Smith", "r d o brien smith"),
        ("C++, C# and .NET", "cplusplus csharp and net"),
        ("#hiring", "hiring"),
        ("snake_case", "snake case"),
        ("🎉 & — !", ""),
    ],
)
def test_a_text_becomes_its_words_without_case_and_accents(text: str, tokens: str) -> None:
    assert " ".join(tokens_of(text)) == tokens


def test_folding_twice_changes_nothing() -> None:
    texts = ["İstanbul", "Straße ŉ", "がぎ ガギ", "أحمد", "Ångström ﬁ", "각"]

    assert [tokens_of(" ".join(tokens_of(text))) for text in texts] == [tokens_of(text) for text in texts]


def test_a_document_holds_each_word_bare_and_with_its_field() -> None:
    person = Person(name="Ada Lovelace", first_name="Ada", last_name="Lovelace", title="VP Sales", company_name="Acme")

    tokens = index_tokens(GROUP, DirectoryRecord(person, school="MIT"))

    assert tokens == (
        f"g_{GROUP} n_300 u_25 ada lovelace f_ada l_lovelace vp sales t_vp t_sales acme c_acme mit s_mit".split()
    )


def test_a_person_with_one_name_is_found_by_first_and_by_last_name() -> None:
    tokens = index_tokens(GROUP, DirectoryRecord(Person(name="Madonna Ciccone")))

    assert {"f_madonna", "f_ciccone", "l_madonna", "l_ciccone"} <= set(tokens)


@pytest.mark.parametrize(
    ("company_size", "marker"),
    [("230", "h_e"), ("1,200", "h_g"), ("51-200 employees", "h_d"), ("10,001+", "h_i"), ("2K-5K", "h_g"), ("1", "h_b")],
)
def test_a_company_size_becomes_sales_navigators_letter(company_size: str, marker: str) -> None:
    assert marker in index_tokens(GROUP, DirectoryRecord(Person(company_size=company_size)))


def test_what_the_file_says_of_seniority_and_function_counts_before_the_title() -> None:
    record = DirectoryRecord(Person(title="Sales Manager"), seniority="310", functions="15 19")

    markers = {token for token in index_tokens(GROUP, record) if token[:2] in ("n_", "u_")}

    assert markers == {"n_310", "u_15", "u_19"}


def test_an_endless_text_is_cut_alike_for_both_databases() -> None:
    tokens = index_tokens(GROUP, DirectoryRecord(Person(about="word " * 5_000)))

    assert len(tokens) == MOST_TOKENS
    assert tokens.count("word") == MOST_REPEATS
    assert tokens[-1] == GAP


def test_account_groups_never_share_a_scope() -> None:
    ids = ["abc", "ABC", "a-c", "a_c", "x_616263", "a c", 'a" OR "b']

    scopes = {scope_token(id_) for id_ in ids}

    assert len(scopes) == len(ids)
    assert all(scope.replace("_", "").isalnum() and scope == scope.lower() for scope in scopes)


def test_boolean_keywords_become_a_query() -> None:
    query, refused = translate(
        PEOPLE_SEARCH + "keywords=(%22vice%20president%22%20OR%20VP)%20AND%20sales%20NOT%20intern"
    )

    either = Either((Phrase(("vice", "president")), Phrase(("vp",))))
    assert query == Without(Every((either, Phrase(("sales",)))), Phrase(("intern",)))
    assert refused == []


def test_text_fields_look_at_their_own_tokens() -> None:
    query, refused = translate(PEOPLE_SEARCH + "titleFreeText=R%26D&company=Acme&firstName=Zo%C3%AB&lastName=O%27Brien")

    assert query == Every((Phrase(("t_r", "t_d")), Phrase(("c_acme",)), Phrase(("f_zoe",)), Phrase(("l_o", "l_brien"))))
    assert refused == []


def test_included_and_excluded_values_of_sales_navigator_apply() -> None:
    query, refused = translate(
        SALES_SEARCH + "(filters:List("
        "(type:COMPANY_HEADCOUNT,values:List((id:D,selectionType:INCLUDED),(id:E,selectionType:INCLUDED))),"
        "(type:SENIORITY_LEVEL,values:List((id:220,selectionType:EXCLUDED))),"
        "(type:FUNCTION,values:List((id:25,text:Sales,selectionType:INCLUDED))),"
        "(type:CURRENT_COMPANY,values:List((id:1441,text:Google,selectionType:EXCLUDED)))))"
    )

    assert refused == []
    assert query == Every(
        (
            Either((Phrase(("h_d",)), Phrase(("h_e",)))),
            Without(Everybody(), Phrase(("n_220",))),
            Phrase(("u_25",)),
            Without(Everybody(), Phrase(("c_google",))),
        )
    )


def test_a_place_is_found_by_each_of_its_parts() -> None:
    query, _ = translate(
        SALES_SEARCH
        + "(filters:List((type:REGION,values:List((id:1,text:Paris%252C%2520France,selectionType:INCLUDED)))))"
    )

    assert query == Every((Phrase(("p_paris",)), Phrase(("p_france",))))


@pytest.mark.parametrize(
    ("url", "part"),
    [
        (PEOPLE_SEARCH + "geoUrn=%5B%22104621616%22%5D", "geoUrn"),
        (PEOPLE_SEARCH + "currentCompany=%5B%221441%22%5D", "currentCompany"),
        (PEOPLE_SEARCH + "industry=%5B%22109%22%2C%224%22%5D", "industry"),
        (PEOPLE_SEARCH + "network=%5B%22F%22%5D", "network"),
        (PEOPLE_SEARCH + "pastCompany=%5B%221441%22%5D", "pastCompany"),
        (
            SALES_SEARCH + "(filters:List((type:PAST_TITLE,values:List((text:CEO,selectionType:INCLUDED)))))",
            "PAST_TITLE",
        ),
        (SALES_SEARCH + "(filters:List((type:REGION,values:List((id:103537801,selectionType:EXCLUDED)))))", "REGION"),
        (
            SALES_SEARCH + "(filters:List((type:SENIORITY_LEVEL,values:List((id:999,selectionType:INCLUDED)))))",
            "SENIORITY_LEVEL",
        ),
        (PEOPLE_SEARCH + "titleFreeText=%26%26", "titleFreeText"),
    ],
)
def test_what_cannot_be_applied_is_refused_by_the_name_it_has_in_the_url(url: str, part: str) -> None:
    assert translate(url)[1] == [part]


def test_one_number_among_texts_is_refused_too() -> None:
    values = "(id:1,text:France,selectionType:INCLUDED),(id:103537801,selectionType:INCLUDED)"

    _, refused = translate(f"{SALES_SEARCH}(filters:List((type:REGION,values:List({values}))),keywords:cto)")

    assert refused == ["REGION"]


def test_a_sign_among_words_is_no_condition() -> None:
    query, refusals = translate_search(keywords(AllOf((Words("sales"), Words("&"), Words("marketing")))))

    assert query == Every((Phrase(("sales",)), Phrase(("marketing",))))
    assert refusals == []


def test_no_criteria_at_all_find_everybody() -> None:
    assert translate_search(Search(PEOPLE_SEARCH, False, "", ())) == (Everybody(), [])


def test_an_absurdly_nested_search_is_refused() -> None:
    expression: Expression = Words("a")
    for _ in range(DEEPEST_QUERY):
        expression = Excluding(None, AnyOf((Words("b"), expression)))

    _, refusals = translate_search(keywords(expression))

    assert [refusal.part for refusal in refusals] == ["keywords"]


def test_later_facts_win_and_silence_erases_nothing() -> None:
    known = DirectoryRecord(Person(public_identifier="ada", title="CTO", email="ada@acme.example"), school="MIT")
    later = DirectoryRecord(Person(public_identifier="ada", title="CEO"), seniority="310")

    merged = merge_records(known, later)

    assert merged == DirectoryRecord(
        Person(public_identifier="ada", title="CEO", email="ada@acme.example"), school="MIT", seniority="310"
    )


def test_people_without_a_profile_are_told_apart_by_mail_or_else_by_name_and_company() -> None:
    by_mail = own_id(Person(email="Ada@Acme.example", name="Ada"))
    by_name = own_id(Person(first_name="Ada", last_name="Lovelace", company_name="ACME, Inc."))

    assert by_mail == own_id(Person(email="ada@acme.example", name="ADA"))
    assert by_name == own_id(Person(first_name="ADA", last_name="lovelace", company_name="Acme Inc"))
    assert by_mail != by_name


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (Person(name="🙂", company_name="Acme"), Person(name="⭐", company_name="Acme")),
        (Person(name="John Smith", company_name="—"), Person(name="John Smith", company_name="&")),
    ],
)
def test_people_whose_name_or_company_holds_no_word_are_told_apart_by_its_signs(one: Person, other: Person) -> None:
    assert own_id(one) != own_id(other)
    assert own_id(one) == own_id(replace(one, name=f" {one.name} "))


def test_of_one_address_a_name_without_a_word_is_none() -> None:
    assert own_id(Person(name="—", email="ada@acme.example")) == own_id(Person(email="ada@acme.example"))


def test_people_with_a_profile_keep_its_ids() -> None:
    assert own_id(Person(public_identifier="ada")) is None


def own_id(person: Person) -> str | None:
    return with_an_id(DirectoryRecord(person)).person.provider_id


def test_two_people_who_read_one_mailbox_stay_two() -> None:
    jane = own_id(Person(name="Jane Doe", email="info@acme.example", company_name="Acme"))
    bob = own_id(Person(name="Bob Roe", email="info@acme.example", company_name="Acme"))

    assert jane != bob


@pytest.mark.parametrize(
    ("written", "letter"),
    [
        ("230", "e"), ("230.0", "e"), ("1200.0", "g"), ("1,200", "g"), ("1.200", "g"), ("1.5K", "g"), ("10K+", "h"),
        ("51-200 employees", "d"), ("10,001+", "i"),
    ],
)  # fmt: skip
def test_a_number_of_employees_is_read_as_it_is_written(written: str, letter: str) -> None:
    assert f"h_{letter}" in index_tokens(GROUP, DirectoryRecord(Person(name="Ada", company_size=written)))


@pytest.mark.parametrize("written", ["9" * 5_000, "many", "٣"])
def test_what_is_no_number_of_employees_is_none(written: str) -> None:
    tokens = index_tokens(GROUP, DirectoryRecord(Person(name="Ada", company_size=written)))

    assert not [token for token in tokens if token.startswith("h_")]
