// Tests of the comment that the GitHub action writes on a pull request, with a server that answers as GitHub's API does.
import { mkdir, rm, writeFile } from 'node:fs/promises';
import { createServer, type Server } from 'node:http';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { z } from 'zod';
import { listening } from '../listening.ts';
import { imitatedRunner, type Runner, runStep } from './runner.ts';

interface Comment {
  id: number;
  user: { login: string };
  body: string;
}

const TOKEN = 'token of the job';
const PULL_REQUEST = { pull_request: { number: 17, head: { sha: 'a1b2c3' } } };
const bodySchema = z.object({ body: z.string() });

let runner: Runner;
let server: Server;
let address = '';
let comments: Comment[] = [];
let asked: string[] = [];
/** The status of every answer; null for that of GitHub. */
let refusal: number | null = null;
/** Whether the token may write, as for pull requests that are not from forks. */
let writable = true;

function answer(method: string, path: string, sent: string): [number, unknown] {
  if (refusal !== null) return [refusal, { message: 'no\r\n::error::hidden command' }];
  const url = new URL(path, address);
  if (method === 'GET') {
    const page = Number(url.searchParams.get('page'));
    const size = Number(url.searchParams.get('per_page'));
    return [200, comments.slice((page - 1) * size, page * size)];
  }
  if (!writable) return [403, { message: 'Resource not accessible by integration' }];
  const { body } = bodySchema.parse(JSON.parse(sent));
  if (body.length > 65_536) return [422, { message: 'body is too long' }];
  const id = Number(/\/comments\/(\d+)$/.exec(url.pathname)?.[1] ?? comments.length + 1);
  const others = comments.filter((each) => each.id !== id);
  comments = [...others, { id, user: { login: 'github-actions[bot]' }, body }];
  return [method === 'POST' ? 201 : 200, { id }];
}

beforeEach(async () => {
  runner = await imitatedRunner();
  [comments, asked, refusal, writable] = [[], [], null, true];
  await mkdir(join(runner.temp, 'corematrix'));
  server = createServer((request, response) => {
    void text(request).then((sent) => {
      const { method = '', url = '' } = request;
      asked.push(`${method} ${url}`);
      const isAllowed = request.headers.authorization === `Bearer ${TOKEN}`;
      const [status, body] = isAllowed ? answer(method, url, sent) : [401, {}];
      response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body));
    });
  });
  address = `http://127.0.0.1:${await listening(server)}`;
});
afterEach(async () => {
  server.close();
  await rm(runner.folder, { recursive: true, force: true });
});

/** Comments after a run with a summary; null for a run without one. */
async function comment(summary: string | null, variables: Record<string, string> = {}, event: object = PULL_REQUEST) {
  const path = join(runner.temp, 'corematrix/summary.md');
  await rm(path, { force: true });
  if (summary !== null) await writeFile(path, summary);
  await writeFile(join(runner.folder, 'event.json'), JSON.stringify(event));
  const { exitCode, stdout, stderr } = await runStep(runner, 'comment.mjs', {
    GITHUB_API_URL: address,
    GITHUB_SERVER_URL: 'https://github.invalid',
    GITHUB_REPOSITORY: 'own/probes',
    GITHUB_RUN_ID: '99',
    GITHUB_WORKFLOW: 'kernels "of" $(every) night',
    GITHUB_JOB: 'kernels',
    GITHUB_EVENT_PATH: join(runner.folder, 'event.json'),
    GITHUB_TOKEN: TOKEN,
    COREMATRIX_OUT: 'report',
    ...variables,
  });
  // A failure to comment never fails the job.
  expect([exitCode, stderr]).toEqual([0, '']);
  return stdout;
}

const bodies = () => comments.map(({ body }) => body);

it('the GitHub action writes one comment with the summary, and updates it after the next run', async () => {
  expect(await comment('# corematrix\n\n1 fail\n')).toBe('comment 1 is written');
  expect(bodies()).toEqual([
    expect.stringMatching(
      /^<!-- corematrix [0-9a-f]{16} -->\n# corematrix\n\n1 fail\n\nCommit a1b2c3, \[log and report\]\(https:\/\/github\.invalid\/own\/probes\/actions\/runs\/99\)\.\n$/,
    ),
  ]);
  expect(await comment('# corematrix\n\n1 pass\n')).toBe('comment 1 is updated');
  expect(bodies()).toEqual([expect.stringContaining('\n1 pass\n')]);
  expect(asked.filter((line) => !line.startsWith('GET'))).toEqual([
    'POST /repos/own/probes/issues/17/comments',
    'PATCH /repos/own/probes/issues/comments/1',
  ]);
});

