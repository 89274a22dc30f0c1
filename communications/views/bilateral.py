"""A bilateral share: one form, and what comes next."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_safe

from accounts.permissions import Permission, permission_required
from accounts.presses import one_press
from briefings.actions.sessions import InThePast, RoomTaken, RoomTooSmall
from briefings.actions.venues import VenueNameTaken
from briefings.models import Programme
from briefings.queries import count_eligible
from communications.actions.bilateral import set_up_share
from communications.forms.bilateral import BilateralForm
from history.refusals import Refused
from organisations.models import Organisation

NAMES_OFFERED = 500
_FIELD = {RoomTaken: "room", RoomTooSmall: "capacity", InThePast: "date", VenueNameTaken: "place"}


@permission_required(Permission.START_PROGRAMMES)
@require_http_methods(["GET", "HEAD", "POST"])
@one_press
def begin_share(request: HttpRequest) -> HttpResponse:
    """Everything in one form; afterwards people can be invited."""
    mine = {"contact_name": request.user.name, "contact_email": request.user.email}
    form = BilateralForm(request.POST, request.FILES) if request.method == "POST" else BilateralForm(initial=mine)
    if request.method == "POST" and form.is_valid():
        try:
            session = set_up_share(share=form.share(), by=request.user, now=timezone.now())
        except Refused as refusal:
            form.add_refusal(refusal, _FIELD.get(type(refusal)))
        else:
            return redirect("communications:bilateral-done", slug=session.programme.slug)
    context = {"form": form, "title": "Set up a bilateral share", "organisations": _names()}
    status = 422 if form.is_bound and form.errors else 200
    return render(request, "communications/bilateral.html", context, status=status)


def _names() -> list[str]:
    return list(Organisation.objects.filter(ended_on=None).values_list("name", flat=True)[:NAMES_OFFERED])


@require_safe
def show_done(request: HttpRequest, slug: str) -> HttpResponse:
    """What stands now, and the one next step: invite."""
    programme = get_object_or_404(Programme.objects.where(request.user, Permission.MANAGE_PROGRAMME), slug=slug)
    now = timezone.now()
    context = {
        "programme": programme,
        "title": f"{programme.name} is ready",
        "sessions": programme.sessions.open().to_come(now).select_related("room__venue")[:2],
        "stages": programme.stages.all(),
        "eligible": count_eligible(programme, now),
    }
    return render(request, "communications/bilateral_done.html", context)
