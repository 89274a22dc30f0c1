"""What an administrator does to the account of somebody: each asks first, acts, and leads back to the person."""

from collections.abc import Callable
from dataclasses import dataclass

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_http_methods

from accounts import actions
from accounts.decorators import fresh_code_required
from accounts.models import Person
from accounts.permissions import Permission, has
from history.actions import look
from history.refusals import Refused
from organisations.views.pages import READ_OR_POST, confirm_page, row_of


@dataclass(frozen=True)
class Step:
    """One thing to do to an account: the action, its words, and what is said afterwards. {name} is the person's."""

    name: str
    action: Callable
    title: str
    words: str
    button: str
    done: str
    harmless: bool = False


CLOSE = Step(
    "account-close",
    actions.close_account,
    "Close the account of {name}?",
    "They are signed out, cannot sign in, and the links in our e-mails to them open nothing. Nothing is deleted, and"
    " you can open the account again.",
    "Close the account",
    "The account of {name} is closed",
)
REOPEN = Step(
    "account-reopen",
    actions.reopen_account,
    "Open the account of {name} again?",
    "They can sign in again, with the roles they had.",
    "Open the account",
    "The account of {name} is open",
    harmless=True,
)
SIGN_OUT = Step(
    "account-sign-out",
    actions.end_all_sessions,
    "Sign {name} out everywhere?",
    "Every browser in which they are signed in is signed out at once. They can sign in again.",
    "Sign out everywhere",
    "{name} is signed out everywhere",
)
MAKE_ADMINISTRATOR = Step(
    "administrator-make",
    actions.make_administrator,
    "Make {name} an administrator?",
    "An administrator sees everybody, changes everything but the record, and can make and end administrators.",
    "Make an administrator",
    "{name} is now an administrator",
)
END_ADMINISTRATOR = Step(
    "administrator-end",
    actions.end_administrator,
    "End {name} as an administrator?",
    "Other roles they hold stay.",
    "End as an administrator",
    "{name} is no longer an administrator",
)
REMOVE_APP = Step(
    "authenticator-remove",
    actions.remove_lost_authenticator,
    "Take the authenticator app away from {name}?",
    "Do this only when you know that it is really them: call them back on a number that you know. They are signed out"
    " everywhere, are told by e-mail, and sign in with the mailed code alone until they add an app again.",
    "Take the app away",
    "The authenticator app of {name} is taken away",
)


def _view(step: Step, *, needs_code: bool = False) -> Callable:
    act = fresh_code_required(_act) if needs_code else _act

    @require_http_methods(READ_OR_POST)
    def page(request: HttpRequest, person: int) -> HttpResponse:
        # Who may not is told so before anybody is asked for a code.
        everybody = Person.objects.all() if has(request.user, Permission.MANAGE_PEOPLE) else Person.objects.none()
        return act(request, row_of(everybody, person), step)

    page.__doc__ = f"{step.button}: ask, then do it."
    return page


def _act(request: HttpRequest, somebody: Person, step: Step) -> HttpResponse:
    back, refused = reverse("organisations:person-show", args=[somebody.pk]), ""
    if request.method == "POST":
        try:
            step.action(person=somebody, by=request.user, now=timezone.now())
        except Refused as refusal:
            refused = refusal.sentence
        else:
            messages.success(request, step.done.format(name=somebody.name))
            # Who ended the own role does not see the page of people any more.
            return redirect("accounts:account-show" if somebody == request.user else back)
    look(by=request.user, at=somebody, page=f"organisations:{step.name}", now=timezone.now())
    return confirm_page(
        request,
        title=step.title.format(name=somebody.name),
        facts=[("Name", somebody.name), ("E-mail address", somebody.email or "None known")],
        words=step.words,
        button=step.button,
        back=back,
        refusal=refused,
        harmless=step.harmless,
    )


close_account = _view(CLOSE)
reopen_account = _view(REOPEN)
sign_out = _view(SIGN_OUT)
make_administrator = _view(MAKE_ADMINISTRATOR, needs_code=True)
end_administrator = _view(END_ADMINISTRATOR, needs_code=True)
remove_authenticator = _view(REMOVE_APP, needs_code=True)
