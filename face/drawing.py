"""How the controls of forms become HTML: as Django draws them, the commonest without a template for each option."""

from collections.abc import Callable, Iterable, Mapping
from typing import Any

from django.forms.renderers import DjangoTemplates
from django.utils.html import conditional_escape
from django.utils.safestring import SafeString, mark_safe


class Renderer(DjangoTemplates):
    """Django's own, which tests/face/test_drawing.py holds it to: a filter alone has forty options."""

    def render(self, template_name: str, context: dict[str, Any], request: Any = None) -> str:
        draw = _DRAWN.get(template_name)
        return draw(context["widget"]) if draw else super().render(template_name, context, request)


def _select(widget: Mapping[str, Any]) -> SafeString:
    parts = [f'<select name="{conditional_escape(widget["name"])}"{_attrs(widget["attrs"])}>']
    for group, options, _ in widget["optgroups"]:
        drawn = (
            f'<option value="{conditional_escape(str(option["value"]))}"{_attrs(option["attrs"])}>'
            f"{conditional_escape(option['label'])}</option>"
            for option in options
        )
        parts += [f'<optgroup label="{conditional_escape(group)}">', *drawn, "</optgroup>"] if group else drawn
    return mark_safe("\n".join([*parts, "</select>"]))  # noqa: S308 - each part is escaped above


def _input(widget: Mapping[str, Any]) -> SafeString:
    value = widget["value"]
    given = "" if value is None else f' value="{conditional_escape(str(value))}"'
    name = conditional_escape(widget["name"])
    drawn = f'<input type="{widget["type"]}" name="{name}"{given}{_attrs(widget["attrs"])}>'
    return mark_safe(drawn)  # noqa: S308 - each part is escaped above


def _attrs(attrs: Mapping[str, Any]) -> str:
    return "".join(_attributes(attrs.items()))


def _attributes(attrs: Iterable[tuple[str, Any]]) -> Iterable[str]:
    for name, value in attrs:
        if value is True:
            yield f" {conditional_escape(name)}"
        elif value is not False:
            yield f' {conditional_escape(name)}="{conditional_escape(str(value))}"'


_DRAWN: dict[str, Callable[[Mapping[str, Any]], SafeString]] = {
    "django/forms/widgets/select.html": _select,
    "django/forms/widgets/text.html": _input,
    "django/forms/widgets/checkbox.html": _input,
}
