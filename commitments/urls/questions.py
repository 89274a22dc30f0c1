"""Questions: lists, one question, raising one, and what the mailed links of owners and askers open."""

from django.urls import path

from accounts.links import exchange
from commitments.views import askers, asking, commissions, questions, raising, triage

ONE = "questions/<uuid:question>/"
LIST = "programmes/<slug:slug>/questions/"
staff = [
    path("questions/", questions.list_questions, name="question-list"),
    path("questions/questions.csv", questions.export_questions, name="question-export"),
    path(LIST, questions.list_of_programme, name="programme-questions"),
    path(f"{LIST}questions.csv", questions.export_of_programme, name="programme-questions-export"),
    path(f"{LIST}raise/", raising.raise_for, name="question-raise"),
    path(ONE, questions.show_question, name="question-show"),
    path(f"{ONE}take-on/", triage.take_on, name="question-take-on"),
    path(f"{ONE}commission/", triage.commission_it, name="question-commission"),
    path(f"{ONE}answer/", triage.answer, name="question-answer"),
    path(f"{ONE}out-of-scope/", triage.put_aside, name="question-out-of-scope"),
    path(f"{ONE}accept/", triage.accept, name="question-accept"),
    path(f"{ONE}decline/", triage.decline, name="question-decline"),
]
commission = [
    path("commission/<link_token:token>/", exchange, {"purpose": "commission"}, name="commission-open"),
    path("commission/<int:link>/", commissions.show_commission, name="commission-show"),
    path("commission/<int:link>/accept/", commissions.accept, name="commission-accept"),
    path("commission/<int:link>/decline/", commissions.decline, name="commission-decline"),
]
asker = [
    path("q/<link_token:token>/", exchange, {"purpose": "question"}, name="asker-open"),
    path("q/<int:link>/", askers.show_own, name="asker-show"),
    path("q/<int:link>/not-answered/", askers.say_not_answered, name="asker-unanswered"),
    path("q/<int:link>/withdraw/", askers.withdraw, name="asker-withdraw"),
    path("p/<int:link>/ask/", asking.ask_before, name="place-ask"),
]
urlpatterns = [*staff, *commission, *asker]
