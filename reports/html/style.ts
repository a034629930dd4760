// The style sheet: system fonts, few colours, both themes, paper.

export const STYLE = `
:root { color-scheme: light dark; --ink: #1b1f24; --soft: #57606a; --paper: #ffffff; --shade: #f6f7f9; --line: #d7dce1; --link: #0b57b0;
  --good: #14622c; --good-bg: #e9f5ec; --bad: #a01616; --bad-bg: #fdeaea; --known: #5d5122; --known-bg: #f6f1de; --odd: #6b2c91; --odd-bg: #f5ebfb; --infra: #8a3b00; --infra-bg: #fff0e0; --quiet: #57606a; }
@media (prefers-color-scheme: dark) { :root { --ink: #e6e9ed; --soft: #a3adb8; --paper: #14171b; --shade: #1c2026; --line: #343b44; --link: #7db8ff;
  --good: #7fd99a; --good-bg: #14281b; --bad: #ff9d9d; --bad-bg: #351a1c; --known: #ddcf94; --known-bg: #2b2716; --odd: #dab0f5; --odd-bg: #2b1c36; --infra: #ffb777; --infra-bg: #33230f; --quiet: #a3adb8; } }
* { box-sizing: border-box; }
body { margin: 0 auto; padding: 1.5rem clamp(1rem, 3vw, 3rem) 6rem; max-width: 110rem; background: var(--paper); color: var(--ink); font: 15px/1.5 system-ui, sans-serif; }
h1 { font-size: 1.4rem; margin: 0; } h2 { font-size: 1.1rem; margin: 2.5rem 0 .75rem; } h4 { margin: 1.25rem 0 .4rem; font-size: .8rem; letter-spacing: .04em; text-transform: uppercase; color: var(--soft); }
a { color: var(--link); } small, caption { color: var(--soft); } code, pre { font: 12.5px/1.5 ui-monospace, SFMono-Regular, Menlo, Consolas, monospace; }
:focus-visible { outline: 2px solid var(--link); outline-offset: 2px; }
header p { margin: .3rem 0; color: var(--soft); } .interrupted { color: var(--infra); font-weight: 600; }
.counts { display: flex; flex-wrap: wrap; gap: .5rem; list-style: none; padding: 0; margin: 1rem 0; }
.mark { display: inline-block; padding: 0 .5em; border-radius: 4px; white-space: nowrap; }
.good { color: var(--good); background: var(--good-bg); } .bad { color: var(--bad); background: var(--bad-bg); font-weight: 600; } .known { color: var(--known); background: var(--known-bg); }
.odd { color: var(--odd); background: var(--odd-bg); font-weight: 600; } .quiet { color: var(--quiet); } .infra { color: var(--infra); background: repeating-linear-gradient(135deg, var(--infra-bg) 0 6px, transparent 6px 12px); }
.tools { display: flex; flex-wrap: wrap; gap: .75rem; align-items: center; margin: 1rem 0; } .tools input[type=search] { flex: 1 1 18rem; max-width: 36rem; font: inherit; padding: .4rem .6rem; border: 1px solid var(--line); border-radius: 6px; background: var(--paper); color: inherit; }
button { font: inherit; padding: .25rem .7rem; border: 1px solid var(--line); border-radius: 6px; background: var(--shade); color: inherit; cursor: pointer; } button[aria-pressed=true] { border-color: var(--link); color: var(--link); }
.no-script .tools { display: none; }
.scroll { overflow-x: auto; } table { border-collapse: separate; border-spacing: 0; font-variant-numeric: tabular-nums; } caption { text-align: left; padding-bottom: .5rem; }
th, td { padding: .3rem .6rem; text-align: left; vertical-align: top; border-bottom: 1px solid var(--line); } thead th { position: sticky; top: 0; background: var(--paper); font-weight: 600; white-space: nowrap; }
#matrix tbody th[scope=row], .map tbody th { position: sticky; left: 0; background: var(--paper); font-weight: 400; padding-left: 1.25rem; white-space: nowrap; } #matrix .object th { padding-top: 1rem; font-weight: 600; } #matrix .object a { font-weight: 400; margin-left: .6em; }
#matrix td a { color: inherit; text-decoration: none; display: block; white-space: nowrap; } #matrix td a:hover { text-decoration: underline; } #matrix td { border-left: 1px solid var(--paper); } .since { color: var(--soft); white-space: nowrap; } sup { font-size: .7em; margin-left: .3em; }
.number { text-align: right; white-space: nowrap; } .map th code, .relocations code { overflow-wrap: anywhere; } .map td { font-size: 12.5px; }
.block { border: 1px solid var(--line); border-radius: 8px; margin: .5rem 0; padding: 0 1rem; } .block > summary { padding: .55rem 0; cursor: pointer; } .block[open] { padding-bottom: 1rem; } .block[open] > summary { font-weight: 600; }
.reason { margin: .4rem 0; font-size: 1.02rem; overflow-wrap: anywhere; } .programs { list-style: none; padding: 0; } .programs > li { margin: .6rem 0; }
pre { margin: .4rem 0; padding: .6rem .8rem; background: var(--shade); border-radius: 6px; overflow-x: auto; } .log pre { max-height: 32rem; overflow: auto; } .log > summary { cursor: pointer; color: var(--link); }
.copy { display: flex; gap: .5rem; align-items: flex-start; } .copy pre { flex: 1; white-space: pre-wrap; overflow-wrap: anywhere; } .causes li { margin: .7rem 0; } .causes p { margin: .15rem 0; color: var(--soft); }
.hidden { display: none; } dialog { background: var(--paper); color: var(--ink); border: 1px solid var(--line); border-radius: 8px; } kbd { border: 1px solid var(--line); border-radius: 4px; padding: 0 .4em; }
.line { display: block; } .line::before { content: attr(data-n); display: inline-block; width: 5ch; margin-right: 1.5ch; text-align: right; color: var(--soft); user-select: none; } .line:target { background: var(--known-bg); }
@media (max-width: 600px) { body { font-size: 14px; } #matrix tbody th[scope=row] { max-width: 40vw; overflow: hidden; text-overflow: ellipsis; } }
@media print { .tools, [data-copy] { display: none; } thead th, tbody th { position: static !important; } .scroll { overflow: visible; } }
`;
