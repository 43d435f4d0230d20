"""The style of the page of the API, and its digest, by which the page's policy allows this one alone."""

from __future__ import annotations

import hashlib
from base64 import b64encode

STYLE = """
:root { color-scheme: light dark; --line: #0003; --soft: #0000000d; --text: #16202a; --page: #fff;
  --quiet: #4a5663; --brand: #0b5c5c; --get: #0b5c5c; --post: #5b3a8e; --put: #8a4b00; --delete: #a4262c; }
@media (prefers-color-scheme: dark) { :root { --line: #fff3; --soft: #ffffff12; --text: #e8edf2;
  --page: #12181e; --quiet: #b3bfca; --brand: #6fd0c8; --get: #6fd0c8; --post: #c9aef5; --put: #f0b667;
  --delete: #f5a3a7; } }
* { box-sizing: border-box; }
html { scroll-padding-top: 1rem; }
body { margin: 0; background: var(--page); color: var(--text);
  font: 1rem/1.5 system-ui, "Segoe UI", Roboto, sans-serif; }
header, main, nav { max-width: 70rem; margin: 0 auto; padding: 0 1rem; }
header { padding-top: 2rem; }
h1 { font-size: 1.9rem; line-height: 1.2; margin: 0 0 .5rem; }
h2 { font-size: 1.35rem; margin: 2.5rem 0 .75rem; padding-bottom: .25rem;
  border-bottom: 2px solid var(--line); }
h3 { font-size: 1rem; margin: 1.1rem 0 .35rem; }
p { margin: .4rem 0; max-width: 46rem; }
a { color: var(--brand); }
nav ul { display: flex; flex-wrap: wrap; gap: .25rem 1rem; list-style: none; margin: 1rem 0 0; padding: 0; }
nav a { display: inline-block; padding: .25rem 0; }
details { border: 1px solid var(--line); border-radius: 10px; margin: .5rem 0; }
details[open] { background: var(--soft); }
summary { cursor: pointer; padding: .6rem .9rem; display: flex; flex-wrap: wrap; gap: .1rem .75rem;
  align-items: baseline; border-radius: 10px; }
summary:focus-visible, a:focus-visible, pre:focus-visible {
  outline: 3px solid var(--brand); outline-offset: 2px; }
summary .what { color: var(--quiet); flex-basis: 100%; }
.inside { padding: 0 .9rem .9rem; }
.method { font: 700 .8rem/1.5 ui-monospace, Menlo, Consolas, monospace; min-width: 3.7rem; }
.get { color: var(--get); } .post { color: var(--post); } .put, .patch { color: var(--put); }
.delete { color: var(--delete); }
code { font: .92em ui-monospace, Menlo, Consolas, monospace; overflow-wrap: anywhere; }
pre { overflow: auto; max-height: 26rem; margin: .35rem 0; padding: .75rem; border-radius: 8px;
  background: var(--soft); border: 1px solid var(--line); }
pre code { overflow-wrap: normal; }
dl { margin: .35rem 0; display: grid; grid-template-columns: minmax(8rem, max-content) 1fr;
  gap: .25rem 1rem; }
dt { font-weight: 600; } dd { margin: 0; color: var(--quiet); overflow-wrap: anywhere; }
ul.roles { display: flex; flex-wrap: wrap; gap: .35rem; list-style: none; margin: .35rem 0; padding: 0; }
.roles li { border: 1px solid var(--line); border-radius: 999px; padding: 0 .6rem; font-size: .9rem; }
@media (max-width: 34rem) { dl { grid-template-columns: 1fr; } dd { margin-bottom: .4rem; } }
@media print { details { break-inside: avoid; } }
"""

STYLE_HASH = f"sha256-{b64encode(hashlib.sha256(STYLE.encode()).digest()).decode()}"
