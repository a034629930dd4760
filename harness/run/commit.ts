// Which commit of the user's own project a run is about.
import { execa } from 'execa';

/** Asking git is worth no more of a run than this. */
const GIT_LIMIT_MS = 5000;

interface Commit {
  /** The whole hash, hexadecimal. */
  hash: string;
  /** Whether tracked files differ from it; null where that cannot be told. */
  modified: boolean | null;
}

/** Where CI systems say which commit they are about: GitHub, GitLab, Jenkins. */
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
 * The commit a folder is at, as git says it, or else what a CI system says in its environment.
 * @returns null where nobody knows: no repository, no commit yet, no git
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
