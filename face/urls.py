"""The deployer's colours, and in a trial the page that shows every component."""

from django.urls import path

from face import views

app_name = "face"
urlpatterns = [
    path("brand.css", views.show_brand, name="brand-show"),
    path("components/", views.list_components, name="component-list"),
]
