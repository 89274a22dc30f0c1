"""What may be done with a post: the licences that a series can have, in the words of those who made them.

Sources: creativecommons.org/licenses (4.0) and /publicdomain/zero/1.0; The National Archives, OGL v3.0.
"""

from dataclasses import dataclass

from django.db import models


class Licence(models.TextChoices):
    BY = "cc-by", "Creative Commons: credit (CC BY 4.0)"
    BY_SA = "cc-by-sa", "Creative Commons: credit, share alike (CC BY-SA 4.0)"
    BY_NC = "cc-by-nc", "Creative Commons: credit, not commercially (CC BY-NC 4.0)"
    BY_ND = "cc-by-nd", "Creative Commons: credit, unchanged (CC BY-ND 4.0)"
    BY_NC_SA = "cc-by-nc-sa", "Creative Commons: credit, not commercially, share alike (CC BY-NC-SA 4.0)"
    BY_NC_ND = "cc-by-nc-nd", "Creative Commons: credit, not commercially, unchanged (CC BY-NC-ND 4.0)"
    CC0 = "cc0", "Creative Commons: no rights kept (CC0 1.0)"
    OGL = "ogl", "Open Government Licence v3.0"
    RESERVED = "reserved", "All rights reserved: nobody takes it without asking"


class CreditRule(models.TextChoices):
    REQUIRED = "required", "Credit is required"
    REQUESTED = "requested", "Credit is asked for, not required"
    NOT_NEEDED = "not_needed", "No credit is needed"


@dataclass(frozen=True)
class Terms:
    """A licence as a reader needs it: its short name, where it is written, and what it allows in a sentence."""

    short: str
    url: str
    sentence: str
    credit: tuple[str, ...]
    """The rules of credit that go with it."""


_CREDIT = (CreditRule.REQUIRED,)
_CC = "https://creativecommons.org/licenses"
TERMS = {
    Licence.BY: Terms("CC BY 4.0", f"{_CC}/by/4.0/", "Use it and change it, for anything.", _CREDIT),
    Licence.BY_SA: Terms(
        "CC BY-SA 4.0", f"{_CC}/by-sa/4.0/", "Use it and change it, for anything; what you make has the same licence.",
        _CREDIT,
    ),
    Licence.BY_NC: Terms(
        "CC BY-NC 4.0", f"{_CC}/by-nc/4.0/", "Use it and change it, for nothing commercial.", _CREDIT
    ),
    Licence.BY_ND: Terms(
        "CC BY-ND 4.0", f"{_CC}/by-nd/4.0/", "Use it for anything, as it stands: share no changed version.", _CREDIT
    ),
    Licence.BY_NC_SA: Terms(
        "CC BY-NC-SA 4.0", f"{_CC}/by-nc-sa/4.0/",
        "Use it and change it, for nothing commercial; what you make has the same licence.", _CREDIT,
    ),
    Licence.BY_NC_ND: Terms(
        "CC BY-NC-ND 4.0", f"{_CC}/by-nc-nd/4.0/",
        "Use it for nothing commercial, as it stands: share no changed version.", _CREDIT,
    ),
    Licence.CC0: Terms(
        "CC0 1.0", "https://creativecommons.org/publicdomain/zero/1.0/", "Use it and change it, for anything.",
        (CreditRule.REQUESTED, CreditRule.NOT_NEEDED),
    ),
    Licence.OGL: Terms(
        "Open Government Licence v3.0",
        "https://www.nationalarchives.gov.uk/doc/open-government-licence/version/3/",
        "Use it and change it, for anything.", _CREDIT,
    ),
    Licence.RESERVED: Terms(
        "All rights reserved", "", "It may not be taken over without asking.", tuple(CreditRule.values)
    ),
}  # fmt: skip
