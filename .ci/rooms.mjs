// Checks the structure: a folder imports only rooms below its own, and no folders, TypeScript files or C files form a circle.
// usage: node .ci/rooms.mjs [ROOT]
import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { dirname, join, normalize, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseSync } from 'oxc-parser';

/** The rooms from the ground up: each may import those before it, never those after it. */
export const ROOMS = [
  'harness/base',
  'harness/bpf',
  'harness/logs',
  'harness/core-relo',
  'harness/results',
  'kernels',
  'harness/guest',
  'harness/kernel-btf',
  'harness/plan',
  'harness/verdict',
  'harness/predict',
  'harness/explain',
  'harness/run',
  'harness/minimum-kernel',
  'harness/setup',
  'programs',
  'harness/doctor',
  'reports',
  'harness/library',
  'harness/cli',
  'harness/docs',
];

const roomOf = (path) => ROOMS.findIndex((room) => path.startsWith(`${room}/`));

/** The relative imports of a TypeScript file, type-only ones included, each with its line. */
function importsOf(root, path) {
  const text = readFileSync(join(root, path), 'utf8');
  const { module, errors } = parseSync(path, text);
  if (errors.length > 0) throw new Error(`${path}: ${errors[0].message}`);
  const found = [...module.staticImports, ...module.staticExports.flatMap(({ entries }) => entries)]
    .map(({ moduleRequest }) => moduleRequest)
    .filter((request) => request?.value.startsWith('.'))
    .map(({ value, start }) => ({ value, start }));
  const dynamic = module.dynamicImports.map(({ moduleRequest: { start, end } }) => ({ value: text.slice(start + 1, end - 1), start }));
  return [...found, ...dynamic.filter(({ value }) => value.startsWith('.'))].map(({ value, start }) => ({
    from: path,
    to: normalize(join(dirname(path), value)),
    line: text.slice(0, start).split('\n').length,
  }));
}

/** The includes of a C file. A source and its header are one unit, named without its ending. */
function includesOf(root, path) {
  const lines = readFileSync(join(root, path), 'utf8').split('\n');
  return lines.flatMap((text, at) => {
    const [, name] = /^\s*#\s*include\s+"([^"]+)"/.exec(text) ?? [];
    const to = name && normalize(join(dirname(path), name));
    return to && existsSync(join(root, to)) ? [{ from: path, to, line: at + 1 }] : [];
  });
}

/** Groups of nodes that reach each other (Tarjan), each sorted, for arrows of `{ from, to }` between nodes. */
function circlesOf(arrows) {
  const next = new Map();
  for (const { from, to } of arrows) if (from !== to) next.set(from, (next.get(from) ?? new Set()).add(to));
  const state = new Map();
  const stack = [];
  const circles = [];
  const visit = (node) => {
    const own = { index: state.size, low: state.size, open: true };
    state.set(node, own);
    stack.push(node);
    for (const to of next.get(node) ?? []) {
      const seen = state.get(to) ?? visit(to);
      if (seen.open) own.low = Math.min(own.low, seen.low);
    }
    if (own.low === own.index) {
      const circle = stack.splice(stack.indexOf(node));
      for (const member of circle) state.get(member).open = false;
      if (circle.length > 1) circles.push(circle.toSorted((a, b) => (a < b ? -1 : 1)));
    }
    return own;
  };
  for (const node of next.keys()) if (!state.has(node)) visit(node);
  return circles;
}

/** Every circle among the arrows as text: its members, then the arrows that close it. */
function circleTexts(kind, arrows, nodeOf) {
  const between = arrows.map((arrow) => ({ ...arrow, a: nodeOf(arrow.from), b: nodeOf(arrow.to) })).filter(({ a, b }) => a !== b);
  return circlesOf(between.map(({ a, b }) => ({ from: a, to: b }))).map((circle) => {
    const inside = between.filter(({ a, b }) => circle.includes(a) && circle.includes(b));
    const lines = inside.map(({ from, to, line }) => `  ${from}:${line} imports ${to}`);
    return `${kind} form a circle: ${circle.join(', ')}\n${lines.join('\n')}`;
  });
}

const root = resolve(process.argv[2] ?? join(dirname(fileURLToPath(import.meta.url)), '..'));
const listed = execFileSync('git', ['ls-files', '-co', '--exclude-standard', '*.ts', '*.c', '*.h'], { cwd: root, encoding: 'utf8' });
const files = listed.split('\n').filter((path) => path !== '' && existsSync(join(root, path)));
const sources = files.filter((path) => path.endsWith('.ts') && /^(?:harness|kernels|programs|reports)\//.test(path));
const imports = sources.flatMap((path) => importsOf(root, path));
const includes = files.filter((path) => /^harness\/.*\.[ch]$/.test(path)).flatMap((path) => includesOf(root, path));

const homeless = sources
  .filter((path) => roomOf(path) < 0)
  .map((path) => `${path} is in no room: add its folder to ROOMS in .ci/rooms.mjs`);
const upward = imports
  .filter(({ from, to }) => roomOf(to) > roomOf(from))
  .map(({ from, to, line }) => `${from}:${line} imports ${to}: ${ROOMS[roomOf(from)]} is below ${ROOMS[roomOf(to)]}`);
const faults = [
  ...homeless,
  ...upward,
  ...circleTexts('folders', imports, dirname),
  ...circleTexts('files', imports, (path) => path),
  ...circleTexts('C files', includes, (path) => path.replace(/\.[ch]$/, '')),
];
const circles = faults.filter((text) => text.includes('form a circle')).length;
for (const fault of faults) process.stdout.write(`${fault}\n`);
process.stdout.write(
  `${sources.length} files in ${ROOMS.length} rooms, ${imports.length} imports: ${upward.length} back arrows, ${circles} circles\n`,
);
process.exitCode = faults.length > 0 ? 1 : 0;
