// The style sheet: system fonts, few colours, both themes, paper.
import { STATUS_LOOKS } from './shared/looks.ts';

const LIGHT = `color-scheme: light; --ink: #1c2127; --soft: #59636e; --paper: #ffffff; --shade: #f5f6f8; --line: #dfe3e8; --link: #0b57b0; --target: #fff3c4;
  --good: #17652f; --good-bg: #eaf5ed; --moved: #14507f; --moved-bg: #e6f1fa; --bad: #a31515; --bad-bg: #fde8e8; --known: #665313; --known-bg: #f8f2dc;
  --odd: #6b2c91; --odd-bg: #f4e9fb; --infra: #8a3b00; --infra-bg: #ffeedd; --quiet: #59636e;`;

const DARK = `color-scheme: dark; --ink: #e4e8ec; --soft: #a2acb7; --paper: #15181c; --shade: #1d2126; --line: #31373f; --link: #83bbff; --target: #453a12;
  --good: #86d69d; --good-bg: #172a1e; --moved: #8fc7f2; --moved-bg: #16293a; --bad: #ffa3a3; --bad-bg: #3b1b1e; --known: #dccb88; --known-bg: #2b2717;
  --odd: #dcb4f6; --odd-bg: #2d1e39; --infra: #ffb97c; --infra-bg: #352411; --quiet: #a2acb7;`;

const PAGE = `
* { box-sizing: border-box; }
body { margin: 0 auto; padding: 2rem clamp(1rem, 3vw, 3rem) 6rem; max-width: 110rem; background: var(--paper); color: var(--ink); font: 15px/1.5 system-ui, sans-serif; overflow-wrap: break-word; }
h1 { font-size: 1.35rem; margin: 0; letter-spacing: -.01em; }
h2 { font-size: 1.1rem; margin: 3rem 0 .75rem; } h2 small { font-weight: 400; margin-left: .5em; }
h3 { margin: 1.75rem 0 .4rem; font-size: .95rem; }
a { color: var(--link); text-underline-offset: .15em; }
small, caption { color: var(--soft); } input::placeholder { color: var(--soft); opacity: 1; }
code, pre { font: 12.5px/1.55 ui-monospace, SFMono-Regular, Menlo, Consolas, monospace; }
pre { margin: .4rem 0; padding: .6rem .8rem; background: var(--shade); border-radius: 6px; overflow-x: auto; }
summary { cursor: pointer; overflow-wrap: anywhere; }
abbr { text-decoration: none; cursor: help; }
dl { margin: 0; } dl div { display: flex; flex-wrap: wrap; gap: 0 1rem; padding: .2rem 0; } dt { flex: 0 0 8rem; color: var(--soft); } dd { flex: 1 1 20rem; margin: 0; overflow-wrap: anywhere; }
.legend dt { flex-basis: 13rem; } .legend dd { max-width: 60rem; } .legend p { margin: .2rem 0 0; }
:focus-visible { outline: 2px solid var(--link); outline-offset: 2px; border-radius: 3px; } h2:focus { outline: none; }
.title { display: flex; gap: .25rem; align-items: baseline; } .title h1 { flex: 1; } .no-script .title button { display: none; }
header p { margin: .3rem 0; color: var(--soft); overflow-wrap: anywhere; } header .interrupted { color: var(--infra); font-weight: 600; }
#notice { margin: 1rem 0; padding: .6rem .9rem; border-left: 3px solid var(--infra); background: var(--shade); overflow-wrap: anywhere; } #notice:empty { display: none; }
.spoken { position: absolute; width: 1px; height: 1px; overflow: hidden; clip-path: inset(50%); white-space: nowrap; }
.hidden { display: none !important; }
.course { font-family: ui-monospace, monospace; white-space: nowrap; }
.marked, tr.marked > * { background: var(--target); }
button, select { font: inherit; padding: .3rem .75rem; border: 1px solid var(--line); border-radius: 6px; background: var(--shade); color: inherit; cursor: pointer; } select { padding: .3rem .4rem; max-width: 100%; } button:hover { border-color: var(--soft); } button[aria-pressed=true] { border-color: var(--link); color: var(--link); }
.quiet-button { background: none; border-color: transparent; color: var(--soft); font-size: .87rem; padding: .15rem .5rem; }
`;

