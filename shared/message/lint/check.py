"""Lint of one template: all that an author should know before it is published.

Asked by `hearthline template lint`, and of what is handed in for approval (shared.usecases.templates).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from shared.message.lint.clinical import clinical_detail
from shared.message.lint.conduct import conduct
from shared.message.lint.finding import Finding, warning
from shared.message.lint.languages import languages
from shared.message.lint.links import links
from shared.message.lint.rendered import rendered
from shared.message.lint.samples import Sample
from shared.message.lint.samples import samples as standard
from shared.message.policy import Policy
from shared.message.render import compile_template
from shared.message.template import TemplateDefinition


def lint(
    template: TemplateDefinition,
    policy: Policy,
    samples: Iterable[Sample] | None = None,
    *,
    first: bool = False,
) -> tuple[Finding, ...]:
    """Return what is wrong with a template, each once; the made-up samples where none are given.

    `first`: some journey begins with it, so that it must say how to stop.
    """
    chosen = standard(policy) if samples is None else samples
    return tuple(dict.fromkeys(_found(template, policy, chosen, first)))


def errors(found: Iterable[Finding]) -> tuple[Finding, ...]:
    """Return the findings that keep a template from being published."""
    return tuple(each for each in found if each.level == "error")


def _found(
    template: TemplateDefinition, policy: Policy, samples: Iterable[Sample], first: bool
) -> Iterator[Finding]:
    yield from clinical_detail(template)
    yield from conduct(template, policy, first=first)
    yield from links(template, policy)
    yield from languages(template)
    yield from _unapproved(template, policy)
    yield from rendered(compile_template(template), samples)


def _unapproved(template: TemplateDefinition, policy: Policy) -> Iterator[Finding]:
    answers = template.url.startswith(policy.replies)
    if template.channels.whatsapp and not template.channels.approved and not answers:
        told = "names nothing approved: it reaches only who has written within 24 hours"
        yield warning("channels.whatsapp", told, "approved")
