// Prints `true` if the event that started a GitHub workflow may bring another person's code: a pull request from a fork. Else `false`.
// What cannot be decided is `true`. See "Webhook events and payloads" in the documentation of GitHub.
import { readFileSync } from 'node:fs';

/** The repository of the code, the empty text if it is unknown, or null for an event without code of others. */
function headOf({ pull_request: pull, workflow_run: run, issue }) {
  if (pull) return pull.head?.repo?.full_name ?? '';
  if (run) return run.head_repository?.full_name ?? '';
  return issue?.pull_request ? '' : null;
}

function isFromFork({ GITHUB_EVENT_PATH: path, GITHUB_REPOSITORY: repository, GITHUB_EVENT_NAME: name = '' }) {
  // Outside of GitHub there is no event.
  if (path === undefined && name === '') return false;
  try {
    const head = headOf(JSON.parse(readFileSync(path, 'utf8')));
    return head !== null && head !== repository;
  } catch {
    return true;
  }
}

process.stdout.write(`${isFromFork(process.env)}\n`);
