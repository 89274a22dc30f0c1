"""What must never be wrong with questions, promises and actions, counted again by ``manage.py check_invariants``.

The database keeps most of it by constraints; this counts without trusting them, or the code.
"""

from attendance.invariants import Check

CHECKS = (
    Check(
        "Every question that is owed has a date, how it was counted, and a next reminder",
        "question {0}, {1}",
        """SELECT reference, state FROM commitments_question
            WHERE state IN ('raised', 'open', 'commissioned', 'accepted', 'drafting', 'clearing')
            AND (due_on IS NULL OR due_from IS NULL OR due_days IS NULL OR next_reminder_on IS NULL)""",
    ),
    Check(
        "Every question has an owner: somebody of an organisation, or else the coordinators",
        "question {0}, {1}",
        """SELECT reference, state FROM commitments_question
            WHERE (state IN ('commissioned', 'accepted') AND (owner_id IS NULL OR organisation_id IS NULL))
            OR (state IN ('raised', 'open') AND owner_id IS NOT NULL)""",
    ),
    Check(
        "Whoever owns a question is asked to answer it, and nobody else",
        "question {0}, {1}",
        """SELECT q.reference, q.state FROM commitments_question q
            LEFT JOIN commitments_commission c ON c.question_id = q.id AND c.state IN ('asked', 'accepted')
            WHERE q.state IN ('raised', 'open', 'commissioned', 'accepted', 'drafting', 'clearing')
            AND (q.owner_id IS DISTINCT FROM c.person_id
            OR (c.id IS NOT NULL AND q.organisation_id IS DISTINCT FROM c.organisation_id))""",
    ),
    Check(
        "The due date of a question is where its ledger leads",
        "question {0}: due on {1}, the ledger leads to {2}",
        """SELECT q.reference, q.due_on, last.due_after FROM commitments_question q
            JOIN LATERAL (SELECT due_after FROM commitments_clockchange c WHERE c.question_id = q.id
                ORDER BY c.at DESC, c.id DESC LIMIT 1) last ON true WHERE last.due_after <> q.due_on""",
    ),
    Check(
        "Each change of a due date begins where the one before it ended",
        "question {0}: from {1}, before it was {2}",
        """SELECT q.reference, c.due_before, c.was FROM (SELECT question_id, due_before, kind, lag(due_after) OVER (
                PARTITION BY question_id ORDER BY at, id) AS was FROM commitments_clockchange) c
            JOIN commitments_question q ON q.id = c.question_id WHERE c.was <> c.due_before""",
    ),
    Check(
        "The due date that nothing has moved is so many working days after its first day",
        "question {0}: due on {1}, {2} working days were counted and {3} are between",
        """SELECT q.reference, q.due_on, q.due_days, counted.days FROM commitments_question q
            JOIN LATERAL (SELECT count(*) AS days FROM generate_series(q.due_from + 1, q.due_on, '1 day') AS each
                WHERE extract(isodow FROM each) < 6
                AND NOT q.due_left_out ? to_char(each, 'YYYY-MM-DD')) counted ON true
            WHERE q.due_days > 0 AND (counted.days <> q.due_days OR extract(isodow FROM q.due_on) > 5)
            AND coalesce((SELECT c.kind FROM commitments_clockchange c WHERE c.question_id = q.id
                ORDER BY c.at DESC, c.id DESC LIMIT 1), 'begun') IN ('begun', 'reopened')""",
    ),
    Check(
        "A clock that stands still goes on by itself",
        "question {0}: paused until {1}, looked at again on {2}",
        """SELECT reference, paused_until, next_reminder_on FROM commitments_question WHERE paused_on IS NOT NULL
            AND (paused_until IS NULL OR next_reminder_on IS DISTINCT FROM paused_until)""",
    ),
    Check(
        "A question is joined with one of its programme that is answered for itself, in no circle",
        "question {0} with {1}",
        """SELECT q.reference, w.reference FROM commitments_question q
            LEFT JOIN commitments_question w ON w.id = q.merged_into_id
            WHERE (q.state = 'merged' AND (w.id IS NULL OR w.state IN ('merged', 'withdrawn', 'raised')
                OR w.programme_id <> q.programme_id)) OR (q.state <> 'merged' AND w.id IS NOT NULL)""",
    ),
    Check(
        "What counts as answered has an answer, and the day of it",
        "question {0}, {1}",
        """SELECT q.reference, q.state FROM commitments_question q WHERE q.state IN ('answered', 'closed')
            AND (q.answered_on IS NULL
                OR NOT EXISTS (SELECT 1 FROM commitments_answer a WHERE a.question_id = q.id))""",
    ),
    Check(
        "What was asked by name or by pseudonym has somebody to tell, what was asked anonymously nobody",
        "question {0}",
        """SELECT q.reference FROM commitments_question q WHERE (q.asked_as = 'nobody')
            = EXISTS (SELECT 1 FROM commitments_asker a WHERE a.question_id = q.id)
            AND (q.asked_as = 'nobody' OR q.state NOT IN ('closed', 'out_of_scope', 'withdrawn', 'merged'))""",
    ),
    Check(
        "What is in clearance waits for somebody who is asked",
        "question {0}",
        """SELECT q.reference FROM commitments_question q WHERE q.state = 'clearing' AND NOT EXISTS (
                SELECT 1 FROM commitments_draft d JOIN commitments_clearance c ON c.draft_id = d.id
                WHERE d.question_id = q.id AND d.state = 'clearing' AND c.state = 'asked')""",
    ),
    Check(
        "Every promise that has not ended has a date, a next reminder, and a keeper or a day since which one is sought",
        "assurance {0}, {1}",
        """SELECT reference, state FROM commitments_assurance WHERE state IN ('noted', 'given', 'proposed')
            AND (due_on IS NULL OR next_reminder_on IS NULL OR (keeper_id IS NULL) = (keeper_lost_on IS NULL))""",
    ),
    Check(
        "What counts as kept was shown by one and confirmed by another",
        "assurance {0}",
        """SELECT reference FROM commitments_assurance WHERE state = 'kept' AND (evidence = ''
            OR confirmed_by_id IS NULL OR confirmed_by_id = proposed_by_id)""",
    ),
    Check(
        "A promise that was replaced has one that replaces it, in no circle",
        "assurance {0}",
        """SELECT a.reference FROM commitments_assurance a
            LEFT JOIN commitments_assurance later ON later.replaces_id = a.id
            WHERE (a.state = 'superseded') <> (later.id IS NOT NULL) OR later.id <= a.id""",
    ),
    Check(
        "Every open action has an owner, a date and a next reminder",
        "action {0}",
        """SELECT id FROM commitments_output WHERE action_state = 'open'
            AND (owner_id IS NULL OR due_on IS NULL OR next_reminder_on IS NULL)""",
    ),
)
