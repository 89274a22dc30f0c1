"""A planned item for its owner, by the link in the mail."""

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.http import require_http_methods

from accounts.links import personal_link
from commitments.clocks import local_day
from communications.actions.plan import fulfil_item
from communications.forms.stages import WordsDoneForm
from communications.messages.plan import audience_in_words
from communications.models import PlannedItem
from communications.queries.timeline import item_state
from history.refusals import Refused


@personal_link("planned")
@require_http_methods(["GET", "HEAD", "POST"])
def show_own(request: HttpRequest, link: int) -> HttpResponse:
    """What its owner is to tell, and a form to say how it was done."""
    found = PlannedItem.objects.select_related("stage__programme", "owner")
    own = get_object_or_404(found, link=request.link, owner=request.link.person_id)
    form = WordsDoneForm(request.POST if request.method == "POST" else None)
    if request.method == "POST" and form.is_valid():
        try:
            fulfil_item(item=own, words=form.cleaned_data["words"], by=own.owner, now=timezone.now())
        except Refused as refusal:
            messages.error(request, refusal.sentence)
        else:
            messages.success(request, "Thank you. The coordinator sees it in the plan")
        return redirect("communications:planned-show", link=link)
    programme = own.stage.programme
    (shape, colour), state = item_state(own, local_day(programme, timezone.now()))
    context = {
        "personal_link": True,
        "programme": programme,
        "own": own,
        "audience": audience_in_words(own),
        "form": form,
        "shape": shape,
        "colour": colour,
        "state": state,
        "title": "To be told",
        "caption": programme.name,
    }
    return render(request, "communications/plan/own.html", context)
