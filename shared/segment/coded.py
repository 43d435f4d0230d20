"""Choosing by code: an inline list, value sets, or the text that people read; any of them will do."""

from __future__ import annotations

from shared.authoring import Authored
from shared.segment.codes import Tokens, Words
from shared.segment.criterion import Context


class Coded(Authored):
    """Codes that will do."""

    code: Tokens | None = None
    """One "system|code" or a list; loinc, snomed, rxnorm, cvx, icd10cm and act are short for systems."""
    valueset: Words | None = None
    """Canonical url of a ValueSet, "|version" if it shall be pinned, or a list of them."""
    text: Words | None = None
    """Part of what people call it, upper and lower case alike."""

    def tokens(self, context: Context) -> frozenset[str]:
        """Return all tokens; an unknown value set is a Problem."""
        found = set(self.code or ())
        for number, url in enumerate(self.valueset or ()):
            try:
                found |= context.valuesets.tokens(url)
            except KeyError:
                known = ", ".join(context.valuesets.urls) or "the url of a ValueSet"
                sought = context.valuesets.sought.get(url, "")
                what = f"value set {url} is not defined{sought and ', and '}{sought}"
                context.inside(f".valueset[{number}]").fault(what, known)
        return frozenset(found)

    @property
    def texts(self) -> tuple[str, ...]:
        """Return the texts in lower case."""
        return tuple(text.lower() for text in self.text or ())

    @property
    def chooses(self) -> bool:
        """Say whether anything is asked for."""
        return bool(self.code or self.valueset or self.text)

    def words(self) -> str:
        """Say in English what is chosen: a text, a code, or the last word of a value set's url."""
        named = (
            *(self.text or ()),
            *((url.rpartition("/")[2].partition("|")[0]) for url in self.valueset or ()),
        )
        return " or ".join(named or (code.rpartition("|")[2] for code in self.code or ()))
