"""What every template knows of the installation."""

from django.conf import settings
from django.http import HttpRequest

from face import colours


def site(request: HttpRequest) -> dict[str, object]:
    """Return the deployer's name, owner and colours, how to reach them, and whether this is a trial."""
    return {
        "site_name": settings.SITE_NAME,
        "site_owner": settings.SITE_OWNER,
        "brand_colour": settings.BRAND_COLOUR,
        "brand_version": colours.version(),
        "trial": not settings.PRODUCTION,
    }
