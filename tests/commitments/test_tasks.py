"""The clock of questions and assurances, as the timetable asks for it."""

from datetime import timedelta

import pytest
import time_machine

from commitments import tasks
from messaging.models import Message
from tests.commitments.factories import NOW, Cast
from tests.commitments.test_assurances import given

pytestmark = pytest.mark.django_db


def test_what_is_due_is_sent_once():
    cast = Cast()
    cast.question()
    given(cast)
    with time_machine.travel(NOW, tick=False):
        assert (tasks.remind_due(), tasks.remind_due()) == (1, 0)
    with time_machine.travel(NOW + timedelta(days=29), tick=False):
        assert (tasks.remind_due(), tasks.remind_due()) == (2, 0)
    assert Message.objects.filter(kind__endswith="_reminder").count() == 3
