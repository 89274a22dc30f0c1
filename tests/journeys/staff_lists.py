"""How the staff list of four organisations comes in: uploaded, its unknown names decided, confirmed."""

import csv
import io
from dataclasses import dataclass

from tests.journeys.walking import Somebody, the_clock_ticks
from tests.organisations.messy import messy_staff_list

ROWS = 2_000
PARTNERS = ("Wrenshire County Council", "Wren Valley NHS Trust")
AREAS = ("Melton", "Harborough")
PROFESSIONS = ("Health visitor", "Social worker")


@dataclass(frozen=True)
class Listed:
    """Somebody who stands in the staff list and is in the scope of the programme."""

    name: str
    address: str


def in_scope(content: bytes, good: set[str]) -> list[Listed]:
    """Return who in the file is for the programme, counted from its bytes: each address once, in the order of rows."""
    found = {}
    for row in csv.DictReader(io.StringIO(content.decode("cp1252")), delimiter=";"):
        address = row["Work E-mail"].strip().lower()
        employer = " ".join(row["Employer"].lower().split()).replace("wrenshire cc", "wrenshire county council")
        partner = employer in {name.lower() for name in PARTNERS}
        if partner and row["Job Title"] in PROFESSIONS and row["Locality"] in AREAS and address in good:
            found.setdefault(address, Listed(f"{row['Forename']} {row['SURNAME']}", address))
    return list(found.values())


def staff_lists_arrive(ada: Somebody) -> list[Listed]:
    """Ada adds one organisation by hand, the rest comes with a messy list; return who is in scope."""
    content, expected = messy_staff_list(ROWS)
    ada.follows("Organisations").follows("Add an organisation").presses_button("Add").sees("There is a problem")
    ada.fills(name=PARTNERS[0]).presses_button("Add").sees(PARTNERS[0])
    ada.follows("Staff lists").follows("Upload a staff list").presses_button("Upload the file")
    ada.sees("There is a problem")
    ada.chooses_file("HR export, November.csv", content).presses_button("Upload the file")
    the_clock_ticks()
    rejected = sum(expected.rejected.values())
    ada.goes_to(ada.page.url).sees("Nothing has been changed yet", f"Rows that cannot be used {rejected}")
    ada.follows("Decide about the names").sees("Wrenshire CC", "Teacher", "Ashfield")
    ada.chooses("“Wrenshire CC”", PARTNERS[0])
    ada.chooses_everywhere_else("Make it a new").presses_button("Keep these decisions").follows("Go on")
    ada.sees(f"{expected.new:,} new people").presses_button("Add the staff list")
    the_clock_ticks()
    ada.goes_to(ada.page.url).sees("The staff list has been added", "is not an e-mail address")
    return in_scope(content, expected.addresses)
