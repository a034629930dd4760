// Writes the summary of a run into one comment of the pull request; a later run updates that comment. It never fails the job: what prevents
// the comment is one line of the log. See "REST API endpoints for issue comments" in the documentation of GitHub.
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';

/** The author of a comment that is written with the token of a workflow. A comment by another author stays, whatever its text is. */
const AUTHOR = 'github-actions[bot]';
/** GitHub refuses a comment of more than 65,536 characters. */
const MAX_BYTES = 65_000;
const PAGE_SIZE = 100;
const TIMEOUT_MS = 30_000;
/** The token may not do this, or not see that it exists. */
const REFUSED = new Set([401, 403, 404]);

const { env } = process;

/** A reason why no comment is written, which is no fault. */
class NoComment extends Error {}

function readIfThere(path) {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return '';
  }
}

function eventOfWorkflow() {
  try {
    return JSON.parse(readFileSync(env.GITHUB_EVENT_PATH, 'utf8'));
  } catch {
    throw new NoComment('the event of the workflow cannot be read');
  }
}

/** The number of the pull request, and the commit that it offers. */
function pullRequestOf({ pull_request: pull, workflow_run: run, issue }) {
  const commented = issue?.pull_request ? issue : null;
  const number = (pull ?? run?.pull_requests?.[0] ?? commented)?.number;
  if (!Number.isSafeInteger(number)) throw new NoComment('the event of the workflow has no pull request');
  return { number, commit: pull?.head?.sha ?? run?.head_sha ?? env.GITHUB_SHA ?? '' };
}

/** The first line of the comment of this job. Another job, configuration or report folder has another comment. */
function marker() {
  const names = [env.GITHUB_WORKFLOW, env.GITHUB_JOB, env.COREMATRIX_CONFIG, env.COREMATRIX_OUT];
  const digest = createHash('sha256').update(JSON.stringify(names)).digest('hex');
  return `<!-- corematrix ${digest.slice(0, 16)} -->`;
}

/** The text as far as it fits: whole sections and list items, because half a list item may leave a code block open. */
function shortened(text, maxBytes) {
  if (Buffer.byteLength(text) <= maxBytes) return text;
  const note = '\n\nThis comment is cut; the job summary has the rest.';
  const start = Buffer.from(text)
    .subarray(0, maxBytes - note.length)
    .toString('utf8');
  const end = Math.max(start.lastIndexOf('\n- '), start.lastIndexOf('\n## '), start.lastIndexOf('\n| '));
  return `${end < 0 ? '' : start.slice(0, end)}${note}`;
}

function bodyOf(summary, commit) {
  const address = `${env.GITHUB_SERVER_URL}/${env.GITHUB_REPOSITORY}/actions/runs/${env.GITHUB_RUN_ID}`;
  const foot = `\n\nCommit ${commit}, [log and report](${address}).\n`;
  const head = `${marker()}\n`;
  return `${head}${shortened(summary.trimEnd(), MAX_BYTES - Buffer.byteLength(head + foot))}${foot}`;
}

/** Asks the API, and returns the parsed answer. */
async function api(method, path, body) {
  const response = await fetch(`${env.GITHUB_API_URL}/repos/${env.GITHUB_REPOSITORY}/issues/${path}`, {
    method,
    headers: {
      accept: 'application/vnd.github+json',
      authorization: `Bearer ${env.GITHUB_TOKEN}`,
      'content-type': 'application/json',
      'user-agent': 'corematrix',
    },
    ...(body === undefined ? {} : { body: JSON.stringify({ body }) }),
    signal: AbortSignal.timeout(TIMEOUT_MS),
  });
  if (REFUSED.has(response.status)) {
    throw new NoComment(
      `the token may not write comments (HTTP ${response.status}): it needs pull-requests: write, which pull requests from forks never have; the job summary has the results`,
    );
  }
  if (!response.ok) throw new Error(`${method} of comments: HTTP ${response.status}`);
  return response.json();
}

/** The number of the comment of an earlier run; null if there is none. */
async function earlierComment(pullRequest) {
  for (let page = 1; ; page += 1) {
    const comments = await api('GET', `${pullRequest}/comments?per_page=${PAGE_SIZE}&page=${page}`);
    const own = comments.find(({ user, body }) => user?.login === AUTHOR && body?.startsWith(marker()));
    if (own) return own.id;
    if (comments.length < PAGE_SIZE) return null;
  }
}

/** Returns what was done, in words. */
async function comment() {
  if (env.COREMATRIX_SHARD) throw new NoComment('a shard has a part of the results, and only all shards together have a summary');
  const { number, commit } = pullRequestOf(eventOfWorkflow());
  const summary = readIfThere(join(env.RUNNER_TEMP, 'corematrix/summary.md'));
  const earlier = await earlierComment(number);
  if (summary === '') {
    if (earlier === null) throw new NoComment('the run has no summary');
    const ended = env.COREMATRIX_ACTION_EXIT_CODE ? `it ended with exit code ${env.COREMATRIX_ACTION_EXIT_CODE}` : 'it did not start';
    await api('PATCH', `comments/${earlier}`, bodyOf(`# corematrix\n\nThe last run has no results: ${ended}.`, commit));
    return `comment ${earlier} tells that the run has no results`;
  }
  if (earlier !== null) {
    await api('PATCH', `comments/${earlier}`, bodyOf(summary, commit));
    return `comment ${earlier} is updated`;
  }
  const { id } = await api('POST', `${number}/comments`, bodyOf(summary, commit));
  return `comment ${id} is written`;
}

try {
  process.stdout.write(`${await comment()}\n`);
} catch (error) {
  const said = String(error instanceof Error ? error.message : error).replaceAll(/[\r\n]+/g, ' ');
  const line = error instanceof NoComment ? `no comment: ${said}` : `::warning title=corematrix::the comment was not written: ${said}`;
  process.stdout.write(`${line}\n`);
}
