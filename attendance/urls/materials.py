"""The papers of a session."""

from django.urls import path

from attendance.views import materials

LIST = "sessions/<int:session>/materials/"
urlpatterns = [
    path(LIST, materials.list_materials, name="material-list"),
    path(f"{LIST}<int:material>/", materials.give_material, name="material-show"),
    path(f"{LIST}<int:material>/remove/", materials.remove, name="material-remove"),
    path("p/<int:link>/materials/<int:material>/", materials.give_by_place, name="place-material"),
    path("attended/materials/<int:material>/", materials.give_own, name="record-material"),
]
