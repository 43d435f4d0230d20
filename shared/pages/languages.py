"""Names of languages, as readers of another one call them."""

from __future__ import annotations


def language_name(tag: str, reader: str) -> str:
    """Return "Spanish" for "es-MX" and an English reader; "" for a tag that is none. CLDR, by babel."""
    from babel import Locale, UnknownLocaleError  # slow to import, and only the preference centre asks

    try:
        found = Locale.parse(reader).languages.get(tag.partition("-")[0].lower(), "")
    except (UnknownLocaleError, ValueError):
        return ""
    return str(found)
