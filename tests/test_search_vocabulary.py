"""What a title and a number of employees say in Sales Navigator's ids."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from goldpan.domain.search_vocabulary import (
    FUNCTIONS,
    HEADCOUNTS,
    SENIORITIES,
    functions_of_title,
    headcount_of,
    seniority_of_title,
)


@pytest.mark.parametrize(
    ("employees", "headcount"),
    [(0, "A"), (1, "B"), (10, "B"), (11, "C"), (200, "D"), (201, "E"), (1_000, "F"), (10_000, "H"), (10_001, "I")],
)
def test_a_number_of_employees_has_a_headcount(employees: int, headcount: str) -> None:
    assert headcount_of(employees) == headcount


@pytest.mark.parametrize(
    ("title", "seniority"),
    [
        ("Co-Founder & CEO", "320"),
        ("Managing Partner", "320"),
        ("Chief Technology Officer", "310"),
        ("President", "310"),
        ("Senior Vice President, Sales", "300"),
        ("VP of Sales", "300"),
        ("Head of Marketing", "220"),
        ("Sales Director", "220"),
        ("Account Manager", "210"),
        ("Senior Software Engineer", "120"),
        ("Executive Assistant to the CEO", "110"),
        ("Trainee Sales Manager", "100"),
        ("Marketing Intern", "100"),
        ("Product Owner", None),
        ("HR Business Partner", None),
        ("Internal Auditor", None),
        ("", None),
        ("工程师", None),
    ],
)
def test_a_title_shows_its_seniority(title: str, seniority: str | None) -> None:
    assert seniority_of_title(title) == seniority


@pytest.mark.parametrize(
    ("title", "functions"),
    [
        ("VP of Sales", ["Sales"]),
        ("Sales Engineer", ["Sales", "Engineering"]),
        ("Head of Product", ["Product Management"]),
        ("HR Business Partner", ["Human Resources"]),
        ("Director, IT Operations", ["Information Technology", "Operations"]),
        ("General Counsel", ["Legal"]),
        ("CFO", ["Finance"]),
        ("Marketing & Marketing", ["Marketing"]),
        ("Executive Assistant to the CFO", ["Administrative"]),
        ("", []),
    ],
)
def test_a_title_shows_its_functions(title: str, functions: list[str]) -> None:
    assert [FUNCTIONS[id] for id in functions_of_title(title)] == functions


@given(st.text(), st.integers())
def test_any_title_and_number_has_ids_of_the_tables(title: str, employees: int) -> None:
    assert seniority_of_title(title) in {None, *SENIORITIES}
    assert FUNCTIONS.keys() >= set(functions_of_title(title))
    assert headcount_of(employees) in HEADCOUNTS
