from django.db import migrations

KEEP = """
CREATE FUNCTION commitments_words_stay() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'the words of an assurance are never changed: note another that replaces it'
        USING ERRCODE = 'check_violation';
END $$;
CREATE TRIGGER assurance_words_stay BEFORE UPDATE OF words, role, organisation_id, person_id
    ON commitments_assurance FOR EACH ROW
    WHEN (OLD.words IS DISTINCT FROM NEW.words OR OLD.role IS DISTINCT FROM NEW.role
        OR OLD.organisation_id IS DISTINCT FROM NEW.organisation_id OR OLD.person_id IS DISTINCT FROM NEW.person_id)
    EXECUTE FUNCTION commitments_words_stay();
"""
LET_GO = """
DROP TRIGGER assurance_words_stay ON commitments_assurance;
DROP FUNCTION commitments_words_stay();
"""


class Migration(migrations.Migration):
    """An assurance cannot be edited away, whichever program tries."""

    dependencies = [("commitments", "0001_initial")]

    operations = [migrations.RunSQL(KEEP, LET_GO)]
