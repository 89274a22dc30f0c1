from django.apps import AppConfig


class SurveysConfig(AppConfig):
    """Anonymous statements and answers: feedback, attitudes, what may be shown of them. Knows no person."""

    name = "surveys"

    def ready(self) -> None:
        from history.verbs import register

        for verb, words, mark in (
            ("chose_questions", "Questions chosen", "ring"),
            ("ended_questions", "Not asked any more", "dash"),
            ("opened_point", "Opened for answers", "half"),
            ("sent_link", "Link sent by e-mail", "half"),
            ("closed_point", "Closed: no more answers", "full"),
        ):
            register(verb, words, mark=mark, about="surveys.questionnaire")
