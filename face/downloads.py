"""Files on their way out."""

from typing import Any

from django.db.models.fields.files import FieldFile
from django.http import FileResponse, Http404


def as_attachment(file: FieldFile, name: str, content_type: str) -> FileResponse:
    """Answer with ``file`` as a download: never shown inside the site, and of the type that was checked.

    Raises Http404 where the file is gone.
    """
    try:
        content: Any = file.open("rb")
    except FileNotFoundError:
        raise Http404 from None
    answer = FileResponse(content, as_attachment=True, filename=name, content_type=content_type)
    answer["X-Content-Type-Options"] = "nosniff"
    answer["Cache-Control"] = "no-store, private"
    return answer
