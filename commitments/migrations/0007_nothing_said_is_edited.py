from django.db import migrations

KEEP = """
DROP TRIGGER assurance_words_stay ON commitments_assurance;
CREATE TRIGGER assurance_words_stay BEFORE UPDATE ON commitments_assurance FOR EACH ROW
    WHEN ((OLD.reference, OLD.programme_id, OLD.organisation_id, OLD.person_id, OLD.mandate_id, OLD.role, OLD.kind,
            OLD.words, OLD.for_everybody, OLD.is_ongoing, OLD.session_id, OLD.noted_at)
        IS DISTINCT FROM (NEW.reference, NEW.programme_id, NEW.organisation_id, NEW.person_id, NEW.mandate_id, NEW.role,
            NEW.kind, NEW.words, NEW.for_everybody, NEW.is_ongoing, NEW.session_id, NEW.noted_at)
        OR (OLD.given_at IS NOT NULL AND OLD.given_at IS DISTINCT FROM NEW.given_at))
    EXECUTE FUNCTION commitments_words_stay();
CREATE FUNCTION commitments_stays_as_said() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'evidence and reviews are never changed: add another' USING ERRCODE = 'check_violation';
END $$;
CREATE TRIGGER evidence_stays BEFORE UPDATE ON commitments_evidence FOR EACH ROW
    WHEN ((OLD.assurance_id, OLD.version, OLD.words, OLD.given_by_id, OLD.given_at)
        IS DISTINCT FROM (NEW.assurance_id, NEW.version, NEW.words, NEW.given_by_id, NEW.given_at))
    EXECUTE FUNCTION commitments_stays_as_said();
CREATE TRIGGER review_stays BEFORE UPDATE ON commitments_review FOR EACH ROW
    WHEN (OLD.* IS DISTINCT FROM NEW.*) EXECUTE FUNCTION commitments_stays_as_said();
"""
LET_GO = """
DROP TRIGGER review_stays ON commitments_review;
DROP TRIGGER evidence_stays ON commitments_evidence;
DROP FUNCTION commitments_stays_as_said();
DROP TRIGGER assurance_words_stay ON commitments_assurance;
CREATE TRIGGER assurance_words_stay BEFORE UPDATE OF words, role, organisation_id, person_id
    ON commitments_assurance FOR EACH ROW
    WHEN (OLD.words IS DISTINCT FROM NEW.words OR OLD.role IS DISTINCT FROM NEW.role
        OR OLD.organisation_id IS DISTINCT FROM NEW.organisation_id OR OLD.person_id IS DISTINCT FROM NEW.person_id)
    EXECUTE FUNCTION commitments_words_stay();
"""


class Migration(migrations.Migration):
    """What was said, by whom, in which role, when and for what stays as it was; so do evidence and reviews."""

    dependencies = [("commitments", "0006_assurances_are_kept")]

    operations = [migrations.RunSQL(KEEP, LET_GO)]
