"""A mail to everybody with a place in a session: written, read as one of them will, sent."""

from uuid import uuid4

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_http_methods

from accounts.presses import key_of, one_press
from attendance.actions.notices import refuse_where_nobody_is_told, send_notice
from attendance.forms.notices import NoticeForm
from attendance.messages.notices import content_of
from attendance.models import SessionNotice
from attendance.queries.notices import people_to_tell
from attendance.views.sessions import asks_while, session_of, typed_again
from briefings.models import Session, SessionState
from history.refusals import Refused


@require_http_methods(["GET", "HEAD", "POST"])
@asks_while(SessionState.OPEN)
@one_press
def write(request: HttpRequest, session: int) -> HttpResponse:
    """Write the mail, look at it, send it."""
    found, now = session_of(request, session), timezone.now()
    form = NoticeForm(request.POST if request.method == "POST" else None)
    if request.method != "POST" or not form.is_valid() or "again" in request.POST:
        return _form_page(request, found, form)
    try:
        if "confirmed" not in request.POST:
            refuse_where_nobody_is_told(found, to_waiting=form.cleaned_data["to_waiting"])
            return _preview(request, found, form)
        press = key_of(request) or uuid4()
        notice = send_notice(session=found, press=press, by=request.user, now=now, **form.cleaned_data)
    except Refused as refusal:
        form.add_refusal(refusal)
        return _form_page(request, found, form)
    told = len(people_to_tell(found, to_waiting=notice.to_waiting))
    messages.success(request, f"On its way to {told} {'person' if told == 1 else 'people'}.")
    return redirect("attendance:session-show", session=session)


def _form_page(request: HttpRequest, session: Session, form: NoticeForm) -> HttpResponse:
    seated, everybody = (len(people_to_tell(session, to_waiting=waiting)) for waiting in (False, True))
    context = {
        **_context(session, "Tell everybody with a place"),
        "form": form,
        "button": "Read it before it goes",
        "seated": seated,
        "waiting": everybody - seated,
        "notices": SessionNotice.objects.filter(session=session).select_related("made_by")[:10],
    }
    return render(request, "attendance/notices/write.html", context, status=422 if form.errors else 200)


def _preview(request: HttpRequest, session: Session, form: NoticeForm) -> HttpResponse:
    words = {name: form.cleaned_data[name] for name in ("subject", "words", "to_waiting")}
    content = content_of(SessionNotice(session=session, **words), None, None)
    told = len(people_to_tell(session, to_waiting=words["to_waiting"]))
    context = {
        **_context(session, "Read it before it goes"),
        "subject": content.subject,
        "text": content.text,
        "told": told,
        "typed": [(name, value) for name, value in typed_again(request) if name != "press"],
        "leave_url": reverse("attendance:session-notice", args=[session.pk]),
    }
    return render(request, "attendance/notices/check.html", context)


def _context(session: Session, title: str) -> dict:
    return {
        "title": title,
        "session": session,
        "programme": session.programme,
        "section": "sessions",
        "caption": str(session),
        "back_url": reverse("attendance:session-show", args=[session.pk]),
        "back_words": "Back to the session",
    }
