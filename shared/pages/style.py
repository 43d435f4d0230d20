"""The one style sheet of the pages: in the page itself, so that a page is one answer and asks nobody else.

Contrasts are at least 4.5 to 1 for text and 3 to 1 for borders of fields (WCAG 2.2, 1.4.3 and 1.4.11); what
can be pressed is 44 pixels high (2.5.5).
"""

from __future__ import annotations

from base64 import b64encode
from hashlib import sha256

STYLE = """
:root{color-scheme:light;--ink:#1b2a33;--soft:#4a5b66;--line:#8496a1;--fill:#f3f6f7;--brand:#0b5c6b;
--good:#0f5f3a;--goodfill:#e8f5ee;--bad:#9b1c1c;--badfill:#fdf0f0}
*{box-sizing:border-box}
html{font:100%/1.5 system-ui,-apple-system,"Segoe UI",Roboto,"Noto Sans",sans-serif;color:var(--ink);
background:var(--fill);-webkit-text-size-adjust:100%}
body{margin:0;overflow-wrap:break-word}
.skip{position:absolute;left:-999em}
.skip:focus{left:1rem;top:.5rem;background:#fff;padding:.75rem 1rem;z-index:1}
header{background:var(--brand);color:#fff}
header p{max-width:40rem;margin:0 auto;padding:1rem 1.25rem;font-weight:600}
main{max-width:40rem;margin:0 auto;padding:1.5rem 1.25rem 2rem;background:#fff}
main:focus{outline:none}
h1{font-size:1.6rem;line-height:1.25;margin:0 0 .75rem}
h2{font-size:1.15rem;line-height:1.3;margin:2rem 0 .5rem}
p{margin:0 0 1rem}
a{color:var(--brand);text-underline-offset:.15em}
a:focus-visible,button:focus-visible,input:focus-visible,textarea:focus-visible,select:focus-visible,
summary:focus-visible,[tabindex]:focus-visible{outline:3px solid #b3540a;outline-offset:2px}
.soft{color:var(--soft)}
.quiet{position:absolute;width:1px;height:1px;margin:-1px;overflow:hidden;clip-path:inset(50%);white-space:nowrap}
.notice{border-left:.3rem solid var(--good);background:var(--goodfill);padding:.9rem 1rem;margin:0 0 1.5rem;
border-radius:.25rem}
.notice:focus{outline:none}
.notice p:last-child,.notice ul:last-child{margin-bottom:0}
.notice .what{margin-bottom:.9rem}
.notice .what li{background:#fff}
.notice.bad{border-color:var(--bad);background:var(--badfill)}
.notice h2{margin:0 0 .25rem}
.what{list-style:none;margin:0 0 1.5rem;padding:0}
.what li{border:1px solid var(--line);border-radius:.5rem;padding:.9rem 1rem;font-weight:600}
.what .soft{display:block;font-weight:400}
fieldset{border:1px solid var(--line);border-radius:.5rem;margin:0 0 1.25rem;padding:.25rem 1rem .75rem;
min-width:0}
legend{font-weight:600;font-size:1.05rem;padding:0 .4rem;margin-left:-.4rem}
fieldset>p{margin:.1rem 0 .4rem}
.option{display:flex;flex-wrap:wrap;align-items:center;gap:0 .75rem;min-height:2.75rem;padding:.35rem 0;
cursor:pointer}
.option+.option{border-top:1px solid #dde4e8}
.option input{width:1.4rem;height:1.4rem;flex:none;margin:0;accent-color:var(--brand)}
.option>span:nth-of-type(1){flex:1 1 8rem;min-width:0}
.option .soft{margin-left:auto}
.option .pending{flex:1 0 100%;padding-left:2.15rem;color:#8a4500;font-size:.95rem}
label.field{display:block;font-weight:600;margin:0 0 .35rem}
input[type=text],input[type=number],input[type=date],textarea,select{font:inherit;color:inherit;width:100%;
min-height:2.75rem;padding:.5rem .75rem;border:1px solid var(--line);border-radius:.4rem;background:#fff}
textarea{min-height:7rem}
input[aria-invalid=true],textarea[aria-invalid=true]{border:2px solid var(--bad)}
.question,[role=radiogroup]{margin:0 0 1.75rem}
[role=radiogroup]{border:0;padding:0}
[role=radiogroup] legend{font-size:1rem;margin:0 0 .25rem;padding:0}
[role=radiogroup][aria-invalid=true]{border-left:.3rem solid var(--bad);border-radius:0;padding-left:.9rem}
.fault{color:var(--bad);font-weight:600;margin:.25rem 0 .5rem}
button,.button{font:inherit;font-weight:600;display:inline-block;min-height:2.75rem;padding:.65rem 1.4rem;
border:2px solid var(--brand);border-radius:.5rem;background:var(--brand);color:#fff;cursor:pointer;
text-decoration:none}
button:hover,.button:hover{background:#084552;border-color:#084552}
button.second{background:#fff;color:var(--bad);border-color:var(--bad)}
button.second:hover{background:var(--badfill);border-color:var(--bad)}
.apart{border-top:1px solid #dde4e8;margin-top:2.25rem;padding-top:.25rem}
footer{max-width:40rem;margin:0 auto;padding:.5rem 1.25rem 2.5rem;color:var(--soft);font-size:.95rem}
footer p{margin:0 0 .35rem}
footer nav{margin:0 0 1rem}
footer nav ul{list-style:none;display:flex;flex-wrap:wrap;gap:.25rem 1.25rem;margin:0;padding:0}
footer nav a,footer nav b{display:inline-block;padding:.6rem 0}
@media(min-width:44rem){header p,footer{padding-left:2.5rem;padding-right:2.5rem}
main{margin:2rem auto;padding:2rem 2.5rem 2.5rem;border-radius:.75rem;
box-shadow:0 1px 3px rgba(27,42,51,.18)}}
@media(max-width:30rem){button{width:100%}}
"""

STYLE_HASH = "sha256-" + b64encode(sha256(STYLE.encode()).digest()).decode()
"""By which a Content-Security-Policy allows this very sheet and no other."""
