"""How the page of a dry run looks: light or dark as its reader's system is, and plain on paper."""

STYLE = """
:root{color-scheme:light dark;--ink:#1d2733;--soft:#5b6775;--line:#dde3ea;--paper:#fff;--card:#f5f7fa;
--c0:#3267c7;--c1:#e39a1b;--c2:#2a9d78;--c3:#d6566a;--c4:#7d5bbe;--c5:#5f8a9e}
@media(prefers-color-scheme:dark){:root{--ink:#e6ebf1;--soft:#9fabb8;--line:#36414d;--paper:#161b21;
--card:#1f262e;--c0:#6d9bf0;--c1:#f0b64d;--c2:#4fc29c;--c3:#ee7f90;--c4:#a689e0;--c5:#86b3c7}}
body{margin:0;background:var(--paper);color:var(--ink);font:15px/1.5 system-ui,sans-serif}
main{max-width:860px;margin:0 auto;padding:24px 20px 60px}
h1{font-size:1.7rem;line-height:1.2;margin:.2em 0}h2{font-size:1.05rem;margin:1.8em 0 .5em}
.tiles{display:grid;grid-template-columns:repeat(auto-fit,minmax(150px,1fr));gap:10px;margin:20px 0}
.tiles div{background:var(--card);border-radius:8px;padding:12px 14px;color:var(--soft);font-size:.85rem}
.tiles b{display:block;font-size:1.5rem;line-height:1.3;color:var(--ink);font-variant-numeric:tabular-nums}
figure{margin:28px 0 4px}figcaption{font-weight:600;font-size:1.05rem}
svg{width:100%;height:auto;display:block}
text{font:11px system-ui,sans-serif;fill:var(--soft)}.y{text-anchor:end}.x{text-anchor:middle}
.grid{stroke:var(--line)}polyline{fill:none;stroke-width:2}
.f0{fill:var(--c0)}.f1{fill:var(--c1)}.f2{fill:var(--c2)}.f3{fill:var(--c3)}.f4{fill:var(--c4)}.f5{fill:var(--c5)}
.s0{stroke:var(--c0)}.s1{stroke:var(--c1)}.s2{stroke:var(--c2)}.s3{stroke:var(--c3)}.s4{stroke:var(--c4)}
.s5{stroke:var(--c5)}.k0{background:var(--c0)}.k1{background:var(--c1)}.k2{background:var(--c2)}
.k3{background:var(--c3)}.k4{background:var(--c4)}.k5{background:var(--c5)}
.legend{list-style:none;display:flex;flex-wrap:wrap;gap:4px 18px;margin:2px 0;padding:0 0 0 48px;
color:var(--soft);font-size:.85rem}.legend i{display:inline-block;width:10px;height:10px;border-radius:2px;
margin-right:6px}
table{border-collapse:collapse;width:100%}th,td{padding:5px 8px;border-bottom:1px solid var(--line);
text-align:right;font-variant-numeric:tabular-nums}th{color:var(--soft);font-weight:500}
th:first-child,td:first-child{text-align:left}.share{width:35%}
.share i{display:block;height:10px;border-radius:2px;background:var(--c0)}
@media print{body{background:#fff;color:#000}section,figure{break-inside:avoid}}
"""
