from django.db import migrations

KEEP = """
CREATE FUNCTION commitments_version_stays() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'a version that was proposed is never changed or deleted: draft another'
        USING ERRCODE = 'check_violation';
END $$;
CREATE TRIGGER version_stays BEFORE UPDATE ON commitments_agreementversion FOR EACH ROW
    WHEN (OLD.state <> 'draft' AND (NEW.state = 'draft'
        OR (OLD.agreement_id, OLD.number, OLD.words, OLD.review_on, OLD.endorse_by, OLD.proposed_at)
        IS DISTINCT FROM (NEW.agreement_id, NEW.number, NEW.words, NEW.review_on, NEW.endorse_by, NEW.proposed_at)))
    EXECUTE FUNCTION commitments_version_stays();
CREATE TRIGGER version_not_deleted BEFORE DELETE ON commitments_agreementversion FOR EACH ROW
    WHEN (OLD.state <> 'draft') EXECUTE FUNCTION commitments_version_stays();

CREATE FUNCTION commitments_only_added_to() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'endorsements are only ever added to' USING ERRCODE = 'check_violation';
END $$;
CREATE TRIGGER endorsement_stays BEFORE UPDATE OR DELETE ON commitments_endorsement FOR EACH ROW
    EXECUTE FUNCTION commitments_only_added_to();
CREATE TRIGGER endorsement_not_emptied BEFORE TRUNCATE ON commitments_endorsement FOR EACH STATEMENT
    EXECUTE FUNCTION commitments_only_added_to();
CREATE TRIGGER chain_not_deleted BEFORE DELETE ON commitments_endorsementchain FOR EACH ROW
    EXECUTE FUNCTION commitments_only_added_to();
CREATE TRIGGER chain_not_emptied BEFORE TRUNCATE ON commitments_endorsementchain FOR EACH STATEMENT
    EXECUTE FUNCTION commitments_only_added_to();
CREATE TRIGGER chain_only_grows BEFORE UPDATE ON commitments_endorsementchain FOR EACH ROW
    WHEN (NEW.programme_id <> OLD.programme_id OR NEW.length <> OLD.length + 1)
    EXECUTE FUNCTION commitments_only_added_to();
CREATE TRIGGER name_stays BEFORE UPDATE ON commitments_endorsementname FOR EACH ROW
    WHEN ((OLD.endorsement_id, OLD.name, OLD.salt) IS DISTINCT FROM (NEW.endorsement_id, NEW.name, NEW.salt))
    EXECUTE FUNCTION commitments_only_added_to();

CREATE FUNCTION commitments_follows_the_last() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    before text;
BEGIN
    IF NEW.position = 1 THEN
        before := repeat('0', 64);
    ELSE
        SELECT own_hash INTO before FROM commitments_endorsement
            WHERE programme_id = NEW.programme_id AND position = NEW.position - 1;
    END IF;
    IF before IS NULL OR before <> NEW.previous_hash THEN
        RAISE EXCEPTION 'an endorsement follows the last one of its programme' USING ERRCODE = 'check_violation';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER endorsement_follows_the_last BEFORE INSERT ON commitments_endorsement FOR EACH ROW
    EXECUTE FUNCTION commitments_follows_the_last();
"""
LET_GO = """
DROP TRIGGER endorsement_follows_the_last ON commitments_endorsement;
DROP FUNCTION commitments_follows_the_last();
DROP TRIGGER name_stays ON commitments_endorsementname;
DROP TRIGGER chain_only_grows ON commitments_endorsementchain;
DROP TRIGGER chain_not_emptied ON commitments_endorsementchain;
DROP TRIGGER chain_not_deleted ON commitments_endorsementchain;
DROP TRIGGER endorsement_not_emptied ON commitments_endorsement;
DROP TRIGGER endorsement_stays ON commitments_endorsement;
DROP FUNCTION commitments_only_added_to();
DROP TRIGGER version_not_deleted ON commitments_agreementversion;
DROP TRIGGER version_stays ON commitments_agreementversion;
DROP FUNCTION commitments_version_stays();
"""


class Migration(migrations.Migration):
    """What was proposed and signed stays as it was, whichever program tries."""

    dependencies = [("commitments", "0009_agreements")]

    operations = [migrations.RunSQL(KEEP, LET_GO)]
