// The style sheet: system fonts, few colours, both themes, paper.

const LIGHT = `--ink: #1c2127; --soft: #59636e; --paper: #ffffff; --shade: #f5f6f8; --line: #dfe3e8; --link: #0b57b0; --target: #fff3c4;
  --good: #17652f; --good-bg: #eaf5ed; --bad: #a31515; --bad-bg: #fde8e8; --known: #665313; --known-bg: #f8f2dc;
  --odd: #6b2c91; --odd-bg: #f4e9fb; --infra: #8a3b00; --infra-bg: #ffeedd; --quiet: #59636e;`;

const DARK = `--ink: #e4e8ec; --soft: #a2acb7; --paper: #15181c; --shade: #1d2126; --line: #31373f; --link: #83bbff; --target: #453a12;
  --good: #86d69d; --good-bg: #172a1e; --bad: #ffa3a3; --bad-bg: #3b1b1e; --known: #dccb88; --known-bg: #2b2717;
  --odd: #dcb4f6; --odd-bg: #2d1e39; --infra: #ffb97c; --infra-bg: #352411; --quiet: #a2acb7;`;

const PAGE = `
* { box-sizing: border-box; }
body { margin: 0 auto; padding: 2rem clamp(1rem, 3vw, 3rem) 6rem; max-width: 100rem; background: var(--paper); color: var(--ink); font: 15px/1.5 system-ui, sans-serif; overflow-wrap: break-word; }
h1 { font-size: 1.35rem; margin: 0; letter-spacing: -.01em; }
h2 { font-size: 1.1rem; margin: 3rem 0 .75rem; } h2 small { font-weight: 400; margin-left: .5em; }
h4 { margin: 1.25rem 0 .3rem; font-size: .8rem; letter-spacing: .04em; text-transform: uppercase; color: var(--soft); }
a { color: var(--link); text-underline-offset: .15em; }
small, caption { color: var(--soft); }
code, pre { font: 12.5px/1.55 ui-monospace, SFMono-Regular, Menlo, Consolas, monospace; }
pre { margin: .4rem 0; padding: .6rem .8rem; background: var(--shade); border-radius: 6px; overflow-x: auto; }
summary { cursor: pointer; overflow-wrap: anywhere; }
abbr { text-decoration: none; cursor: help; }
dl { margin: 0; } dl div { display: flex; flex-wrap: wrap; gap: 0 1rem; padding: .2rem 0; } dt { flex: 0 0 8rem; color: var(--soft); } dd { flex: 1 1 20rem; margin: 0; overflow-wrap: anywhere; }
:focus-visible { outline: 2px solid var(--link); outline-offset: 2px; border-radius: 3px; }
header p { margin: .3rem 0; color: var(--soft); overflow-wrap: anywhere; } header .interrupted { color: var(--infra); font-weight: 600; }
#notice { margin: 1rem 0; padding: .6rem .9rem; border-left: 3px solid var(--infra); background: var(--shade); overflow-wrap: anywhere; } #notice:empty { display: none; }
.spoken { position: absolute; width: 1px; height: 1px; overflow: hidden; clip-path: inset(50%); white-space: nowrap; }
.hidden { display: none; }
.marked, tr.marked > * { background: var(--target); }
`;

const MARKS = `
.counts { display: flex; flex-wrap: wrap; gap: .5rem; list-style: none; padding: 0; margin: 1rem 0 1.75rem; } .counts a { text-decoration: none; }
.mark { display: inline-block; padding: 0 .5em; border-radius: 4px; white-space: nowrap; }
.good { color: var(--good); background: var(--good-bg); }
.bad { color: var(--bad); background: var(--bad-bg); font-weight: 600; }
.known { color: var(--known); background: var(--known-bg); }
.odd { color: var(--odd); background: var(--odd-bg); font-weight: 600; }
.quiet { color: var(--quiet); }
.infra { color: var(--infra); background: repeating-linear-gradient(135deg, var(--infra-bg) 0 6px, transparent 6px 12px); }
`;

