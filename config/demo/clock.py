"""Days that have been: what happened when, told in order, and what the clock did in between."""

from collections import defaultdict
from collections.abc import Callable
from datetime import date, datetime, time, timedelta
from functools import partial
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

from django.conf import settings
from django.db import connection
from psycopg2.extras import execute_values

import commitments.actions.assurances as assurances
import commitments.actions.questions as questions
from attendance.actions.cover_ladder import remind_of_requests
from attendance.actions.invitations import remind_where_at_work, write_waiting_rounds
from attendance.actions.reminders import remind_all
from commitments.actions.agreements import look_after_agreements
from commitments.models import Assurance, Question
from communications.actions.plan import chase_plan
from messaging import kinds, seals
from messaging.models import Message
from messaging.working_days import add_working_days, is_working_day, working_days_before

NATION = "england-and-wales"
ZONE = ZoneInfo("Europe/London")
WORK_BEGINS = time(9)


class Calendar:
    """The story's days, counted in working days from ``today``; ``now`` ends it: nothing is later than that."""

    def __init__(self, today: date, now: datetime) -> None:
        self.today, self.now = today, now
        self._events: dict[date, list[tuple[float, int, datetime, Callable[[datetime], None]]]] = defaultdict(list)
        self._count = 0

    def day(self, offset: int) -> date:
        """Return the day ``offset`` working days after today, or before it where that is negative."""
        if offset < 0:
            return working_days_before(self.today, -offset, NATION)
        return add_working_days(self.today, offset, NATION)

    def moment(self, day: date, hour: float) -> datetime:
        """Return ``hour`` (9.5 is half past nine) of ``day``, never later than now."""
        begins = datetime.combine(day, time(), ZONE)
        return min(begins + timedelta(minutes=round(hour * 60)), self.now)

    def at(self, day: date, hour: float, do: Callable[..., None], *args) -> None:
        """Let ``do(*args, now)`` happen at ``hour`` of ``day``; where that is to come, now, in the same order."""
        self._count += 1
        self._events[day].append((hour, self._count, self.moment(day, hour), partial(do, *args)))

    def tell(self) -> None:
        """Let everything happen, day by day, with the reminders of each day and with its mails sent."""
        day = min(self._events)
        while day <= self.today:
            if day.weekday() == 0 or day == min(self._events):
                count_rows()
            self._morning(day)
            for _, _, moment, do in sorted(self._events.get(day, ()), key=lambda event: event[:2]):
                do(moment)
                if day < self.today and write_waiting_rounds(now=moment):
                    count_rows()
            if day < self.today:
                send_what_is_due(self.moment(day, 20))
            day += timedelta(days=1)

    def _morning(self, day: date) -> None:
        if not is_working_day(day, NATION):
            return
        now = self.moment(day, WORK_BEGINS.hour)
        for remind in (remind_where_at_work, remind_all, remind_of_requests, chase_plan):
            remind(now=now)
        look_after_agreements(now=now)
        for question in Question.objects.filter(next_reminder_on__lte=day).values_list("pk", flat=True):
            questions.remind_about(question_id=question, now=now)
        for assurance in Assurance.objects.filter(next_reminder_on__lte=day).values_list("pk", flat=True):
            assurances.remind_about(assurance_id=assurance, now=now)


def count_rows() -> None:
    """Let the database count what this transaction wrote: nobody else can see it, and a plan for no rows is slow."""
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE " + ", ".join(_TABLES))


_TABLES = (
    "accounts_person", "organisations_affiliation", "organisations_affiliationarea", "organisations_area",
    "briefings_partner", "briefings_session", "attendance_invitation", "attendance_place", "messaging_message",
    "accounts_personallink", "attendance_engagement", "attendance_calendarentry",
)  # fmt: skip


def send_what_is_due(now: datetime) -> None:
    """Write down as sent what was due until ``now``: the mails of days gone by are in the log, in no mailbox."""
    due = Message.objects.due(now)
    for name in due.order_by().values_list("kind", flat=True).distinct():
        _withhold_unwanted(name, now)
    host = urlsplit(settings.SITE_URL).hostname
    rows = list(due.values_list("pk", "key", "kind"))
    sent = [(pk, seals.message_id(key, host), kinds.label(kind)) for pk, key, kind in rows]
    if sent:
        with connection.cursor() as cursor:
            execute_values(cursor.cursor, _SENT, sent, page_size=5_000)


_SENT = (
    "UPDATE messaging_message AS m SET state = 'sent', message_id = done.message_id, subject = done.subject,"
    " sealed = NULL, attempts = 1, first_tried_at = m.due_at + interval '5 seconds',"
    " sent_at = m.due_at + interval '6 seconds',"
    " sent_to = coalesce(m.address, (SELECT email FROM accounts_person AS p WHERE p.id = m.person_id))"
    " FROM (VALUES %s) AS done (id, message_id, subject) WHERE m.id = done.id"
)


def _withhold_unwanted(name: str, now: datetime) -> None:
    batch = list(Message.objects.due(now).filter(kind=name).select_related("person"))
    for pk, reason in kinds.find(name).still_wanted(batch, now).items():
        Message.objects.filter(pk=pk).update(state=Message.State.WITHHELD, reason=reason, sealed=None)
