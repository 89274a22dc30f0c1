"""Series, activities and attitudes in a real browser: narrow, with axe, and a whole series by keyboard alone."""

from datetime import date, timedelta
from urllib.parse import urlsplit

import pytest
import time_machine
from django.urls import reverse

from accounts.links import address_of, make_link
from attendance.models import Invitation, Place
from briefings.actions.activities import save_activity
from briefings.actions.series import settle_group, start_series
from briefings.models import PlacesRule, SessionKind
from surveys.actions.attitudes import close_point, fill_in, new_pair_code, open_point
from surveys.actions.questionnaires import start_attitudes
from surveys.models import Method
from tests.attendance.places import NOW, a_practitioner, a_programme, a_session
from tests.attendance.registers import a_coordinator
from tests.browser import check_page, targets_are_large
from tests.commitments.test_browser import enter, look, shot  # noqa: F401 (the fixture)

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.browser]
DAYS = [date(2026, 11, 26), date(2026, 12, 3), date(2026, 12, 10)]


@pytest.fixture(autouse=True)
def _today():
    with time_machine.travel(NOW, tick=True):
        yield


@pytest.fixture
def workshops(transactional_db):
    programme = a_programme(places_rule=PlacesRule.ONE_PER_SESSION)
    sessions = [a_session(programme, date=day, kind=SessionKind.WORKSHOP) for day in DAYS]
    series = start_series(programme=programme, name="Before we move into Wren House", by="clock", now=NOW)
    settle_group(series=series, group="Group A", sessions=sessions, by="clock", now=NOW)
    for session in sessions:
        session.refresh_from_db()
    return sessions


def test_a_whole_series_is_taken_by_keyboard(workshops, new_page, shot):  # noqa: F811
    programme = workshops[0].programme
    person = a_practitioner(programme)
    link = make_link(purpose="invitation", person=person, about=programme, ends_at=NOW + timedelta(days=90), now=NOW)
    Invitation.objects.create(programme=programme, person=person, link=link, invited_at=NOW)
    page = new_page(width=320)
    page.goto(urlsplit(address_of(link)).path)
    page.get_by_role("link", name="Take a place").first.press("Enter")
    look(page, shot, "series-check", phone=False)
    targets_are_large(page)
    page.get_by_label("A place in all of them").press("Space")
    page.get_by_role("button", name="Book your place").press("Enter")
    look(page, shot, "series-done", phone=False)
    assert "Your other places in" in page.inner_text("main")
    page.goto(reverse("attendance:invitation-choose", args=[link.pk]))
    look(page, shot, "series-chosen", phone=False)
    assert Place.objects.filter(person=person).count() == 3


def test_series_activities_and_attitudes_fit_a_narrow_page(workshops, new_page, shot):  # noqa: F811
    programme = workshops[0].programme
    own = save_activity(
        programme=programme, activity=None, name="Map the work", aim="See where it touches", minutes=30,
        materials="Pens", steps="1. Draw.", by="clock", now=NOW,
    )  # fmt: skip
    asked = start_attitudes(
        about=programme, method=Method.PAIRED, title="Wren House", words=["I know whom to ask."], by="clock", now=NOW
    )
    before = open_point(questionnaire=asked, point="before", most=40, by="clock", now=NOW)
    codes = [new_pair_code() for _ in range(14)]
    for number, code in enumerate(codes):
        fill_in(code=before.code, pair=code, answers=[2 if number < 9 else 4])
    close_point(opening=before, by="clock", now=NOW)
    after = open_point(questionnaire=asked, point="after", most=40, by="clock", now=NOW)
    for code in codes:
        fill_in(code=after.code, pair=code, answers=[4])
    close_point(opening=after, by="clock", now=NOW)
    later = open_point(questionnaire=asked, point="later", most=40, by="clock", now=NOW)
    page, slug = new_page(width=320), programme.slug
    enter(page, a_coordinator(workshops[0]))
    for name, args in (
        ("series-list", [slug]), ("series-show", [slug, workshops[0].series_id]),
        ("activity-list", [slug]), ("activity-change", [slug, own.pk]), ("activity-use", [slug, own.pk]),
        ("attitudes-list", [slug]), ("attitudes-room", [slug, asked.pk, "later"]), ("attitudes-show", [slug, asked.pk]),
    ):  # fmt: skip
        page.goto(reverse(f"attendance:{name}", args=args))
        look(page, shot, name, phone=False)
    assert "14 pairs" in page.inner_text("main")
    assert "The median change is towards agreement" in page.inner_text("main")
    stranger = new_page(width=320)
    stranger.goto(reverse("surveys:attitudes-answer", args=[later.code]))
    check_page(stranger)
    targets_are_large(stranger)
    wide = new_page(width=1280)
    enter(wide, a_coordinator(workshops[1]))
    wide.goto(reverse("attendance:attitudes-room", args=[slug, asked.pk, "later"]))
    look(wide, shot, "attitudes-room", phone=False)