const MARKS = `
.counts { display: flex; flex-wrap: wrap; gap: .5rem; list-style: none; padding: 0; margin: 1rem 0 1.75rem; } .counts a { text-decoration: none; } .counts a:hover .mark { text-decoration: underline; } .calm { color: var(--soft); }
.mark { display: inline-block; padding: 0 .5em; border-radius: 4px; white-space: nowrap; font-weight: 400; font-size: .95em; }
.good { color: var(--good); background: var(--good-bg); }
.bad { color: var(--bad); background: var(--bad-bg); font-weight: 600; }
.known { color: var(--known); background: var(--known-bg); }
.odd { color: var(--odd); background: var(--odd-bg); font-weight: 600; }
.quiet { color: var(--quiet); }
.infra { color: var(--infra); background: repeating-linear-gradient(135deg, var(--infra-bg) 0 6px, transparent 6px 12px); }
`;

const TABLES = `
.tools { display: flex; flex-wrap: wrap; gap: .5rem; align-items: center; margin: 1rem 0; } .no-script .tools { display: none; }
.tools input { flex: 1 1 16rem; min-width: 0; max-width: 40rem; font: inherit; padding: .35rem .65rem; border: 1px solid var(--line); border-radius: 6px; background: var(--paper); color: inherit; }
#found { color: var(--soft); margin-left: .5rem; }
.scroll { overflow-x: auto; position: relative; } .fits { overflow: visible; }
table { border-collapse: separate; border-spacing: 0; font-variant-numeric: tabular-nums; }
caption { text-align: left; padding-bottom: .5rem; } caption span, #matrix .object span { position: sticky; left: 0; display: inline-block; max-width: calc(100vw - 2rem); }
th, td { padding: .22rem .6rem; text-align: left; vertical-align: top; }
thead th, thead td { background: var(--paper); font-weight: 600; white-space: nowrap; border-bottom: 1px solid var(--line); } .fits thead, .wide thead { position: sticky; top: 0; z-index: 2; } .wide thead tr > :first-child { position: sticky; left: 0; }
tbody th[scope=row] { font-weight: 400; }
td small, .relocations small, .compared small, .map th small { display: block; }
.relocations td, .relocations th, .kernels td, .kernels th, .map td, .map th, .compared td, .compared th { border-bottom: 1px solid var(--line); } .number { text-align: right; white-space: nowrap; } .relocations td:nth-child(2) { min-width: 22rem; } .suspicious { display: block; } .kernels th[scope=row], .kernels td:nth-child(-n + 4) { white-space: nowrap; } .relocations .quiet-button { padding: 0; } .relocations code, .map th code, .compared code { overflow-wrap: anywhere; } .compared td { min-width: 14rem; }
`;

