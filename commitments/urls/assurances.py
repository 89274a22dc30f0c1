"""Assurances: lists, one assurance, giving one, and the link with which it is confirmed."""

from django.urls import path

from accounts.links import exchange
from commitments.views import assurances, keeping, noted, promises, redacting

ONE = "assurances/<int:assurance>/"
LIST = "programmes/<slug:slug>/assurances/"
urlpatterns = [
    path("assurances/", assurances.list_assurances, name="assurance-list"),
    path("assurances/assurances.csv", assurances.export_assurances, name="assurance-export"),
    path(LIST, assurances.list_of_programme, name="programme-assurances"),
    path(f"{LIST}assurances.csv", assurances.export_of_programme, name="programme-assurances-export"),
    path(f"{LIST}give/", promises.give, name="assurance-give"),
    path(ONE, assurances.show_assurance, name="assurance-show"),
    path(f"{ONE}confirm/", keeping.confirm, name="assurance-confirm"),
    path(f"{ONE}replace/", promises.replace, name="assurance-replace"),
    path(f"{ONE}propose/", keeping.propose, name="assurance-propose"),
    path(f"{ONE}kept/", keeping.confirm_it_was_kept, name="assurance-kept"),
    path(f"{ONE}send-back/", keeping.send_it_back, name="assurance-send-back"),
    path(f"{ONE}not-kept/", keeping.note_not_kept, name="assurance-not-kept"),
    path(f"{ONE}withdraw/", keeping.withdraw, name="assurance-withdraw"),
    path(f"{ONE}review/", keeping.review, name="assurance-review"),
    path(f"{ONE}lapse/", keeping.let_lapse, name="assurance-lapse"),
    path(f"{ONE}successor/", keeping.ask_successor, name="assurance-successor"),
    path(f"{ONE}take-over/", keeping.take_over, name="assurance-take-over"),
    path(f"{ONE}not-take-over/", keeping.decline, name="assurance-decline"),
    path(f"{ONE}files/<int:file>/", assurances.give_file, name="assurance-file"),
    path(f"{ONE}redact/", redacting.redact_words, name="assurance-redact"),
    path(f"{ONE}redact/ending/", redacting.redact_ending, name="assurance-redact-ending"),
    path(f"{ONE}redact/<slug:kind>/<int:number>/", redacting.redact_part, name="assurance-redact-part"),
    path("assurance/<link_token:token>/", exchange, {"purpose": "assurance"}, name="assurance-open"),
    path("assurance/<int:link>/", noted.show_noted, name="assurance-noted"),
    path("assurance/<int:link>/not-mine/", noted.say_not_mine, name="assurance-not-mine"),
    path("assurance/<int:link>/kept/", noted.say_kept, name="assurance-say-kept"),
    path("assurance/<int:link>/review/", noted.say_how_it_stands, name="assurance-say-how"),
]
