"""samples/Connections.csv: made by its script, in the form of LinkedIn's own export."""

import csv
import runpy
from datetime import datetime
from pathlib import Path

from goldpan.domain.identity_rules import parse_profile_url

SAMPLES = Path(__file__).parent.parent / "samples"


def sample_rows() -> list[dict[str, str]]:
    return [row for row in csv.DictReader(lines()[3:]) if any(row.values())]


def lines() -> list[str]:
    return (SAMPLES / "Connections.csv").read_text(encoding="utf-8").splitlines()


def test_the_sample_file_is_what_its_script_writes() -> None:
    script = runpy.run_path(str(SAMPLES / "make_connections.py"))

    assert (SAMPLES / "Connections.csv").read_bytes() == script["connections_csv"]().encode()


def test_the_sample_file_begins_like_the_export_of_linkedin() -> None:
    assert lines()[0] == "Notes:"
    assert lines()[1].startswith(
        '"When exporting your connection data, you may notice that some of the email addresses'
    )
    assert lines()[2:4] == ["", "First Name,Last Name,URL,Email Address,Company,Position,Connected On"]


def test_the_sample_file_has_five_hundred_rows_and_some_members_left() -> None:
    rows = lines()[4:]

    assert len(rows) == 500
    assert 3 <= rows.count(",,,,,,") <= 20


def test_every_url_of_the_sample_file_is_another_profile() -> None:
    profiles_of_rows = {parse_profile_url(row["URL"]) for row in sample_rows()}

    assert len(profiles_of_rows) == len(sample_rows())


def test_the_sample_file_tells_few_emails_and_none_of_a_real_domain() -> None:
    emails = [row["Email Address"] for row in sample_rows() if row["Email Address"]]

    assert 20 < len(emails) < 80
    assert all(email.isascii() and email.endswith(".example") for email in emails)


def test_the_sample_file_is_sorted_newest_first() -> None:
    days = [datetime.strptime(row["Connected On"], "%d %b %Y").date() for row in sample_rows()]  # noqa: DTZ007 - days

    assert days == sorted(days, reverse=True)


def test_the_sample_file_has_the_people_that_the_examples_look_for() -> None:
    positions = [row["Position"] for row in sample_rows()]

    assert sum("CTO" in position for position in positions) >= 20
    assert sum("VP Sales" in position for position in positions) >= 10
    assert sum("Head of" in position for position in positions) >= 20
