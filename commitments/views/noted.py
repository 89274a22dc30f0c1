"""What the mailed link of a noted assurance opens: the words that were written down, to confirm or to refuse."""

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_safe

from accounts.links import personal_link
from commitments.actions.assurances import end_assurance
from commitments.forms.fields import ReasonForm
from commitments.models import Assurance, AssuranceState
from history.refusals import Refused


@personal_link("assurance")
@require_safe
def show_noted(request: HttpRequest, link: int) -> HttpResponse:
    """The words as they were noted. Confirming leads through a sign-in code."""
    own = _own(request)
    context = {**_page(own, link), "is_noted": own.state == AssuranceState.NOTED}
    return render(request, "commitments/assurances/noted.html", context)


@personal_link("assurance")
@require_http_methods(["GET", "HEAD", "POST"])
def say_not_mine(request: HttpRequest, link: int) -> HttpResponse:
    """Say that these were not the words: what was noted never counts."""
    own = _own(request)
    form = ReasonForm(
        request.POST if request.method == "POST" else None,
        label="What is wrong with it?",
        hint="The coordinator reads it. You can give the assurance in your own words instead.",
    )
    if own.state != AssuranceState.NOTED:
        return redirect("commitments:assurance-noted", link=link)
    if request.method == "POST" and form.is_valid():
        try:
            end_assurance(
                assurance=own,
                state=AssuranceState.WITHDRAWN,
                reason=form.cleaned_data["reason"],
                by=request.link.person,
                now=timezone.now(),
            )
        except Refused as refusal:
            messages.error(request, refusal.sentence)
        else:
            messages.success(request, "Thank you. It does not count, and the coordinator is told")
        return redirect("commitments:assurance-noted", link=link)
    context = {
        **_page(own, link),
        "form": form,
        "title": "These are not my words",
        "caption": f"Assurance {own.reference}",
        "button": "Tell the coordinator",
        "back_url": reverse("commitments:assurance-noted", args=[link]),
        "back_words": "Back to what was noted",
    }
    return render(request, "commitments/assurances/not_mine.html", context)


def _own(request: HttpRequest) -> Assurance:
    found = Assurance.objects.select_related("programme", "organisation", "person", "session", "noted_by")
    return get_object_or_404(found, link=request.link, person=request.link.person_id)


def _page(own: Assurance, link: int) -> dict:
    return {"assurance": own, "own_link": link, "programme": own.programme, "personal_link": True}
