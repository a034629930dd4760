// Checks that all C has the style of .clang-format and names its licence; --write formats the files.
// usage: node .ci/c-style.mjs [--write]
import { execFileSync, spawnSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = join(dirname(fileURLToPath(import.meta.url)), '..');

/**
 * The licence a file must name. BPF programs declare "GPL" to the kernel, which gives some helpers to such programs only, so their
 * source has this licence, too. Everything else has the licence of the project.
 */
function licenceOf(path, text) {
  const isGpl = path.endsWith('.bpf.c') && !/SEC\("license"\) = "(?!GPL)/.test(text);
  return isGpl ? 'Apache-2.0 OR GPL-2.0-only' : 'Apache-2.0';
}

/** The fault of a file's licence line, or null. Fixtures have it at their end, because logs name their line numbers. */
function licenceFault(path) {
  const text = readFileSync(join(root, path), 'utf8');
  const licence = `SPDX-License-Identifier: ${licenceOf(path, text)}`;
  const wanted = path.endsWith('.h') ? `/* ${licence} */` : `// ${licence}`;
  const lines = text.trimEnd().split('\n');
  const [line, number] = path.startsWith('test/fixtures/') ? [lines.at(-1), lines.length] : [lines[0], 1];
  return line === wanted ? null : `${path}:${number}: expected "${wanted}"`;
}

const write = process.argv.includes('--write');
const listed = execFileSync('git', ['ls-files', '-co', '--exclude-standard', '*.c', '*.h'], { cwd: root, encoding: 'utf8' });
const files = listed.split('\n').filter((path) => path !== '' && existsSync(join(root, path)));
const faults = files.flatMap((path) => licenceFault(path) ?? []);

const mode = write ? ['-i'] : ['--dry-run', '-Werror'];
const { status, error, stderr } = spawnSync('clang-format', [...mode, '--style=file', ...files], { cwd: root, encoding: 'utf8' });
if (error) {
  faults.push('clang-format is not installed; run "npm run setup -- --tests", or on Debian: apt-get install clang-format');
} else if (status !== 0) {
  const places = stderr.split('\n').filter((line) => /: (?:error|warning): /.test(line));
  faults.push(...(places.length > 0 ? places : [stderr.trim()]), 'run "npm run format" to mend the format');
}

for (const fault of faults) process.stdout.write(`${fault}\n`);
process.stdout.write(`${files.length} C files: ${faults.length === 0 ? 'formatted, with a licence each' : 'see above'}\n`);
process.exitCode = faults.length > 0 ? 1 : 0;
