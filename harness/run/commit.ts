// The commit of the user's project that a run tests.
import { execa } from 'execa';

/** Time limit for git, in ms. */
const GIT_LIMIT_MS = 5000;

interface Commit {
  /** The whole hash in hexadecimal. */
  hash: string;
  /** Whether tracked files differ from it; null if that is not known. */
  modified: boolean | null;
}

/** Environment variables in which CI systems name the commit: GitHub, GitLab, Jenkins. */
const VARIABLES = ['GITHUB_SHA', 'CI_COMMIT_SHA', 'GIT_COMMIT'];

async function git(folder: string, ...parameters: string[]): Promise<{ code: number | undefined; output: string }> {
  const { exitCode, stdout } = await execa('git', ['--no-optional-locks', ...parameters], {
    cwd: folder,
    reject: false,
    timeout: GIT_LIMIT_MS,
    stdin: 'ignore',
  });
  return { code: exitCode, output: stdout ?? '' };
}

function hashIn(text: string | undefined): string | null {
  return /^(?:[0-9a-f]{40}|[0-9a-f]{64})$/.exec(text?.trim() ?? '')?.[0] ?? null;
}

/**
 * The commit of a folder, from git or else from the environment of a CI system.
 * @returns null if it is not known: no repository, no commit yet, no git
 */
export async function commitOf(folder: string, environment: NodeJS.ProcessEnv): Promise<Commit | null> {
  const hash = hashIn((await git(folder, 'rev-parse', '--verify', 'HEAD')).output);
  if (hash === null) {
    const [named] = VARIABLES.flatMap((name) => hashIn(environment[name]) ?? []);
    return named === undefined ? null : { hash: named, modified: null };
  }
  const { code } = await git(folder, 'diff', '--quiet', '--ignore-submodules', 'HEAD', '--');
  return { hash, modified: code === 0 || code === 1 ? code === 1 : null };
}
