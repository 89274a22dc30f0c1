"""The sections of guidance: writing one, also at the same time as somebody else; comments and their answers."""

from django.contrib import messages
from django.db.models import Q
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_POST

from accounts.presses import one_press
from commitments.actions import guidance as actions
from commitments.differences import compare, together
from commitments.forms.guidance import AgreementsForm, AnswerForm, CommentForm, SectionForm
from commitments.models import AgreementVersion, CommentState, Guidance, GuidanceSection, SectionComment
from commitments.queries.standing import agreements_to_use
from commitments.rules import can_write_guidance
from commitments.views.guidance import READ_OR_POST, back_to, done, form_page, to_work_on, to_write
from history.actions import look
from history.refusals import Refused


@require_http_methods(READ_OR_POST)
@one_press
def add(request: HttpRequest, guidance: int) -> HttpResponse:
    """Write another section."""
    own = to_write(request, guidance)
    form = SectionForm(request.POST if request.method == "POST" else None)
    if request.method == "POST" and form.is_valid():
        title, words = form.cleaned_data["title"], form.cleaned_data["words"]
        try:
            actions.add_section(guidance=own, title=title, words=words, by=request.user, now=timezone.now())
        except Refused as refusal:
            form.add_refusal(refusal)
        else:
            messages.success(request, f"“{title}” is in the draft")
            return redirect("commitments:guidance-show", guidance=own.pk)
    return form_page(request, own, form, title="Add a section", button="Keep this section")


@require_http_methods(READ_OR_POST)
@one_press
def draft_from(request: HttpRequest, guidance: int) -> HttpResponse:
    """Draft a section from agreements."""
    own = to_write(request, guidance)
    form = AgreementsForm(
        request.POST if request.method == "POST" else None, versions=agreements_to_use(own.programme), is_new=True
    )
    if request.method == "POST" and form.is_valid():
        try:
            actions.draft_from_agreements(guidance=own, by=request.user, now=timezone.now(), **form.cleaned_data)
        except Refused as refusal:
            form.add_refusal(refusal)
        else:
            messages.success(request, f"“{form.cleaned_data['title']}” is drafted from what was agreed")
            return redirect("commitments:guidance-show", guidance=own.pk)
    return form_page(request, own, form, title="Draft a section from agreements", button="Draft it")


@require_http_methods(READ_OR_POST)
def choose_agreements(request: HttpRequest, guidance: int, part: int) -> HttpResponse:
    """Say on which agreements a section stands."""
    own = to_write(request, guidance)
    section = _section(own, part)
    there = AgreementVersion.objects.filter(pk__in=section.agreements.values("version"))
    usable = agreements_to_use(own.programme).values("pk")
    choices = AgreementVersion.objects.filter(Q(pk__in=usable) | Q(pk__in=there.values("pk")))
    form = AgreementsForm(
        request.POST if request.method == "POST" else None,
        versions=choices.select_related("agreement").order_by("agreement__reference", "number"),
        is_new=False,
        initial={"versions": there},
    )
    if request.method == "POST" and form.is_valid():
        chosen = form.cleaned_data["versions"]
        return done(
            request,
            own,
            lambda: actions.stand_on(section=section, versions=chosen, by=request.user, now=timezone.now()),
            "It is kept on which agreements the section stands",
        )
    title = f"On which agreements does “{section.title}” stand?"
    return form_page(request, own, form, title=title, button="Keep it like this")


@require_http_methods(READ_OR_POST)
def change(request: HttpRequest, guidance: int, part: int) -> HttpResponse:
    """Write a section anew. Where somebody else was quicker, both texts stand beside a form that holds both."""
    own = to_write(request, guidance)
    section = _section(own, part, with_removed=request.method == "POST")
    initial = {"title": section.title, "words": section.words, "version": section.version}
    form = SectionForm(request.POST if request.method == "POST" else None, initial=initial)
    if request.method == "POST" and form.is_valid():
        typed = {"title": form.cleaned_data["title"], "words": form.cleaned_data["words"]}
        version = form.cleaned_data["version"] or 0
        try:
            actions.change_section(section=section, version=version, by=request.user, now=timezone.now(), **typed)
        except actions.ChangedMeanwhile as refusal:
            return _merge(request, own, refusal.section, typed)
        except Refused as refusal:
            form.add_refusal(refusal)
        else:
            messages.success(request, f"“{typed['title']}” is kept")
            return redirect("commitments:guidance-show", guidance=own.pk)
    return form_page(request, own, form, title="Change a section", button="Keep these words")