const TABLES = `
.tools { display: flex; flex-wrap: wrap; gap: .5rem; align-items: center; margin: 1rem 0; } .no-script .tools { display: none; }
.tools input { flex: 1 1 16rem; max-width: 36rem; font: inherit; padding: .35rem .65rem; border: 1px solid var(--line); border-radius: 6px; background: var(--paper); color: inherit; } .tools input::placeholder { color: var(--soft); opacity: 1; }
#found { color: var(--soft); margin-left: .5rem; }
button { font: inherit; padding: .3rem .75rem; border: 1px solid var(--line); border-radius: 6px; background: var(--shade); color: inherit; cursor: pointer; } button:hover { border-color: var(--soft); } button[aria-pressed=true] { border-color: var(--link); color: var(--link); }
.scroll { overflow-x: auto; } .fits { overflow: visible; }
table { border-collapse: separate; border-spacing: 0; font-variant-numeric: tabular-nums; }
caption { text-align: left; padding-bottom: .5rem; } caption span, #matrix .object span { position: sticky; left: 0; display: inline-block; max-width: calc(100vw - 2rem); } #matrix .object span { left: .6rem; }
th, td { padding: .22rem .6rem; text-align: left; vertical-align: top; }
thead th, thead td { background: var(--paper); font-weight: 600; white-space: nowrap; border-bottom: 1px solid var(--line); } .fits thead, .wide thead { position: sticky; top: 0; z-index: 2; } .wide thead :first-child:is(th, td) { position: sticky; left: 0; }
tbody th[scope=row] { font-weight: 400; }
#matrix thead a { color: inherit; text-decoration: none; } #matrix thead a:hover { text-decoration: underline; }
#matrix tbody th[scope=row], .map tbody th { position: sticky; left: 0; z-index: 1; background: var(--paper); white-space: nowrap; } #matrix tbody th[scope=row] { padding-left: 1.35rem; border-top: 1px solid var(--paper); box-shadow: 0 1px var(--paper); }
#matrix .object th { padding-top: .95rem; font-weight: 600; border-bottom: 1px solid var(--line); } #matrix tbody:first-of-type .object th { padding-top: .5rem; } #matrix .object a { font-weight: 400; font-size: .85rem; margin-left: .5em; color: var(--soft); }
#matrix td { border: 1px solid var(--paper); border-width: 1px 0 0 1px; } #matrix td.good, .map td.good { background: none; } #matrix td a, .map td a { color: inherit; text-decoration: none; display: block; white-space: nowrap; } #matrix td a:hover, .map td a:hover { text-decoration: underline; }
#matrix tbody tr:not(.object):hover > * { background-color: var(--shade); } #matrix td.since { color: var(--soft); white-space: nowrap; padding-left: 1.2rem; } sup { font-size: .7em; margin-left: .3em; }
.relocations td, .relocations th, .kernels td, .kernels th, .map td, .map th { border-bottom: 1px solid var(--line); } .number { text-align: right; white-space: nowrap; } .kind { white-space: nowrap; } .relocations td:nth-child(3) { min-width: 22rem; } .kernels th[scope=row], .kernels td:nth-child(-n + 4) { white-space: nowrap; } .relocations td:nth-child(3) code, .map th code { overflow-wrap: anywhere; } .map td { font-size: 12.5px; }
`;

const PARTS = `
.block { border-top: 1px solid var(--line); } .block + :not(.block) { border-top: 1px solid var(--line); padding-top: 3rem; margin-top: 0; } .block > summary { padding: .5rem 0; } .block[open] { padding-bottom: 1rem; }
.block > summary strong { margin-right: .4em; } .block > summary small { margin-left: .2em; }
.cell { margin-left: 1.1rem; border-left: 2px solid var(--line); padding-left: 1rem; } .cell > summary { padding: .2rem 0; } .cell > summary strong { font-weight: 500; } .cell[open] > summary strong { font-weight: 600; } .cell[open] { padding-bottom: 1.5rem; } .cell > div { scroll-margin-top: 3.2rem; } .cell > div.marked { background: none; }
.log, .relocations tr, .block > .scroll, .kernels tr, h2 { scroll-margin-top: 3.5rem; } .scroll.marked, h2.marked { background: none; }
.reason { overflow-wrap: anywhere; } p.reason { margin: .3rem 0; } .expected { margin: .3rem 0; color: var(--soft); } .programs { list-style: none; padding: 0; margin: .4rem 0; } .programs > li { margin: .5rem 0; }
.log > summary { color: var(--link); } .log pre { max-height: 32rem; overflow: auto; } .log.marked { background: none; }
.line { display: block; } .line > a { display: inline-block; width: 5ch; margin-right: 1.5ch; text-align: right; color: var(--soft); text-decoration: none; user-select: none; } .line > a:hover { text-decoration: underline; }
.copy { display: flex; gap: .5rem; align-items: flex-start; } .copy pre { flex: 1; min-width: 0; white-space: pre-wrap; overflow-wrap: anywhere; } .copy button { margin-top: .4rem; } .no-script .copy button { display: none; }
.causes { list-style: none; padding: 0; } .causes li { margin: .9rem 0; overflow-wrap: anywhere; } .causes p { margin: .15rem 0 0 1rem; color: var(--soft); } .causes p a { margin-right: .35em; }
dialog { background: var(--paper); color: var(--ink); border: 1px solid var(--line); border-radius: 8px; padding: 1rem 1.5rem; } dialog::backdrop { background: rgb(0 0 0 / .35); } kbd { border: 1px solid var(--line); border-radius: 4px; padding: 0 .4em; font: inherit; }
`;

const MEDIA = `
@media screen and (min-width: 601px) { .wide { max-height: 94vh; overflow: auto; } }
@media (max-width: 600px) { body { font-size: 14px; padding-top: 1.25rem; } #matrix tbody th[scope=row], .map tbody th { max-width: 42vw; overflow: hidden; text-overflow: ellipsis; } .cell { margin-left: 0; padding-left: .6rem; } }
@media (forced-colors: active) { .mark, #matrix td { border: 1px solid; } }
@media print { body { padding: 0; max-width: none; font-size: 10pt; } .tools, .copy button, #notice { display: none; } .fits thead, .wide thead, #matrix tbody th[scope=row], .map tbody th { position: static; } .scroll { overflow: visible; } tr, li { break-inside: avoid; } thead { display: table-header-group; } }
`;

export const STYLE = `:root { color-scheme: light dark; ${LIGHT} }
@media (prefers-color-scheme: dark) { :root { ${DARK} } }
@media print { :root { color-scheme: light; ${LIGHT} } }
${PAGE}${MARKS}${TABLES}${PARTS}${MEDIA}`;
