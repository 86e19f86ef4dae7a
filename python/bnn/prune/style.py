# Part of bnn-mlir, under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Style and script of the page: those of the compiler's own report, lib/Report/Page.css.inc and
Page.js.inc, which a test compares."""

CSS = r"""
:root { color-scheme: light dark; --ink: #1c2330; --soft: #667085; --line: #e4e7ec;
  --page: #f7f8fa; --card: #fff; --bits: #0d9488; --planes: #2563eb; --mixed: #ca8a04;
  --float: #e76f51; --ghost: #cdd3dc; }
@media (prefers-color-scheme: dark) { :root { --ink: #e6e9ef; --soft: #98a2b3; --line: #2a3242;
  --page: #11151d; --card: #191f2a; --bits: #2dd4bf; --planes: #60a5fa; --mixed: #fbbf24;
  --float: #f08a6e; --ghost: #414c60; } }
* { box-sizing: border-box; }
body { margin: 0; background: var(--page); color: var(--ink);
  font: 14px/1.45 system-ui, "Segoe UI", "DejaVu Sans", sans-serif; }
main { max-width: 1180px; margin: 0 auto; padding: 32px 24px 64px; }
h1 { margin: 0; font-size: 26px; overflow-wrap: anywhere; }
h2 { margin: 40px 0 12px; font-size: 18px; }
.sub { margin: 2px 0 0; color: var(--soft); overflow-wrap: anywhere; }
.verdict { margin: 18px 0; padding: 12px 16px; border-radius: 8px; background: var(--card);
  border: 1px solid var(--line); border-left: 5px solid var(--bits); font-size: 16px; }
.verdict.none { border-left-color: var(--mixed); }
.tiles { display: grid; grid-template-columns: repeat(auto-fit, minmax(195px, 1fr)); gap: 12px; }
.tile { background: var(--card); border: 1px solid var(--line); border-radius: 8px; padding: 12px 14px; }
.tile b { display: block; font-size: 19px; white-space: nowrap; }
.tile span { display: block; }
.tile small, td small { color: var(--soft); }
.overview { display: grid; grid-template-columns: 110px 1fr; gap: 12px; align-items: center;
  margin-top: 10px; color: var(--soft); }
.tiles + .overview { margin-top: 24px; }
.stack { display: flex; height: 20px; border-radius: 5px; overflow: hidden; background: var(--line); }
.stack i { box-shadow: inset -1px 0 0 var(--page); }
i.bits, b.bits { background: var(--bits); } i.planes, b.planes { background: var(--planes); }
i.mixed, b.mixed { background: var(--mixed); } i.float, b.float { background: var(--float); }
i.plain { background: var(--planes); } i.ghost { background: var(--ghost); }
.legend { margin: 0 0 10px; color: var(--soft); }
.legend span { margin-right: 16px; } .legend i { display: inline-block; width: 12px; height: 12px;
  border-radius: 3px; margin-right: 6px; vertical-align: -1px; }
.filter { display: block; margin-bottom: 8px; cursor: pointer; }
table { width: 100%; border-collapse: collapse; background: var(--card);
  border: 1px solid var(--line); border-radius: 8px; }
th { position: sticky; top: 0; background: var(--card); text-align: left; font-weight: 600;
  padding: 8px 10px; border-bottom: 1px solid var(--line); white-space: nowrap; }
thead th { cursor: pointer; } th.up::after { content: " \25B4"; } th.down::after { content: " \25BE"; }
td { padding: 6px 10px; border-top: 1px solid var(--line); vertical-align: top; white-space: nowrap; }
td:first-child { white-space: normal; overflow-wrap: anywhere; }
td em { display: block; font-style: normal; color: var(--soft); font-size: 12px; }
.pill { color: #fff; border-radius: 10px; padding: 1px 9px; font-size: 12px; }
.bar { position: relative; height: 10px; width: 150px; margin-top: 5px; border-radius: 3px;
  overflow: hidden; background: var(--line); }
.bar i { position: absolute; top: 0; bottom: 0; left: 0; min-width: 1px; }
.small td { padding: 3px 10px; } .small .bar { width: 100%; margin-top: 5px; } .small .wide { width: 50%; }
table.only tr.bits, table.only tr.planes { display: none; }
svg { width: 100%; height: 320px; background: var(--card); border: 1px solid var(--line);
  border-radius: 8px; margin: 10px 0; }
rect { stroke: var(--card); stroke-width: 0.6; } rect:hover { opacity: 0.6; }
.t0 { fill: #0d9488; } .t1 { fill: #2563eb; } .t2 { fill: #d97706; } .t3 { fill: #7c3aed; }
.t4 { fill: #db2777; } .t5 { fill: #64748b; }
details { margin-top: 6px; } summary { cursor: pointer; margin-bottom: 8px; }
"""

JS = r"""
// Not one ampersand or angle bracket: the page is XML, too.
function keyOf(row, column, isText) {
  const cell = row.cells[column], value = cell.dataset.v;
  return isText ? (value || cell.textContent) : Number(value || cell.textContent);
}
function sortBy(table, column, isText, sign) {
  const rows = Array.from(table.tBodies[0].rows);
  const collator = new Intl.Collator("en", { numeric: true });
  rows.sort(function (a, b) {
    const x = keyOf(a, column, isText), y = keyOf(b, column, isText);
    return sign * (isText ? collator.compare(x, y) : x - y);
  });
  table.tBodies[0].append(...rows);
}
for (const table of document.querySelectorAll("table")) {
  const heads = Array.from(table.querySelectorAll("thead th"));
  heads.forEach(function (head, column) {
    head.addEventListener("click", function () {
      // Text rises first, numbers fall first.
      const isText = head.dataset.text === "1";
      const up = head.className ? head.className === "down" : isText;
      heads.forEach(function (other) { other.className = ""; });
      head.className = up ? "up" : "down";
      sortBy(table, column, isText, up ? 1 : -1);
    });
  });
}
const only = document.getElementById("only");
if (only) only.addEventListener("change", function () {
  document.getElementById("layers").classList.toggle("only", only.checked);
});
"""