def _merge(request: HttpRequest, own: Guidance, theirs: GuidanceSection, mine: dict[str, str]) -> HttpResponse:
    """Show both texts and their difference, with a form in which no line of either is missing."""
    both = {
        "title": theirs.title if theirs.title == mine["title"] else f"{theirs.title} / {mine['title']}"[:200],
        "words": together(theirs.words, mine["words"]),
        "version": theirs.version,
    }
    context = {
        "title": "Put both texts together",
        "caption": own.title,
        "programme": own.programme,
        "section": "guidance",
        "guidance": own,
        "theirs": theirs,
        "mine": mine,
        "pieces": compare(theirs.words, mine["words"]),
        "form": SectionForm(initial=both),
        **back_to(own),
    }
    return render(request, "commitments/guidance/merge.html", context, status=409)


@require_POST
def move(request: HttpRequest, guidance: int, part: int) -> HttpResponse:
    """Move a section up or down."""
    own = to_write(request, guidance)
    section, is_up = _section(own, part), request.POST.get("way") == "up"
    return done(
        request,
        own,
        lambda: actions.move_section(section=section, is_up=is_up, by=request.user, now=timezone.now()),
        f"“{section.title}” has moved {'up' if is_up else 'down'}",
    )


@require_http_methods(READ_OR_POST)
def remove(request: HttpRequest, guidance: int, part: int) -> HttpResponse:
    """Take a section out of the draft, or put one back that was taken out."""
    own = to_write(request, guidance)
    section = _section(own, part, with_removed=True)
    if section.removed_at is not None:
        if request.method != "POST":
            return redirect("commitments:guidance-show", guidance=own.pk)
        return done(
            request,
            own,
            lambda: actions.put_back_section(section=section, by=request.user, now=timezone.now()),
            f"“{section.title}” is in the draft again",
        )
    if request.method == "POST":
        version = request.POST.get("version", "")
        number = int(version) if version.isascii() and version.isdecimal() and len(version) < 10 else 0
        return done(
            request,
            own,
            lambda: actions.remove_section(section=section, version=number, by=request.user, now=timezone.now()),
            f"“{section.title}” is taken out",
        )
    context = {
        "title": f"Take out “{section.title}”?",
        "caption": own.title,
        "programme": own.programme,
        "section": "guidance",
        "part": section,
        "consequence": "Its words and comments stay kept, and you can put it back. Published versions keep it.",
        "button": "Take it out",
        **back_to(own),
    }
    return render(request, "commitments/guidance/remove.html", context)


@require_http_methods(READ_OR_POST)
@one_press
def comment(request: HttpRequest, guidance: int, part: int) -> HttpResponse:
    """Say something about a section."""
    own = to_work_on(request, guidance)
    section = _section(own, part)
    form = CommentForm(request.POST if request.method == "POST" else None)
    if request.method == "POST" and form.is_valid():
        try:
            actions.comment_on(
                section=section, words=form.cleaned_data["words"], by=request.user, now=timezone.now()
            )  # fmt: skip
        except Refused as refusal:
            form.add_refusal(refusal)
        else:
            messages.success(request, "Thank you. You are told by e-mail what becomes of it")
            return redirect("commitments:guidance-show", guidance=own.pk)
    more = {"title": f"Comment on “{section.title}”", "button": "Send the comment", "part": section}
    return form_page(request, own, form, template="commitments/guidance/comment.html", **more)


@require_http_methods(READ_OR_POST)
def answer(request: HttpRequest, guidance: int, comment: int) -> HttpResponse:
    """Say what became of a comment."""
    own = to_work_on(request, guidance)
    if not can_write_guidance(request.user, own.programme):
        raise Http404
    found = SectionComment.objects.select_related("section", "made_by", "organisation").filter(section__guidance=own)
    said = get_object_or_404(found, pk=comment)
    form = AnswerForm(request.POST if request.method == "POST" else None)
    if request.method == "POST" and form.is_valid():
        is_taken_up, words = form.cleaned_data["how"] == CommentState.TAKEN_UP, form.cleaned_data["words"]
        try:
            actions.answer_comment(
                comment=said, is_taken_up=is_taken_up, words=words, by=request.user, now=timezone.now()
            )
        except Refused as refusal:
            form.add_refusal(refusal)  # what was typed stays, for who wants to keep it
        else:
            messages.success(request, "The comment is answered")
            return redirect("commitments:guidance-show", guidance=own.pk)
    elif said.state != CommentState.OPEN:
        return redirect("commitments:guidance-show", guidance=own.pk)
    look(by=request.user, at=said.made_by, page="commitments:comment-answer", now=timezone.now())
    more = {"title": "Answer a comment", "button": "Answer", "comment": said, "part": said.section}
    return form_page(request, own, form, template="commitments/guidance/answer.html", **more)


def _section(own: Guidance, pk: int, *, with_removed: bool = False) -> GuidanceSection:
    found = own.sections.all() if with_removed else own.sections.filter(removed_at__isnull=True)
    section = get_object_or_404(found, pk=pk)
    section.guidance = own
    return section