const MATRIX = `
#matrix { display: block; width: calc(var(--name) + 6.3rem + var(--kernels) * var(--kernel)); } #matrix :is(caption, thead, tbody) { display: block; } #matrix tr { display: flex; }
#matrix tr > * { flex: none; width: var(--kernel); } #matrix tr > :first-child { width: var(--name); } #matrix .since { width: 6.3rem; } #matrix .group > :first-child { margin-right: 6.3rem; } #matrix .object > :first-child { width: 100%; }
#matrix tbody { content-visibility: auto; } #matrix .gone { content-visibility: hidden; block-size: 0; overflow: hidden; } @media screen { #matrix .later { content-visibility: hidden; } #matrix tr.later { contain-intrinsic-block-size: 1.95rem; } }
#matrix thead th { white-space: normal; overflow-wrap: anywhere; align-self: end; font-size: .8rem; padding: .22rem .4rem; } #matrix thead th:first-child { padding-left: 1.1rem; } #matrix thead tr { border-bottom: 1px solid var(--line); background: var(--paper); } #matrix thead tr > * { border: 0; } #matrix thead .group { border: 0; } #matrix .group th { padding-bottom: 0; color: var(--soft); font-weight: 400; } #matrix .group th span { display: block; padding: 0 .3rem .1rem; margin: 0 .15rem 0 -.3rem; border-bottom: 2px solid var(--line); }
#matrix thead a { color: inherit; text-decoration: none; } #matrix thead a:hover { text-decoration: underline; }
#matrix tbody th[scope=row], .map tbody th { position: sticky; left: 0; z-index: 1; background: var(--paper); } #matrix tbody th[scope=row] { padding-left: 1.1rem; border-top: 1px solid var(--paper); box-shadow: 0 1px var(--paper); overflow: hidden; text-overflow: ellipsis; white-space: nowrap; }
#matrix .object th { padding: 1rem 0 .2rem; font-weight: 600; white-space: nowrap; } #matrix tbody:first-of-type .object th { padding-top: .6rem; } #matrix .object a { font-weight: 400; font-size: .85rem; margin-left: .5em; color: var(--soft); }
#matrix td { border: 1px solid var(--paper); border-width: 1px 0 0 1px; } #matrix td.good { background: none; } #matrix [data-program] th a { color: inherit; text-decoration: none; } #matrix [data-program] th a:hover { text-decoration: underline; } #matrix td a, .map td a { color: inherit; text-decoration: none; display: block; } #matrix td a { white-space: nowrap; } #matrix td a:hover, .map td a:hover { text-decoration: underline; }
#matrix td[data-s] { padding: .22rem .4rem; } #matrix td small { font-size: .72rem; line-height: 1.2; color: inherit; font-weight: 400; }
#matrix tbody tr:not(.object):hover > * { background-color: var(--shade); } #matrix td.since { color: var(--soft); white-space: nowrap; font-size: .87rem; } #matrix .since small { display: inline; } #matrix .since span { display: block; }
.wide { scroll-padding: 4rem 1rem 1rem 20rem; }
.map { table-layout: fixed; width: calc(16rem + var(--kernels) * max(5.8rem, var(--kernel))); } .map th:first-child { width: 16rem; overflow-wrap: anywhere; } .map th code { display: block; } .map thead th { font-size: .8rem; padding: .22rem .4rem; white-space: normal; overflow-wrap: anywhere; } .map td { font-size: 12.5px; border-left: 2px solid var(--paper); padding: .22rem .4rem; } .map td.moved { color: var(--moved); background: var(--moved-bg); }
`;

