"""Tags for pages and mails that show guidance."""

from django import template
from django.utils.safestring import SafeString, mark_safe

from briefings.models import Programme
from commitments.models import GuidanceVersion
from messaging.markdown import framed, to_html

register = template.Library()


@register.filter
def markdown(words: str, top: int = 2) -> SafeString:
    """Return Markdown as HTML that is safe; its highest heading is of level ``top``."""
    html = to_html(words, top=top)
    return mark_safe(framed(html))  # noqa: S308 - cleaned by an allow-list, and a frame of ours


@register.simple_tag
def has_guidance(programme: Programme) -> bool:
    """Return whether ``programme`` has published guidance that stands. One query."""
    return GuidanceVersion.objects.filter(guidance__programme=programme, guidance__ended_at__isnull=True).exists()
