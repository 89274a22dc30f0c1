"""What a coordinator types who acts for somebody on the telephone."""

from collections.abc import Collection
from typing import Any

from django import forms
from django.db.models import QuerySet

from attendance.models import InvitationAnswer
from attendance.queries.booking import why_gone
from briefings.models import Session
from face.dates import day, period
from face.forms import FilterForm, HubForm


class PersonSearch(FilterForm):
    """The search for somebody on the telephone."""

    q = forms.CharField(label="Name, e-mail address or reference", max_length=200)


class SessionChoice(forms.ModelChoiceField):
    """One of the open sessions, in words; ``quota_used`` are the ids of those in which they would wait all the same.

    So are ``all_kept``, where the free places are kept for people whose session was cancelled.

    ``known``: all there are, so that it can be said why one is not open any more.
    """

    quota_used: Collection[int] = ()
    all_kept: Collection[int] = ()
    known: QuerySet[Session] = Session.objects.none()

    def to_python(self, value: Any) -> Session | None:
        """Return the session; where it was cancelled or has begun since the page was shown, that is said."""
        try:
            return super().to_python(value)
        except forms.ValidationError:
            why = why_gone(self.known, value)
            if why:
                raise forms.ValidationError(why, code="gone") from None
            raise

    def label_from_instance(self, session: Session) -> str:
        seats = session.seats
        where = session.room.venue.name if session.room else "online"
        free = f"{seats.free} of {seats.capacity} free" if seats.free else f"full, {session.waiting} waiting"
        kept = seats.capacity - seats.taken - seats.free
        reserve = f", {kept} kept back" if kept > 0 and seats.reserved else ""
        would_wait = seats.free and session.pk in self.quota_used
        quota = ". Their organisation’s places are taken: they would wait" if would_wait else ""
        if not quota and session.pk in self.all_kept:
            quota = ". Kept for people whose session was cancelled: they would wait"
        return f"{day(session.date)}, {period(session.starts, session.ends)}, {where}: {free}{reserve}{quota}"


class TakeForm(HubForm):
    """Which session somebody gets a place in, or changes to."""

    session = SessionChoice(label="Which session?", queryset=Session.objects.none(), empty_label="Choose a session")
    from_reserve = forms.BooleanField(label="Use a place that is kept back, if no other is free", required=False)

    whole_series = forms.BooleanField(
        label="Take the other workshops of its series too, where it is in one", required=False
    )

    def __init__(
        self,
        *args: Any,
        sessions: Any,
        known: QuerySet[Session],
        quota_used: Collection[int],
        all_kept: Collection[int],
        with_series: bool,
        **kwargs: Any,
    ) -> None:
        super().__init__(*args, **kwargs)
        self.fields["session"].known = known
        self.fields["session"].queryset = sessions
        self.fields["session"].quota_used = quota_used
        self.fields["session"].all_kept = all_kept
        if not with_series:
            del self.fields["whole_series"]


class AnswerForm(HubForm):
    """What an invited person says on the telephone."""

    answer = forms.ChoiceField(
        label="What did they say?",
        choices=[*InvitationAnswer.choices, ("", "Nothing yet: take the answer back")],
        widget=forms.RadioSelect,
        required=False,
    )