const PARTS = `
.block { border-top: 1px solid var(--line); } .block:not([open]), .causes li { content-visibility: auto; contain-intrinsic-block-size: auto 2.6rem; } .block + :not(.block) { border-top: 1px solid var(--line); padding-top: 3rem; margin-top: 0; } .block > summary { padding: .5rem 0; } .block[open] { padding-bottom: 1rem; }
.block > summary strong { margin-right: .4em; } .block > summary small { margin-left: .2em; }
.story { margin-left: .4rem; border-left: 2px solid var(--line); padding: 0 0 .2rem 1rem; } .story h3 { margin: 1rem 0 .2rem; font-weight: 600; } .story h3 small { font-weight: 400; } .story h3 a { margin-right: .4em; scroll-margin-top: 3.2rem; } .failing { list-style: none; padding: 0; } .failing li { margin: .2rem 0; overflow-wrap: anywhere; }
.log, .relocations tr, .block > .scroll, .kernels tr, h2 { scroll-margin-top: 3.5rem; } .scroll.marked, h2.marked { background: none; }
.reason { overflow-wrap: anywhere; } p.reason { margin: .3rem 0; } .expected { margin: .3rem 0; color: var(--soft); } .disagrees { margin: .3rem 0; color: var(--odd); font-weight: 600; } .programs { list-style: none; padding: 0; margin: .4rem 0; } .programs > li { margin: .5rem 0; }
.log > summary { color: var(--link); padding: .1rem 0; } .log pre { max-height: 32rem; overflow: auto; } .log.marked { background: none; } .log-tools { display: flex; flex-wrap: wrap; gap: .25rem .5rem; align-items: center; margin: .3rem 0 0; } .log-tools input { font: inherit; font-size: .87rem; padding: .15rem .5rem; border: 1px solid var(--line); border-radius: 6px; background: var(--paper); color: inherit; min-width: 0; } .log-tools small { flex: 1; } .wrapped { white-space: pre-wrap; overflow-wrap: anywhere; } .log pre.wrapped .line { padding-left: 6.5ch; text-indent: -6.5ch; }
.time .bar { width: 16rem; max-width: 30vw; height: .6rem; vertical-align: middle; border-radius: 2px; } .bar .guests { fill: var(--line); } .bar .loading { fill: var(--soft); } .slowest { overflow-wrap: anywhere; }
.line { display: block; } .line > a { display: inline-block; width: 5ch; margin-right: 1.5ch; text-align: right; color: var(--soft); text-decoration: none; user-select: none; } .line > a:hover { text-decoration: underline; }
.cell-view h3 ~ div > p { margin: .6rem 0 .2rem; } .copy { display: flex; gap: .5rem; align-items: baseline; } .copy pre { flex: 1; min-width: 0; white-space: pre-wrap; overflow-wrap: anywhere; } .copy .reason { margin: .2rem 0; min-width: 0; }
.causes { list-style: none; padding: 0; } .causes li { margin: .9rem 0; overflow-wrap: anywhere; } .causes p { margin: .15rem 0 0 1rem; color: var(--soft); } .causes p a { margin-right: .35em; }
dialog { background: var(--paper); color: var(--ink); border: 1px solid var(--line); border-radius: 8px; padding: 1rem 1.5rem; max-width: 34rem; } dialog::backdrop { background: rgb(0 0 0 / .35); } dialog h2 { margin: .5rem 0; font-size: 1rem; } dialog dt { flex-basis: 9.5rem; } dialog dd { flex-basis: 12rem; } dialog form { margin-top: 1rem; } kbd { border: 1px solid var(--line); border-radius: 4px; padding: 0 .4em; font: inherit; }
`;

const VIEWS = `
#view { display: none; } .viewing #view { display: block; } .viewing #overview { content-visibility: hidden; height: 0; overflow: hidden; } .viewing .counts { display: none; }
.view-head { border-top: 1px solid var(--line); margin-top: 1rem; padding-top: .6rem; } .view-head nav { display: flex; flex-wrap: wrap; gap: .2rem 1.25rem; align-items: baseline; } .view-head nav > * { overflow-wrap: anywhere; min-width: 0; } .view-head h2 { font-size: 1.25rem; margin: 1rem 0 .75rem; overflow-wrap: anywhere; } .view-head h2 > code { font-size: 1.15rem; } .view-head .facts { display: block; font-size: .9rem; margin: .15rem 0 0; }
.controls { display: flex; flex-wrap: wrap; gap: .5rem 1.5rem; } .controls label { color: var(--soft); }
.diff .left { color: var(--bad); background: var(--bad-bg); } .diff .right { color: var(--good); background: var(--good-bg); } .diff .both { color: var(--soft); }
`;

