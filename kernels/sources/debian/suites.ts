// The names of suites that a Debian archive may have. The archive itself decides which of them exist, and which kernels they have.

/** The main archive and the security archive are separate repositories with different suites. */
export type Archive = 'debian' | 'debian-security';

const RELEASES = ['bullseye', 'bookworm', 'trixie', 'forky', 'duke'] as const;
/** Suites without point releases, and therefore without additions. */
const ROLLING = ['sid', 'experimental'] as const;
const ADDITIONS = ['', '-updates', '-backports'] as const;

const SUITES = {
  debian: [...RELEASES.flatMap((release) => ADDITIONS.map((addition) => `${release}${addition}`)), ...ROLLING],
  'debian-security': RELEASES.map((release) => `${release}-security`),
} as const satisfies Record<Archive, readonly string[]>;

/** Every suite name to look for in an archive. */
export function suitesOf(archive: Archive): readonly string[] {
  return SUITES[archive];
}

/** The archive of a suite in an apt configuration, by codename or role (`stable-updates`); null if the suite is not Debian's. */
export function archiveOfSuite(suite: string): Archive | null {
  const match = /^(?<release>[a-z]+)(?<addition>-[a-z-]+|\/updates)?$/.exec(suite);
  const release = match?.groups?.['release'] ?? '';
  const known = [...RELEASES, ...ROLLING, 'oldoldstable', 'oldstable', 'stable', 'testing', 'unstable', 'buster'].includes(release);
  if (!known) return null;
  const addition = match?.groups?.['addition'] ?? '';
  return addition === '-security' || addition === '/updates' ? 'debian-security' : 'debian';
}
