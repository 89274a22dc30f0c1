import django.contrib.postgres.fields
import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models


KEEP = """
CREATE FUNCTION commitments_published_stays() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'a published version is never changed: publish another' USING ERRCODE = 'check_violation';
END $$;
CREATE TRIGGER guidance_version_stays BEFORE UPDATE OR DELETE ON commitments_guidanceversion FOR EACH ROW
    EXECUTE FUNCTION commitments_published_stays();
"""
LET_GO = """
DROP TRIGGER guidance_version_stays ON commitments_guidanceversion;
DROP FUNCTION commitments_published_stays();
"""


class Migration(migrations.Migration):
    """Guidance in sections, comments on it, versions that stand as they were published, references."""

    dependencies = [
        ('briefings', '0006_publishes_reach'),
        ('commitments', '0012_clock_counted_anew'),
        ('organisations', '0005_staged_rows'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name='Guidance',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('title', models.CharField(max_length=200)),
                ('is_open', models.BooleanField(default=False)),
                ('started_at', models.DateTimeField()),
                ('ended_at', models.DateTimeField(blank=True, null=True)),
                ('end_reason', models.CharField(blank=True, max_length=500)),
                ('programme', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='guidance', to='briefings.programme')),
                ('started_by', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
            ],
            options={
                'verbose_name_plural': 'guidance',
                'ordering': ('title', 'id'),
            },
        ),
        migrations.CreateModel(
            name='GuidanceSection',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('position', models.PositiveSmallIntegerField()),
                ('title', models.CharField(max_length=200)),
                ('words', models.TextField(max_length=20000)),
                ('version', models.PositiveIntegerField(default=1)),
                ('changed_at', models.DateTimeField()),
                ('removed_at', models.DateTimeField(blank=True, null=True)),
                ('changed_by', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('guidance', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='sections', to='commitments.guidance')),
            ],
            options={
                'ordering': ('position', 'id'),
            },
        ),
        migrations.CreateModel(
            name='GuidanceVersion',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('number', models.PositiveSmallIntegerField()),
                ('title', models.CharField(max_length=200)),
                ('note', models.TextField(blank=True, help_text='what is new, in Markdown', max_length=2000)),
                ('sections', models.JSONField()),
                ('agreements', django.contrib.postgres.fields.ArrayField(base_field=models.BigIntegerField(), blank=True, default=list, size=None)),
                ('unendorsed', django.contrib.postgres.fields.ArrayField(base_field=models.BigIntegerField(), blank=True, default=list, size=None)),
                ('unanswered', models.PositiveSmallIntegerField(default=0)),
                ('published_at', models.DateTimeField()),
                ('guidance', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='versions', to='commitments.guidance')),
                ('published_by', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
            ],
            options={
                'ordering': ('-number',),
            },
        ),
        migrations.CreateModel(
            name='Acknowledgement',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('made_at', models.DateTimeField()),
                ('organisation', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='organisations.organisation')),
                ('person', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='acknowledgements', to=settings.AUTH_USER_MODEL)),
                ('version', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='acknowledgements', to='commitments.guidanceversion')),
            ],
        ),
        migrations.CreateModel(
            name='Reference',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('kind', models.CharField(choices=[('procedure', 'Operating procedure'), ('sharing', 'Information sharing agreement'), ('other', 'Other document')], max_length=10)),
                ('title', models.CharField(max_length=200)),
                ('version', models.CharField(blank=True, max_length=40)),
                ('link', models.URLField(blank=True, max_length=500)),
                ('effective_from', models.DateField()),
                ('effective_until', models.DateField(blank=True, help_text='the last day on which it holds', null=True)),
                ('review_on', models.DateField()),
                ('next_reminder_on', models.DateField(blank=True, null=True)),
                ('reminded_step', models.PositiveSmallIntegerField(default=0)),
                ('changed_at', models.DateTimeField()),
                ('removed_at', models.DateTimeField(blank=True, null=True)),
                ('changed_by', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('organisation', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='organisations.organisation')),
                ('programme', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='references', to='briefings.programme')),
            ],
            options={
                'ordering': ('title', 'id'),
            },
        ),
        migrations.CreateModel(
            name='SectionAgreement',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('section', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='agreements', to='commitments.guidancesection')),
                ('version', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='commitments.agreementversion')),
            ],
            options={
                'ordering': ('id',),
            },
        ),
        migrations.CreateModel(
            name='SectionComment',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('words', models.TextField(max_length=3000)),
                ('made_at', models.DateTimeField()),
                ('state', models.CharField(choices=[('open', 'Not answered yet'), ('taken_up', 'Taken up'), ('not', 'Not taken up')], default='open', max_length=8)),
                ('answer', models.TextField(blank=True, help_text='the reason where it is not taken up', max_length=2000)),
                ('answered_at', models.DateTimeField(blank=True, null=True)),
                ('answered_by', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('made_by', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('organisation', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='organisations.organisation')),
                ('section', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='comments', to='commitments.guidancesection')),
            ],
            options={
                'ordering': ('made_at', 'id'),
            },
        ),
        migrations.AddConstraint(
            model_name='guidance',
            constraint=models.CheckConstraint(condition=models.Q(('title', ''), _negated=True), name='guidance_has_title'),
        ),
        migrations.AddConstraint(
            model_name='guidance',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('end_reason', ''), ('ended_at__isnull', True)), models.Q(('ended_at__isnull', False), models.Q(('end_reason', ''), _negated=True)), _connector='OR'), name='guidance_end_has_reason'),
        ),
        migrations.AddConstraint(
            model_name='guidancesection',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('title', ''), _negated=True), models.Q(('words', ''), _negated=True)), name='section_has_words'),
        ),
        migrations.AddConstraint(
            model_name='guidanceversion',
            constraint=models.UniqueConstraint(fields=('guidance', 'number'), name='guidance_version_once'),
        ),
        migrations.AddConstraint(
            model_name='guidanceversion',
            constraint=models.CheckConstraint(condition=models.Q(('number__gte', 1)), name='guidance_version_from_one'),
        ),
        migrations.AddConstraint(
            model_name='acknowledgement',
            constraint=models.UniqueConstraint(fields=('version', 'person'), name='acknowledged_once'),
        ),
        migrations.AddIndex(
            model_name='reference',
            index=models.Index(condition=models.Q(('next_reminder_on__isnull', False)), fields=['next_reminder_on'], name='reference_to_remind'),
        ),
        migrations.AddConstraint(
            model_name='reference',
            constraint=models.CheckConstraint(condition=models.Q(('title', ''), _negated=True), name='reference_has_title'),
        ),
        migrations.AddConstraint(
            model_name='reference',
            constraint=models.CheckConstraint(condition=models.Q(('effective_until__isnull', True), ('effective_until__gte', models.F('effective_from')), _connector='OR'), name='reference_ends_after_start'),
        ),
        migrations.AddConstraint(
            model_name='reference',
            constraint=models.CheckConstraint(condition=models.Q(('link', ''), ('link__startswith', 'https://'), ('link__startswith', 'http://'), _connector='OR'), name='reference_link_is_of_the_web'),
        ),
        migrations.AddConstraint(
            model_name='reference',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('next_reminder_on__isnull', True), ('removed_at__isnull', False)), models.Q(('next_reminder_on__isnull', False), ('removed_at__isnull', True)), _connector='OR'), name='reference_never_silent'),
        ),
        migrations.AddConstraint(
            model_name='sectionagreement',
            constraint=models.UniqueConstraint(fields=('section', 'version'), name='section_stands_on_it_once'),
        ),
        migrations.AddIndex(
            model_name='sectioncomment',
            index=models.Index(condition=models.Q(('state', 'open')), fields=['section'], name='comment_not_answered'),
        ),
        migrations.AddConstraint(
            model_name='sectioncomment',
            constraint=models.CheckConstraint(condition=models.Q(('words', ''), _negated=True), name='comment_has_words'),
        ),
        migrations.AddConstraint(
            model_name='sectioncomment',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('answer', ''), ('answered_at__isnull', True), ('answered_by__isnull', True), ('state', 'open')), models.Q(('answered_at__isnull', False), ('answered_by__isnull', False), ('state__in', ('taken_up', 'not')), models.Q(('state', 'taken_up'), models.Q(('answer', ''), _negated=True), _connector='OR')), _connector='OR'), name='comment_answered_with_reason'),
        ),
        migrations.RunSQL(KEEP, LET_GO),
    ]
