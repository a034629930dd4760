// Output for GitHub Actions besides the report: annotations in the log, and the job summary.
import { constants, open } from 'node:fs/promises';
import { renderGithub } from '../../reports/github.ts';
import { renderMarkdown } from '../../reports/markdown.ts';
import type { RenderOptions } from '../../reports/model/render-options.ts';
import { messageOf, UserError } from '../base/errors.ts';
import type { Results } from '../results/schema.ts';
import { writeLine } from './lines.ts';

/** The file of the job summary; null outside of GitHub Actions. */
export function jobSummaryPath(env = process.env): string | null {
  return env.GITHUB_ACTIONS === 'true' && env.GITHUB_STEP_SUMMARY !== undefined && env.GITHUB_STEP_SUMMARY !== ''
    ? env.GITHUB_STEP_SUMMARY
    : null;
}

/** Opened without waiting, because a pipe may have no reader. */
async function appendTo(path: string, text: string): Promise<void> {
  const file = await open(path, constants.O_WRONLY | constants.O_APPEND | constants.O_CREAT | constants.O_NONBLOCK);
  try {
    if (!(await file.stat()).isFile()) throw new UserError(`${path} is not a file`);
    await file.appendFile(text);
  } finally {
    await file.close();
  }
}

/**
 * Does nothing outside of GitHub Actions. A shard annotates its cells and leaves the summary to the merge, which does not repeat
 * the annotations of the shards.
 * @see GITHUB_ACTIONS and GITHUB_STEP_SUMMARY among the default environment variables of GitHub Actions
 */
export async function tellGithub(results: Results, merged: boolean, options: RenderOptions, env = process.env): Promise<void> {
  if (env.GITHUB_ACTIONS !== 'true') return;
  if (!merged) process.stderr.write(renderGithub(results, options));
  const summary = jobSummaryPath(env);
  if (results.run.shard !== undefined || summary === null) return;
  await appendTo(summary, renderMarkdown(results, options)).catch((error: unknown) => {
    writeLine(process.stderr, `the job summary cannot be written: ${messageOf(error)}`);
  });
}
