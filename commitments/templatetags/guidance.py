"""Tags for pages and mails that show guidance."""

from django import template
from django.utils.safestring import SafeString, mark_safe

from briefings.models import Programme
from commitments.models import GuidanceVersion
from messaging.markdown import to_html

register = template.Library()


@register.filter
def markdown(words: str, top: int = 2) -> SafeString:
    """Return Markdown as HTML that is safe; its highest heading is of level ``top``."""
    return mark_safe(to_html(words, top=top))  # noqa: S308 - to_html cleans what comes of it by an allow-list


@register.simple_tag
def has_guidance(programme: Programme) -> bool:
    """Return whether ``programme`` has published guidance that stands. One query."""
    return GuidanceVersion.objects.filter(guidance__programme=programme, guidance__ended_at__isnull=True).exists()
