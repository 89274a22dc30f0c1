from celery.schedules import crontab

from config.celery import app


def test_every_line_names_a_task_that_is_there():
    app.loader.import_default_modules()
    assert {line["task"] for line in app.conf.beat_schedule.values()} - set(app.tasks) == set()


def test_every_task_of_ours_has_a_line():
    app.loader.import_default_modules()
    ours = {name for name in app.tasks if not name.startswith("celery.")}
    assert ours == {line["task"] for line in app.conf.beat_schedule.values()}


def test_no_message_of_the_timetable_outlives_its_turn():
    for name, line in app.conf.beat_schedule.items():
        every = 24 * 3600 if isinstance(line["schedule"], crontab) else line["schedule"]
        assert 0 < line["options"]["expires"] <= every, name


def test_what_is_due_is_sent_within_seconds():
    lines = [line for line in app.conf.beat_schedule.values() if line["task"] == "messaging.tasks.deliver_due"]
    assert [line["schedule"] for line in lines] == [5.0]
