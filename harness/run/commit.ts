// The commit of the user's project that a run tests.
import { runProgram } from '../base/program.ts';

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
  const command = ['git', '--no-optional-locks', ...parameters] as const;
  // A git that does not answer costs the commit, not the run.
  const ended = await runProgram(command, { cwd: folder, stdin: 'ignore' }, { ms: GIT_LIMIT_MS }).catch(() => null);
  return { code: ended?.exitCode, output: ended?.stdout ?? '' };
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
