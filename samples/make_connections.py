"""Writes samples/Connections.csv: invented people in the form of LinkedIn's own export, the same bytes each time."""

import csv
import io
from datetime import date, timedelta
from pathlib import Path
from urllib.parse import quote

from goldpan.providers.sandbox_people import Dice, invent_company, invent_name, invent_title

PEOPLE = 500
NEWEST = date(2026, 10, 30)
HEADER = ("First Name", "Last Name", "URL", "Email Address", "Company", "Position", "Connected On")
PREAMBLE = (
    "Notes:\n"
    '"When exporting your connection data, you may notice that some of the email addresses are missing. '
    "An address is only in this file where its owner lets connections download it, and most people do not. "
    'All people in this sample are invented."\n'
    "\n"
)


def connections_csv() -> str:
    """Return the whole file, newest connection first as LinkedIn sorts it."""
    text = io.StringIO()
    text.write(PREAMBLE)
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(HEADER)
    connected_on = NEWEST
    for number in range(PEOPLE):
        dice = Dice(f"connection {number}")
        connected_on -= timedelta(days=dice.roll("days before the one above", 8))
        writer.writerow([""] * len(HEADER) if dice.happens("has left LinkedIn", 2) else _row(dice, connected_on))
    return text.getvalue()


def _row(dice: Dice, connected_on: date) -> list[str]:
    full_name = invent_name(dice)
    company = invent_company(dice)
    has_job = not dice.happens("is between jobs", 4)
    nickname = f' "{dice.pick("nickname", ("Ace", "Bee", "Kit", "Max"))}"' if dice.happens("has a nickname", 3) else ""
    email = f"{full_name.address.replace('-', '.')}@{company.domain}" if dice.happens("shows the address", 9) else ""
    return [
        full_name.first_name + nickname,
        full_name.last_name or "",
        f"https://www.linkedin.com/in/{quote(f'{full_name.slug}-{_tail(dice)}')}",
        email,
        company.name if has_job else "",
        invent_title(dice) if has_job else "",
        connected_on.strftime("%d %b %Y"),
    ]


def _tail(dice: Dice) -> str:
    """Return what LinkedIn puts behind a name that somebody else has already."""
    return f"{dice.roll('tail of the slug', 1 << 32):08x}"


if __name__ == "__main__":
    Path(__file__).with_name("Connections.csv").write_text(connections_csv(), encoding="utf-8", newline="\n")
