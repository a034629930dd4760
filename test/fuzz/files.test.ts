// Fuzzes the readers of files from users and other machines: configuration, lock file, results, and their selectors and versions.
import { readFileSync } from 'node:fs';
import { parseConfig } from '../../harness/plan/config/load.ts';
import { compareDebianVersions, kernelVersionOf } from '../../kernels/apt/debian-version.ts';
import { formatLock, parseLock } from '../../kernels/lock.ts';
import { parseSelector } from '../../kernels/selector.ts';
import { readPin } from '../../kernels/sources/debian/pins.ts';
import {
  compareKernelVersions,
  inRange,
  parseKernelVersion,
  parseRange,
  tryParseKernelVersion,
  upstreamOf,
} from '../../harness/base/kernel-version.ts';
import { readResults, renderJson } from '../../reports/json.ts';
import { fuzz } from './fuzz.ts';
import type { Random } from './mutate.ts';
import { seedFiles } from './seeds.ts';

const file = (path: string) => readFileSync(new URL(`../../${path}`, import.meta.url));

const ALL_OPTIONS = `kernels: ['debian:all', "debian:>=5.10,<=6.12", file:bzImage]
objects: [build/*.bpf.o]
mirrors: [http://127.0.0.1/debian]
lock: kernels.lock.json
timeout: 60
jobs: 2
isolation: boot
expectations:
  - { object: a.bpf.o, program: p, kernels: '<5.14', status: fail, class: core-field-missing, reason: needs a field }
`;

fuzz({
  name: 'configuration',
  // The YAML library creates an error with a stack for every superfluous closing bracket.
  msPerKiB: 30,
  corpus: [file('programs/corematrix.yaml'), Buffer.from(ALL_OPTIONS)],
  read: (input) => parseConfig(input.toString('utf8'), 'corematrix.yaml'),
});

fuzz({
  name: 'lock file',
  corpus: [file('kernels/lock.json')],
  read: async (input) => {
    const { entries } = await parseLock(input.toString('utf8'), 'kernels/lock.json');
    const paths = (entries['debian'] ?? []).map((entry) => readPin(entry).path);
    if (paths.some((path) => path.split('/').includes('..') || !path.startsWith('pool/'))) throw new Error('a path leaves the pool');
    return parseLock(await formatLock(entries), 'kernels/lock.json');
  },
});

fuzz({
  name: 'results file',
  corpus: seedFiles('results.'),
  read: (input) => {
    const results = readResults(input.toString('utf8'), 'results.json');
    return readResults(renderJson(results), 'results.json');
  },
});

const CACHED = [
  {
    format: 1,
    sha256: '0'.repeat(64),
    arch: 'x86_64',
    release: '6.12.1-cloud-amd64',
    version: '6.12.1',
    vmlinux: true,
    image: true,
    btf: null,
    directory: '/nowhere',
  },
] as const;
const SELECTORS = [
  'debian:6.12',
  'debian:all/arm64',
  'debian:>=5.10,<=6.12/cloud',
  'file:bzImage',
  'deb:linux-image-6.1_amd64.deb',
  '6.12.1',
] as const;
const VERSIONS = [
  '6.12.117+deb13-cloud-amd64',
  '7.4-rc3',
  '5.14.0-427.50.1.el9_4.x86_64',
  '6.12',
  '1:7.3~rc7-1~exp1',
  '5.10.262-1',
] as const;

fuzz({
  name: 'kernel selector',
  corpus: [Buffer.from(SELECTORS[0]), ...SELECTORS.slice(1).map((text) => Buffer.from(text))],
  read: (input) => {
    const selector = parseSelector(input.toString('utf8'));
    return selector.source.select(selector, CACHED);
  },
});

const corpusOfVersions = [Buffer.from(VERSIONS[0]), ...VERSIONS.slice(1).map((text) => Buffer.from(text))] as const;

/** Makes two texts from one input, so that some compared texts are alike. */
function halves(input: Buffer, random: Random): [string, string] {
  const text = input.toString('utf8');
  const other = random.pick(VERSIONS);
  return random.below(2) === 0 ? [text, other] : [text, text.slice(0, random.below(text.length + 1))];
}

fuzz({
  name: 'kernel version',
  corpus: corpusOfVersions,
  read: (input, random) => {
    const [left, right] = halves(input, random).map(tryParseKernelVersion);
    if (left && right && Math.sign(compareKernelVersions(left, right)) !== -Math.sign(compareKernelVersions(right, left))) {
      throw new Error('the order depends on which comes first');
    }
    const version = parseKernelVersion(input.toString('utf8'));
    return [inRange(version, parseRange(upstreamOf(version)))];
  },
});

fuzz({
  name: 'range of kernel versions',
  corpus: [Buffer.from('>=5.10,<=6.12'), Buffer.from('<5.14'), Buffer.from('=6.1.2, >6')],
  read: (input) => inRange(parseKernelVersion('6.12.1'), parseRange(input.toString('utf8'))),
});

fuzz({
  name: 'Debian version',
  corpus: corpusOfVersions,
  read: (input, random) => {
    const [left, right] = halves(input, random);
    kernelVersionOf(left);
    if (Math.sign(compareDebianVersions(left, right)) !== -Math.sign(compareDebianVersions(right, left))) {
      throw new Error('the order depends on which comes first');
    }
  },
});
