from functools import partial

from django.apps import AppConfig


class CommitmentsConfig(AppConfig):
    """What is asked and promised: owner, due date, end."""

    name = "commitments"

    def ready(self) -> None:
        from accounts.links import register_purpose
        from commitments.messages import (
            agreements,
            assurances,
            guidance,
            handovers,
            outputs,
            questions,
            references,
            telling,
        )
        from commitments.queries.questions import names_of_askers
        from history.queries import register_namer

        register_namer(names_of_askers)
        register_purpose("question", "q")
        register_purpose("commission", "commission")
        register_purpose("assurance", "assurance")
        register_purpose("action", "action")
        register_purpose("endorsement", "endorse")
        questions.register_kinds()
        assurances.register_kinds()
        outputs.register_kinds()
        handovers.register_kinds()
        telling.register_kinds()
        guidance.register_kinds()
        references.register_kinds()
        agreements.register_kinds()
        self._name_verbs()
        self._register_links()
        self._register_invariants()

    @staticmethod
    def _register_invariants() -> None:
        from attendance.invariants import Further, register
        from commitments.invariants import CHECKS
        from commitments.queries.endorsements import all_findings

        register(*CHECKS, Further("Every chain of endorsements is true, and pages say what it says", all_findings))

    @staticmethod
    def _name_verbs() -> None:
        from history.verbs import register

        for verb, words, mark in (
            ("raised", "Raised", "ring"),
            ("opened", "Taken on by the coordinator", "ring"),
            ("commissioned", "A senior manager was asked to answer", "ring"),
            ("accepted", "Accepted by its owner", "half"),
            ("declined", "Declined with a reason: the coordinator owns it again", "ring"),
            ("transferred", "Passed on to another owner; the due date stays", "ring"),
            ("released", "Back with the coordinator: its owner may not answer any more", "gap"),
            ("followed", "Went along with its owner to the organisation that came after", "ring"),
            ("drafted", "An answer is being written", "half"),
            ("held_reply", "A holding reply was sent", "half"),
            ("sent_to_clearance", "The answer was sent to clearance", "half"),
            ("cleared", "The words were cleared", "half"),
            ("returned", "The words were sent back from clearance", "half"),
            ("took_back", "The words were taken back from clearance", "half"),
            ("improving", "Better words were sent to clearance", "full"),
            ("not_improved", "Better words were sent back from clearance", "full"),
            ("not_improving", "Better words were taken back from clearance", "full"),
            ("merged", "Joined with another question", "dash"),
            ("joined", "Another question was joined with it", "ring"),
            ("parted", "Parted from the other question again", "ring"),
            ("parted_from", "A question that was joined with it was parted again", "ring"),
            ("asker_withdrew", "One of those who asked took it back; others still ask it", "ring"),
            ("paused", "The clock was paused, with a reason", "dash"),
            ("resumed", "The clock goes on", "ring"),
            ("extended", "Given more time, with a reason", "ring"),
            ("recounted", "The date was counted by the calendar of that day", "ring"),
            ("corrected", "“Late” was wrong, and was corrected with a note", "ring"),
            ("answered", "Answered", "full"),
            ("answered_again", "Answered in better words", "full"),
            ("redacted", "Words were redacted: the original is destroyed", "dash"),
            ("filed", "Filed under a theme", "ring"),
            ("reopened", "Not answered, said who asked: open again", "gap"),
            ("put_out_of_scope", "Ended as out of scope", "dash"),
            ("withdrew", "Withdrawn", "dash"),
            ("closed", "Closed: nobody objected to the answer", "full"),
            ("waited_in_room", "Not shown in the room", "ring"),
            ("shown_in_room", "Shown in the room", "half"),
            ("hidden_in_room", "Hidden from the room, with a reason", "dash"),
        ):
            register(verb, words, mark=mark, about="commitments.question")
        for verb, words in (
            ("set_question_policy", "What it says about questions was changed"),
            ("added_theme", "A theme for questions was added"),
            ("ended_theme", "A theme for questions ended"),
            ("named_governance_holder", "A governance role was given"),
            ("ended_governance_holder", "A governance role ended"),
            ("closed_on", "A closure day was added"),
            ("opened_on", "A closure day was taken back"),
            ("set_agreement_policy", "What it says about agreements was changed"),
        ):
            register(verb, words, about="briefings.programme")
        for verb, words, mark in (
            ("opened_room", "Live questions opened", "ring"),
            ("moderated_room", "New questions wait for the scribe", "half"),
            ("unmoderated_room", "New questions are shown at once", "half"),
            ("changed_room_code", "Another code for live questions", "ring"),
            ("closed_room", "Live questions closed", "full"),
        ):
            register(verb, words, mark=mark, about="briefings.session")
        for verb, words, mark in (
            ("gave_assurance", "Given", "ring"),
            ("noted_assurance", "Noted, to be confirmed", "ring"),
            ("confirmed_assurance", "Confirmed by who said it", "ring"),
            ("proposed_kept", "Proposed as kept", "half"),
            ("confirmed_kept", "Confirmed as kept", "full"),
            ("sent_back", "Sent back for more evidence", "ring"),
            ("assurance_not_kept", "Noted as not kept", "gap"),
            ("assurance_withdrawn", "Withdrawn", "dash"),
            ("assurance_lapsed", "Lapsed", "dash"),
            ("superseded", "Replaced by a later one", "dash"),
            ("reviewed", "Reviewed: a new date", "half"),
            ("lost_keeper", "Nobody keeps it: a successor is asked for", "gap"),
            ("assurance_followed", "Went along with its keeper to the organisation that came after", "ring"),
            ("asked_to_take_over", "A senior manager was asked to take it over", "ring"),
            ("took_over", "Taken over", "half"),
            ("declined_to_take_over", "Not taken over, with a reason", "ring"),
            ("redacted_promise", "Words or a file were redacted: the original is destroyed", "dash"),
        ):
            register(verb, words, mark=mark, about="commitments.assurance")
        for verb, words, mark in (
            ("changed_action", "The owner or the date of an action was changed", "half"),
            ("noted_output", "Noted in the workshop", "ring"),
            ("removed_output", "Taken off the list", "dash"),
            ("reminded_of_action", "Owner reminded", "ring"),
            ("action_done", "Done", "full"),
            ("action_dropped", "Not needed any more", "dash"),
        ):
            register(verb, words, mark=mark, about="commitments.output")

        for verb, words, mark in (
            ("made_agreement", "Drafted", "ring"),
            ("drafted_version", "The next version was drafted", "ring"),
            ("changed_draft", "The draft was changed", "ring"),
            ("dropped_draft", "The draft of the next version was dropped", "dash"),
            ("proposed_version", "Proposed: every partner is asked to endorse it", "half"),
            ("signed_endorsed", "Endorsed by a partner", "full"),
            ("signed_noted", "Endorsed by a partner, with a note", "full"),
            ("signed_declined", "Declined by a partner, with a reason", "gap"),
            ("forgot_endorser", "A name beside an endorsement was deleted", "dash"),
            ("passed_on_endorsing", "Passed on to a colleague with a mandate", "ring"),
            ("put_in_use", "People work by it from now on", "half"),
            ("took_out_of_use", "Nobody works by it any more", "dash"),
            ("agreement_lapsed", "Lapsed: its review date has passed", "gap"),
            ("withdrew_agreement", "Withdrawn, with a reason", "dash"),
            ("replaced_agreement", "Replaced by another agreement", "dash"),
        ):
            register(verb, words, mark=mark, about="commitments.agreement")
        for verb, words, mark in (
            ("drafted_telling", "Drafted", "ring"),
            ("changed_telling", "Words changed", "ring"),
            ("said_meant_otherwise", "Said that a word is no name here", "ring"),
            ("proposed_telling", "Approval asked for", "half"),
            ("published_telling", "Approved and published", "full"),
            ("withdrew_telling", "Taken back, with a reason", "dash"),
        ):
            register(verb, words, mark=mark, about="commitments.telling")
        for verb, words, mark in (
            ("started_guidance", "Started", "ring"),
            ("renamed_guidance", "Another title", "ring"),
            ("opened_guidance", "Opened for comments", "half"),
            ("closed_guidance", "Closed for comments", "ring"),
            ("added_section", "A section was added", "ring"),
            ("changed_section", "A section was changed", "ring"),
            ("moved_section", "A section was moved", "ring"),
            ("removed_section", "A section was taken out", "dash"),
            ("put_back_section", "A section was put back", "ring"),
            ("commented_on_guidance", "Somebody commented", "ring"),
            ("comment_taken_up", "A comment was taken up", "half"),
            ("comment_not", "A comment was not taken up, with the reason", "half"),
            ("published_guidance", "A version was published", "full"),
            ("took_back_guidance", "Taken back, with a reason", "dash"),
        ):
            register(verb, words, mark=mark, about="commitments.guidance")
        register("acknowledged_guidance", "Guidance was read", about="commitments.acknowledgement")
        for verb, words in (
            ("added_reference", "Put on the list"),
            ("changed_reference", "Changed"),
            ("reminded_of_review", "The coordinators were reminded to look at it again"),
            ("removed_reference", "Taken off the list"),
        ):
            register(verb, words, about="commitments.reference")

    @staticmethod
    def _register_links() -> None:
        from django.utils import timezone

        from accounts.permissions import Permission, has, scopes_with
        from commitments.rules import is_among, programmes_with_assurances, programmes_with_lists
        from face.navigation import QUESTIONS, SITE, Link, register

        def among(programmes, person, programme) -> bool:
            # Who may by a role needs no query: this is asked for each link on every page.
            read = Permission.READ_QUESTIONS
            if has(person, read, programme) if programme else scopes_with(person, read):
                return True
            # Assurances and agreements concern the same people: one question for both.
            if not hasattr(person, "_concerned"):
                person._concerned = {}
            asked = person._concerned
            key = programmes.__name__, programme and programme.pk
            if programmes is programmes_with_lists and among(programmes_with_assurances, person, programme):
                return True  # whom assurances concern, questions concern too: mostly one question is enough
            if key not in asked:
                asked[key] = is_among(programmes, person, timezone.localdate(), programme)
            return asked[key]

        reads, concerned = partial(among, programmes_with_lists), partial(among, programmes_with_assurances)

        lists = (
            ("questions", "Questions", "commitments:programme-questions", "commitments:question-list", 50, reads),
            (
                "assurances",
                "Assurances",
                "commitments:programme-assurances",
                "commitments:assurance-list",
                60,
                concerned,
            ),
            (
                "agreements",
                "Agreements",
                "commitments:programme-agreements",
                "commitments:agreement-list",
                68,
                concerned,
            ),
        )
        for section, words, of_programme, of_all, order, may in lists:
            register(Link(section, words, of_programme, may, order=order, group=QUESTIONS))
            register(Link(section, words, of_all, may, order=order - 30, row=SITE))

        def sees_outputs(person, programme) -> bool:
            return has(person, Permission.READ_QUESTIONS, programme) or has(person, Permission.RUN_SESSIONS, programme)

        register(Link("outputs", "Outcomes", "commitments:programme-outputs", sees_outputs, order=65, group=QUESTIONS))

        def reads_guidance(person, programme) -> bool:
            # No query of its own: leads and senior managers are those whom assurances concern, which is asked anyway.
            works = sees_outputs(person, programme) if programme else scopes_with(person, Permission.RUN_SESSIONS)
            return bool(works) or concerned(person, programme)

        register(
            Link("guidance", "Guidance", "commitments:programme-guidance", reads_guidance, order=67, group=QUESTIONS)
        )
        register(Link("guidance", "Guidance", "commitments:guidance-list", reads_guidance, order=37, row=SITE))
