"""Agreements: lists, the matrix, one agreement, signing, and what everybody reads of them."""

from django.urls import path

from accounts.links import exchange
from commitments.views import agreeing, agreements, endorsing

ONE = "agreements/<int:agreement>/"
LIST = "programmes/<slug:slug>/agreements/"
urlpatterns = [
    path("agreements/", agreements.list_agreements, name="agreement-list"),
    path("agreements/agreements.csv", agreements.export_agreements, name="agreement-export"),
    path(LIST, agreements.list_of_programme, name="programme-agreements"),
    path(f"{LIST}agreements.csv", agreements.export_of_programme, name="programme-agreements-export"),
    path(f"{LIST}matrix/", agreements.show_matrix, name="agreement-matrix"),
    path(f"{LIST}endorsements.jsonl", agreements.export_chain, name="endorsement-export"),
    path(f"{LIST}endorsement-names.csv", agreements.export_names, name="endorsement-names"),
    path(f"{LIST}make/", agreeing.make, name="agreement-make"),
    path(f"{LIST}rules/", agreeing.change_rules, name="agreement-rules"),
    path("programmes/<slug:slug>/outputs/<int:output>/agreement/", agreeing.make_of_output, name="output-agreement"),
    path(ONE, agreements.show_agreement, name="agreement-show"),
    path(f"{ONE}change/", agreeing.change, name="agreement-change"),
    path(f"{ONE}draft/", agreeing.draft_next, name="agreement-draft"),
    path(f"{ONE}drop/", agreeing.drop, name="agreement-drop"),
    path(f"{ONE}propose/", agreeing.propose, name="agreement-propose"),
    path(f"{ONE}in-use/", agreeing.put_in_use, name="agreement-in-use"),
    path(f"{ONE}out-of-use/", agreeing.take_out_of_use, name="agreement-out-of-use"),
    path(f"{ONE}withdraw/", agreeing.withdraw, name="agreement-withdraw"),
    path(f"{ONE}replace/", agreeing.replace, name="agreement-replace"),
    path(f"{ONE}sign/", endorsing.sign, name="endorsement-sign"),
    path(f"{ONE}pass-on/", endorsing.pass_on, name="endorsement-pass-on"),
    path("endorse/<link_token:token>/", exchange, {"purpose": "endorsement"}, name="endorsement-open"),
    path("endorse/<int:link>/", endorsing.show_asked, name="endorsement-asked"),
    path("programmes/<slug:slug>/agreed/", endorsing.list_agreed, name="agreed-list"),
    path("verifying-endorsements/", endorsing.show_steps, name="endorsement-steps"),
]
