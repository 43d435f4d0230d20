"""MJML, the markup that emails are laid out in, to HTML; Liquid in it passes through untouched.

By mjml-python, a binding of mrml (https://github.com/mgd020/mjml-python); no file is included and no font
is fetched.
"""

from __future__ import annotations

from shared.errors import AuthorFault


def html_of(source: str, language: str) -> str:
    """Compile MJML to HTML. Raises AuthorFault for what does not parse."""
    from mjml import mjml2html  # deferred: only who has such templates pays for it

    try:
        made = str(mjml2html(source, fonts={}))
    except ValueError as error:
        raise AuthorFault(f"is no MJML: {str(error).partition(chr(10))[0]}") from None
    return made.replace('lang="und"', f'lang="{language}"')
