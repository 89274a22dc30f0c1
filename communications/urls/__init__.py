"""The addresses of communications, by object."""

app_name = "communications"
urlpatterns: list = []
