"""The communication plan of a programme, its stages and items, and the link of an item."""

from django.urls import path

from accounts.links import exchange
from communications.views import plan, planned, stages

PLAN = "programmes/<slug:slug>/plan/"
STAGE = f"{PLAN}stages/<int:stage>/"
ITEM = f"{PLAN}items/<int:item>/"
urlpatterns = [
    path(PLAN, plan.show_plan, name="plan-show"),
    path("programmes/<slug:slug>/plan.csv", plan.download_plan, name="plan-download"),
    path(f"{PLAN}stages/add/", stages.new_stage, name="stage-add"),
    path(STAGE, stages.show_stage, name="stage-show"),
    path(f"{STAGE}change/", stages.edit_stage, name="stage-change"),
    path(f"{STAGE}remove/", stages.drop_stage, name="stage-remove"),
    path(f"{STAGE}items/add/", stages.new_item, name="item-add"),
    path(f"{ITEM}change/", stages.edit_item, name="item-change"),
    path(f"{ITEM}fulfil/", stages.fulfil, name="item-fulfil"),
    path(f"{ITEM}reopen/", stages.reopen, name="item-reopen"),
    path(f"{ITEM}remove/", stages.drop_item, name="item-remove"),
    path("planned/<link_token:token>/", exchange, {"purpose": "planned"}, name="planned-open"),
    path("planned/<int:link>/", planned.show_own, name="planned-show"),
]