const EXPLANATIONS = `
.why { scroll-margin-top: 6rem; } .why.marked { background: none; } .why.marked > summary { background: var(--target); } .why { margin: .35rem 0 .35rem 1rem; } .programs .why { margin-left: 0; } .why > summary { color: var(--link); } .why[open] { border-left: 2px solid var(--line); padding-left: .9rem; } .why p { margin: .25rem 0; color: inherit; } .why ul { list-style: none; padding: 0; margin: .3rem 0; } .why .sources code { font-weight: 600; }
.situations > li { margin: .35rem 0; } .situations p + p { margin-left: 1rem; } .situations > li > p:first-child > small { font-weight: 600; margin-right: .35em; } .evidence code { display: block; color: var(--soft); } .evidence a { font-size: .85rem; } .why pre { max-height: 24rem; overflow: auto; tab-size: 4; }
.guarded { list-style: none; padding: 0; margin: .6rem 0 0; font-size: .92rem; } .guarded li { margin: .2rem 0; overflow-wrap: anywhere; }
`;

const LAYOUTS = `
.type { margin: 0 0 1.5rem; } h4 { margin: .9rem 0 .3rem; font-size: .92rem; font-weight: 400; } h4 code { font-size: 13px; font-weight: 600; } h4 small { margin: 0 .3em; }
.layout { font-size: 12.5px; } .layout :is(td, th) { padding: .12rem .55rem; } .layout thead th { border: 0; font-size: .8rem; } .layout thead tr:last-child th { color: var(--soft); font-weight: 400; border-bottom: 1px solid var(--line); } .layout thead small { font-weight: 400; }
.layout .code { font: 12px/1.6 ui-monospace, SFMono-Regular, Menlo, Consolas, monospace; overflow-wrap: anywhere; min-width: 7rem; } .layout .edge { border-left: 1px solid var(--line); } .layout tbody th { color: var(--soft); white-space: nowrap; }
.layout .same td, .layout .skipped td { color: var(--soft); } .layout .skipped td { font-size: .76rem; padding-left: 3.2rem; } .layout .none { color: var(--soft); background: none; }
.layout .changed > * { color: var(--moved); background: var(--moved-bg); } .layout .added > :not(.none) { color: var(--good); background: var(--good-bg); } .layout .removed > :not(.none) { color: var(--bad); background: var(--bad-bg); } .layout .accessed > .code:nth-child(4n) { font-weight: 700; } .layout .accessed > * { border-block: 1px solid var(--soft); }
`;

const MEDIA = `
@media screen and (min-width: 601px) { .wide { max-height: 94vh; overflow: auto; } }
@media (max-width: 600px) { body { font-size: 14px; padding-top: 1.25rem; } :root { --name: 40vw !important; } .map th:first-child { width: 42vw; } .map tbody th { max-width: 42vw; overflow: hidden; text-overflow: ellipsis; } .story { margin-left: 0; padding-left: .6rem; } .wide { scroll-padding-left: 42vw; } .copy { flex-wrap: wrap; } .copy pre { flex-basis: 100%; } }
@media (prefers-reduced-motion: no-preference) { .mark, button { transition: border-color .1s; } }
@media (forced-colors: active) { .mark, #matrix td { border: 1px solid; } }
@media print { body { padding: 0; max-width: none; font-size: 10pt; } .tools, .title button, .copy button, .view-head nav, #notice { display: none; } .fits thead, .wide thead, .wide thead tr > :first-child, #matrix tbody th[scope=row], .map tbody th { position: static; } .scroll { overflow: visible; } tr, li { break-inside: avoid; } thead { display: table-header-group; } }
`;

/** The shape of a status stands before its word by style alone: twelve thousand elements less in a large matrix. Readers aloud hear the word. */
const SHAPES = Object.entries(STATUS_LOOKS)
  .map(([status, { shape }]) => `#matrix [data-s="${status}"] > a::before { content: "${shape}\\00a0" / ""; }`)
  .join('\n');

export const STYLE = `:root { ${LIGHT} }
@media (prefers-color-scheme: dark) { :root:not([data-theme=light]) { ${DARK} } }
:root[data-theme=dark] { ${DARK} }
@media print { :root, :root[data-theme=dark], :root:not([data-theme=light]) { ${LIGHT} } }
${PAGE}${MARKS}${TABLES}${MATRIX}${PARTS}${VIEWS}${EXPLANATIONS}${LAYOUTS}${MEDIA}${SHAPES}
`;