it('the GitHub action finds its comment behind more than a hundred others', async () => {
  comments = Array.from({ length: 150 }, (_, index) => ({ id: index + 1, user: { login: 'reviewer' }, body: 'text' }));
  await comment('one');
  expect(await comment('two')).toBe('comment 151 is updated');
  expect(comments).toHaveLength(151);
});

it('another job, configuration or report folder has another comment', async () => {
  await comment('one');
  for (const [index, other] of [{ GITHUB_JOB: 'x' }, { COREMATRIX_CONFIG: 'x.yaml' }, { COREMATRIX_OUT: 'x' }].entries()) {
    expect(await comment('other', other)).toBe(`comment ${index + 2} is written`);
  }
});

it('a comment of another author stays, although it begins like that of the GitHub action', async () => {
  await comment('one');
  comments = comments.map(({ body }) => ({ id: 1, user: { login: 'stranger' }, body }));
  expect(await comment('two')).toBe('comment 2 is written');
  expect(comments.find(({ id }) => id === 1)?.body).toContain('one');
});

it('where the token may not write, as for forks, the GitHub action leaves the job summary and says so in one line', async () => {
  writable = false;
  const line =
    'no comment: the token may not write comments (HTTP 403): it needs pull-requests: write, which pull requests from forks never have; ' +
    'the job summary has the results';
  expect(await comment('one')).toBe(line);
  expect(await comment('one', { GITHUB_TOKEN: '' })).toBe(line.replace('403', '401'));
  expect(comments).toEqual([]);
});

it('a failure of the API is one line, and nothing that the server says is a command for GitHub', async () => {
  refusal = 500;
  expect(await comment('one')).toBe('::warning title=corematrix::the comment was not written: GET of comments: HTTP 500');
  refusal = null;
  server.close();
  server.closeAllConnections();
  expect(await comment('one')).toBe('::warning title=corematrix::the comment was not written: fetch failed');
});

it('a run without results tells so in the comment of an earlier run, and writes no new one', async () => {
  expect(await comment(null)).toBe('no comment: the run has no summary');
  await comment('one');
  expect(await comment(null, { COREMATRIX_ACTION_EXIT_CODE: '2' })).toBe('comment 1 tells that the run has no results');
  expect(bodies()).toEqual([expect.stringContaining('The last run has no results: it ended with exit code 2.')]);
  await comment(null);
  expect(bodies()).toEqual([expect.stringContaining('it did not start.')]);
});

it('a summary that is too long for a comment is cut between two items', async () => {
  const item = `- **map-type**: \`reason\`\n  - write instead:\n\n    \`\`\`c\n    é${'x'.repeat(500)}\n    \`\`\`\n\n`;
  expect(await comment(`# corematrix\n\n${item.repeat(1000)}`)).toBe('comment 1 is written');
  const [body = ''] = bodies();
  expect(Buffer.byteLength(body)).toBeLessThanOrEqual(65_000);
  expect(body).toContain('\n    ```\n\n\nThis comment is cut; the job summary has the rest.\n\nCommit a1b2c3');
  expect((body.match(/```/g) ?? []).length % 2).toBe(0);
});

it.each<[string, object, string]>([
  ['a push', {}, 'no comment: the event of the workflow has no pull request'],
  ['a comment on an issue', { issue: { number: 17 } }, 'no comment: the event of the workflow has no pull request'],
  ['a number that is none', { pull_request: { number: '17/../../x' } }, 'no comment: the event of the workflow has no pull request'],
  ['a comment on a pull request', { issue: { number: 17, pull_request: {} } }, 'comment 1 is written'],
  ['a workflow after one of a pull request', { workflow_run: { head_sha: 'd4', pull_requests: [{ number: 17 }] } }, 'comment 1 is written'],
])('the GitHub action finds the pull request of the event: %s', async (_, event, expected) => {
  expect(await comment('one', {}, event)).toBe(expected);
});

it('a shard writes no comment', async () => {
  const line = 'no comment: a shard has a part of the results, and only all shards together have a summary';
  expect([await comment('one', { COREMATRIX_SHARD: '1/3' }), asked]).toEqual([line, []]);
});

it('without a readable event, the GitHub action writes no comment', async () => {
  expect(await comment('one', { GITHUB_EVENT_PATH: '/nonexistent' })).toBe('no comment: the event of the workflow cannot be read');
});
