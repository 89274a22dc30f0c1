"""Templates of programmes. ``templates`` is a reserved word in the place of a programme."""

from django.urls import path

from communications.views import cloning, templates

LIST = "programmes/templates/"
PLAN = "programmes/<slug:slug>/plan/"
urlpatterns = [
    path(LIST, templates.list_templates, name="template-list"),
    path(f"{LIST}start/", templates.start, name="template-start"),
    path(f"{LIST}<int:template>/remove/", templates.drop, name="template-remove"),
    path(f"{PLAN}template/", templates.apply, name="template-apply"),
    path(f"{PLAN}keep/", templates.keep, name="template-keep"),
    path("programmes/<slug:slug>/clone/", cloning.clone, name="programme-clone"),
]
