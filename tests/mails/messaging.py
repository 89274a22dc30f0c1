"""Codes and notices about accounts."""

from django.test import Client

from tests.accounts.signing_in import ask_for_code
from tests.mails import makes
from tests.organisations.factories import PersonFactory


@makes("messaging.code")
def sign_in_code() -> None:
    ask_for_code(Client(), PersonFactory().email)
