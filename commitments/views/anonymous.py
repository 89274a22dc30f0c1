"""Asking anonymously: nothing here knows, reads, sets or keeps anything that leads back to who asks.

No sign-in, no session, no cookie, no address, no moment: the question is stored with its day alone. See
``face.anonymous`` for what protects the form instead of a token.
"""

from datetime import datetime, timedelta

from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods

from accounts import limits
from briefings.models import Programme
from commitments.actions.questions import raise_question
from commitments.forms.asking import AnonymousForm, words_to_compare
from commitments.models import AskedAs
from commitments.queries.questions import published_answers
from commitments.queries.similar import alike_answered
from face.anonymous import SENT_FROM_ELSEWHERE, came_from_here, reads_no_session

QUESTIONS_AN_HOUR = 30
"""For each programme, all askers together: a limit by address would keep a trace of who was here."""
LOOKS_AN_HOUR = 300
_TOO_MANY = "Many questions were asked here in the last hour. Send yours again in an hour; copy its words until then"


@csrf_exempt
@reads_no_session
@login_not_required
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def ask(request: HttpRequest, slug: str) -> HttpResponse:
    """Ask a question that nothing links to anybody; the answer stands on the programme's answers page."""
    programme = get_object_or_404(Programme.objects.public(), slug=slug)
    looks = "look" in request.POST
    form = AnonymousForm(request.POST if request.method == "POST" and not looks else None, initial=request.POST.dict())
    if form.is_bound and form.is_valid():
        now = timezone.now()
        if not came_from_here(request):
            form.add_error(None, SENT_FROM_ELSEWHERE)
        elif not _within_limit(programme, now):
            form.add_error(None, _TOO_MANY)
        else:
            question = raise_question(
                programme=programme, words=form.cleaned_data["words"], asked_as=AskedAs.NOBODY, by="nobody", now=now
            )
            # Shown at once and not after a redirect: an address with the reference would stay in the browser's history.
            context = {"programme": programme, "question": question}
            return render(request, "commitments/public/asked.html", context)
    # Compared only on a press: words on their way while somebody types would be a trace of when they typed.
    may_look = looks and _within_limit(programme, timezone.now(), "anonymous look", LOOKS_AN_HOUR)
    answered = alike_answered(words_to_compare(form, request.POST), published_answers(programme)) if may_look else []
    context = {
        "programme": programme,
        "form": form,
        "title": "Ask a question anonymously",
        "looked": may_look,
        "answered": answered,
    }
    return render(request, "commitments/public/ask.html", context)


def _within_limit(
    programme: Programme, now: datetime, what: str = "anonymous question", limit: int = QUESTIONS_AN_HOUR
) -> bool:
    # Counted from the full hour: the row of the count must not tell when the first question came.
    hour = now.replace(minute=0, second=0, microsecond=0)
    key, period = str(programme.pk), timedelta(hours=1)
    return limits.hit(what, key, limit=limit, period=period, now=hour)
