"""The addresses of messaging, by object."""

from django.urls import path

from messaging.views import bounces, log, mailbox, senders, streams

app_name = "messaging"
urlpatterns = [
    path("mailbox/", mailbox.list_mails, name="mailbox-list"),
    path("mailbox/<int:mail>/", mailbox.show_mail, name="mailbox-show"),
    path("mailbox/<int:mail>/page/", mailbox.show_page, name="mailbox-page"),
    path("mailbox/<int:mail>/files/<int:number>/", mailbox.show_file, name="mailbox-file"),
    path("messages/", log.list_messages, name="message-list"),
    path("messages/download/", log.download_messages, name="message-download"),
    path("messages/returned/", bounces.list_bounces, name="bounce-list"),
    path("messages/returned/<int:bounce>/clear/", bounces.clear_bounce, name="bounce-clear"),
    path("mail/confirm/<str:token>/", streams.confirm, name="stream-confirm"),
    path("mail/leave/<str:token>/", streams.leave, name="stream-leave"),
    path("mail/preferences/<str:token>/", streams.preferences, name="stream-preferences"),
    path("messages/sender/", senders.edit_sender, name="sender-edit"),
    path("messages/<int:message>/", log.show_message, name="message-show"),
    path("messages/<int:message>/try-again/", log.try_again, name="message-try-again"),
    path("messages/<int:message>/stop/", log.stop, name="message-stop"),
]
