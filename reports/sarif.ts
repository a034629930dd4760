// SARIF 2.1.0, for code scanning: a result for each program and root cause, at its C line.
import { createHash } from 'node:crypto';
import { basename } from 'node:path';
import type { Results } from '../harness/results/schema.ts';
import { type Finding, findings, pathBelow } from './model/findings.ts';
import { escapedJson } from './json.ts';
import type { RenderOptions } from './model/render-options.ts';
import { plural } from '../harness/base/text.ts';
import { shortened, visible } from '../harness/base/visible.ts';

/** GitHub shows no more of a run; what takes more drops it without a word. */
const MAX_RESULTS = 5000;
const MESSAGE_LENGTH = 2000;

/** The rule of a program that passes where it was expected to fail. */
const UNEXPECTED_PASS = 'unexpected-pass';

/** A path as a URI reference, every segment encoded: no text of it can become a scheme, a query or a way up. */
function uriOf(path: string): string {
  return path
    .split('/')
    .map((part) => encodeURIComponent(visible(part)))
    .join('/');
}

function ruleOf({ status, class: failure }: Finding): string {
  return status === 'xpass' ? UNEXPECTED_PASS : (failure ?? status);
}

/** Stays the same from night to night: of what the failure is, not where it was seen or how it is worded. */
function fingerprint(finding: Finding): string {
  const { object, program, access } = finding;
  const facts = [ruleOf(finding), object === null ? null : basename(object.path), program, access];
  return createHash('sha256').update(JSON.stringify(facts)).digest('hex');
}

function locationOf({ source, object, program }: Finding, root: string) {
  const file = source && pathBelow(root, source.file);
  const region = file !== null && source && source.line > 0 ? { region: { startLine: source.line } } : {};
  // Code scanning takes no result without a file: where no C file is known, or none of this repository, the object stands for it.
  const path = object?.path ?? '';
  const uri = uriOf(file ?? pathBelow(root, path) ?? basename(path));
  return {
    physicalLocation: { artifactLocation: { uri: uri === '' ? 'object' : uri }, ...region },
    logicalLocations: [
      { name: visible(program ?? ''), fullyQualifiedName: visible(`${object?.id ?? ''}/${program ?? ''}`), kind: 'function' },
    ],
  };
}

function resultOf(finding: Finding, ruleIds: readonly string[], root: string) {
  const { object, program, kernels, reason } = finding;
  const on = kernels.length > 12 ? `${kernels.slice(0, 12).join(', ')} and ${kernels.length - 12} more` : kernels.join(', ');
  return {
    ruleId: ruleOf(finding),
    ruleIndex: ruleIds.indexOf(ruleOf(finding)),
    level: 'error',
    message: { text: visible(`${object?.id ?? ''}/${program ?? ''}: ${shortened(reason, MESSAGE_LENGTH)} (on ${on})`) },
    locations: [locationOf(finding, root)],
    partialFingerprints: { 'corematrix/v1': fingerprint(finding) },
    properties: { kernels: kernels.map(visible) },
  };
}

function notification(text: string, level: 'error' | 'warning') {
  return { level, message: { text: visible(shortened(text, MESSAGE_LENGTH)) } };
}

/**
 * The text of a SARIF log. What has no verdict is a notification of the tool, not a result.
 * @param options.root what source files are made relative to: the checked-out repository
 */
export function renderSarif(results: Results, { root = '' }: RenderOptions = {}): string {
  const all = findings(results);
  const judged = all.filter(({ status }) => status === 'fail' || status === 'xpass');
  const shown = judged.slice(0, MAX_RESULTS);
  const ruleIds = [...new Set(shown.map(ruleOf))].toSorted();
  const notifications = [
    ...all
      .filter(({ status }) => status === 'infra' || status === 'not-run')
      .map(({ class: failure, status, reason, count }) =>
        notification(`${failure ?? status}: ${reason} (${plural(count, 'program')})`, 'warning'),
      ),
    ...(judged.length > shown.length
      ? [notification(`${plural(judged.length - shown.length, 'more result')} in the report`, 'warning')]
      : []),
  ];
  const { run } = results;
  const log = {
    $schema: 'https://json.schemastore.org/sarif-2.1.0.json',
    version: '2.1.0',
    runs: [
      {
        tool: {
          driver: {
            name: 'corematrix',
            semanticVersion: run.tool.version,
            rules: ruleIds.map((id) => ({ id, shortDescription: { text: id.replaceAll('-', ' ') } })),
          },
        },
        automationDetails: { id: run.shard ? `corematrix/shard-${run.shard.index}-of-${run.shard.total}/` : 'corematrix/' },
        invocations: [
          {
            executionSuccessful: run.complete && notifications.length === 0,
            startTimeUtc: run.startedAt,
            endTimeUtc: run.finishedAt,
            toolExecutionNotifications: notifications,
          },
        ],
        results: shown.map((finding) => resultOf(finding, ruleIds, root)),
      },
    ],
  };
  return escapedJson(`${JSON.stringify(log, null, 2)}\n`);
}
