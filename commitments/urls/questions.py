"""Questions: lists, one question, raising one, and what the mailed links of owners and askers open."""

from django.urls import path

from accounts.links import exchange
from commitments.views import (
    answering,
    askers,
    asking,
    commissions,
    figures,
    handling,
    questions,
    raising,
    rules,
    several,
    triage,
)

ONE = "questions/<uuid:question>/"
LIST = "programmes/<slug:slug>/questions/"
staff = [
    path("questions/", questions.list_questions, name="question-list"),
    path("questions/questions.csv", questions.export_questions, name="question-export"),
    path(LIST, questions.list_of_programme, name="programme-questions"),
    path(f"{LIST}questions.csv", questions.export_of_programme, name="programme-questions-export"),
    path("questions/reminders/", rules.choose_reminders, name="question-reminders"),
    path(f"{LIST}several/", several.handle_several, name="question-several"),
    path(f"{LIST}figures/", figures.show_figures, name="question-figures"),
    path(f"{LIST}rules/", rules.show_rules, name="question-rules"),
    path(f"{LIST}rules/ladder/", rules.change_rules, name="question-rules-change"),
    path(f"{LIST}rules/themes/add/", rules.new_theme, name="theme-add"),
    path(f"{LIST}rules/themes/<int:theme>/end/", rules.close_theme, name="theme-end"),
    path(f"{LIST}rules/holders/add/", rules.new_holder, name="governance-holder-add"),
    path(f"{LIST}rules/holders/<int:holder>/end/", rules.close_holder, name="governance-holder-end"),
    path(f"{LIST}rules/closure-days/add/", rules.new_closure, name="closure-day-add"),
    path(f"{LIST}rules/closure-days/<int:closure>/remove/", rules.drop_closure, name="closure-day-remove"),
    path(f"{LIST}raise/", raising.raise_for, name="question-raise"),
    path(ONE, questions.show_question, name="question-show"),
    path(f"{ONE}take-on/", triage.take_on, name="question-take-on"),
    path(f"{ONE}commission/", triage.commission_it, name="question-commission"),
    path(f"{ONE}answer/", answering.answer, name="question-answer"),
    path(f"{ONE}out-of-scope/", triage.put_aside, name="question-out-of-scope"),
    path(f"{ONE}accept/", triage.accept, name="question-accept"),
    path(f"{ONE}decline/", triage.decline, name="question-decline"),
    path(f"{ONE}pass-on/", handling.pass_on, name="question-transfer"),
    path(f"{ONE}join/", handling.join, name="question-merge"),
    path(f"{ONE}part/", handling.part, name="question-part"),
    path(f"{ONE}theme/", handling.file_it, name="question-file"),
    path(f"{ONE}redact/", handling.redact, name="question-redact"),
    path(f"{ONE}redact/ending/", handling.redact_ending, name="question-redact-ending"),
    path(f"{ONE}redact/<slug:kind>/<int:number>/", handling.redact_part, name="question-redact-part"),
    path(f"{ONE}pause/", handling.pause, name="question-pause"),
    path(f"{ONE}resume/", handling.resume, name="question-resume"),
    path(f"{ONE}extend/", handling.extend, name="question-extend"),
    path(f"{ONE}recount/", handling.recount, name="question-recount"),
    path(f"{ONE}not-late/", handling.not_late, name="question-not-late"),
    path(f"{ONE}holding-reply/", answering.hold, name="question-hold"),
    path(f"{ONE}take-back/", answering.take_back, name="question-take-back"),
    path(f"{ONE}clearance/<int:clearance>/", answering.clear, name="question-clear"),
    path(f"{ONE}clearance/<int:clearance>/send-back/", answering.send_back, name="question-send-back"),
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
