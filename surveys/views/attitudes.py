"""Answering statements from a link or a code in the room: nothing here knows, sets or keeps who answers."""

from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods, require_safe

from face.anonymous import SENT_FROM_ELSEWHERE, came_from_here, reads_no_session
from history.refusals import Refused
from surveys.actions.attitudes import CodeUnknown, NotOpen, fill_in, new_pair_code
from surveys.forms import AttitudesForm, CodeForm
from surveys.models import Method, Opening, Point


@reads_no_session
@login_not_required
@never_cache
@require_safe
def give_code(request: HttpRequest) -> HttpResponse:
    """Ask for the code that is shown in the room, and lead to its statements."""
    form = CodeForm(request.GET if "code" in request.GET else None)
    if form.is_bound and form.is_valid():
        return redirect("surveys:attitudes-answer", code=form.cleaned_data["code"])
    return render(request, "surveys/code.html", {"form": form, "title": "Enter the code"})


@csrf_exempt
@reads_no_session
@login_not_required
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def answer(request: HttpRequest, code: str) -> HttpResponse:
    """Answer the statements that ``code`` opens, once for each pair code."""
    opening = get_object_or_404(Opening.objects.select_related("questionnaire"), code=code.upper())
    if opening.closed_on is not None:
        return _refused(request, NotOpen())
    typed = request.POST if request.method == "POST" else None
    form = AttitudesForm(typed, opening=opening, fresh=new_pair_code())
    if typed is not None and form.is_valid():
        if not came_from_here(request):
            form.add_error(None, SENT_FROM_ELSEWHERE)
        else:
            try:
                fill_in(code=opening.code, answers=form.answers(), pair=form.pair_code(), is_known=form.has_own_pair())
            except CodeUnknown as refusal:
                form.add_refusal(refusal, "pair")
            except Refused as refusal:
                return _refused(request, refusal)
            else:
                keep = "" if form.has_own_pair() or opening.point in (Point.ONCE, Point.LATER) else form.pair_code()
                return render(
                    request, "surveys/attitudes_done.html", {"questionnaire": opening.questionnaire, "keep": keep}
                )
    context = {
        "form": form,
        "opening": opening,
        "questionnaire": opening.questionnaire,
        "title": "What do you think?",
        "is_paired": opening.questionnaire.method == Method.PAIRED,
    }
    return render(request, "surveys/attitudes.html", context)


def _refused(request: HttpRequest, refusal: Refused) -> HttpResponse:
    return render(request, "surveys/refused.html", {"refusal": refusal}, status=403)
