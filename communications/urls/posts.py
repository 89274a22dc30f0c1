"""Series of posts: as everybody reads, takes and follows them, and as their authors write them."""

from django.urls import path

from communications.views import posts, reuse, writing, writing_posts

SERIES = "posts/<slug:series>/"
POST = f"{SERIES}<slug:post>/"
OWN = "writing/<int:series>/"
OWN_POST = "writing/posts/<int:post>/"
urlpatterns = [
    path("posts/", posts.list_series, name="series-list"),
    path(SERIES, posts.show_series, name="series-show"),
    path(f"{SERIES}feed/", posts.give_feed, name="series-feed"),
    path(f"{SERIES}subscribe/", posts.subscribe, name="series-subscribe"),
    path(f"{SERIES}reuse/", reuse.say, name="series-reuse"),
    path(POST, posts.show_post, name="post-show"),
    path(f"{POST}take/", reuse.take, name="post-take"),
    path(f"{POST}take/download/", reuse.download, name="post-download"),
    path("pictures/<int:picture>/<int:width>/", posts.give_picture, name="picture-show"),
    path("programmes/<slug:slug>/posts/", posts.list_of_programme, name="programme-posts"),
    path("programmes/<slug:slug>/posts/feed/", posts.give_programme_feed, name="programme-feed"),
    path("programmes/<slug:slug>/writing/", writing.list_of_programme, name="programme-writing"),
    path("programmes/<slug:slug>/writing/new/", writing.start_in_programme, name="programme-writing-start"),
    path("writing/", writing.list_own, name="writing-list"),
    path("writing/new/", writing.start, name="writing-start"),
    path(OWN, writing.show_series, name="writing-show"),
    path(f"{OWN}change/", writing.change, name="writing-change"),
    path(f"{OWN}author/", writing.give, name="writing-give"),
    path(f"{OWN}pictures/", writing.pictures, name="picture-list"),
    path(f"{OWN}pictures/<int:picture>/", writing.describe_picture, name="picture-describe"),
    path(f"{OWN}pictures/<int:picture>/remove/", writing.remove_picture, name="picture-remove"),
    path(f"{OWN}reuses/", reuse.list_reuses, name="reuse-list"),
    path(f"{OWN}reuses/<int:reuse>/show/", reuse.show, name="reuse-show"),
    path(f"{OWN}reuses/<int:reuse>/hide/", reuse.hide, name="reuse-hide"),
    path(f"{OWN}new/", writing_posts.write, name="post-write"),
    path(OWN_POST, writing_posts.show_post, name="post-preview"),
    path(f"{OWN_POST}change/", writing_posts.change, name="post-change"),
    path(f"{OWN_POST}schedule/", writing_posts.schedule, name="post-schedule"),
    path(f"{OWN_POST}unschedule/", writing_posts.unschedule, name="post-unschedule"),
    path(f"{OWN_POST}publish/", writing_posts.publish, name="post-publish"),
    path(f"{OWN_POST}withdraw/", writing_posts.withdraw, name="post-withdraw"),
    path(f"{OWN_POST}drop/", writing_posts.drop, name="post-drop"),
    path(f"{OWN_POST}move/", writing_posts.move, name="post-move"),
]
