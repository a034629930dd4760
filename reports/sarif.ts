// SARIF 2.1.0, for code scanning: a result for each program and root cause, at its C line.
import { createHash } from 'node:crypto';
import { basename } from 'node:path';
import { FAILURES, failureAddress, type FailureClass, type FailureRecord } from '../harness/base/failures.ts';
import { STATUS_MEANINGS } from '../harness/base/vocabulary.ts';
import type { Results } from '../harness/results/schema.ts';
import { type Finding, findings, pathBelow } from './model/findings.ts';
import { notesOf } from './model/notes.ts';
import { escapedJson } from './json.ts';
import { type Why, whyLines, whyOf } from './model/why.ts';
import { kernelNames } from '../harness/results/kernel-names.ts';
import type { RenderOptions } from './model/render-options.ts';
import { plural } from '../harness/base/text.ts';
import { shortened, visible } from '../harness/base/visible.ts';

/** GitHub shows no more results of a run and drops the rest silently. */
const MAX_RESULTS = 5000;
const MESSAGE_LENGTH = 2000;

type JudgedFinding = Finding & { status: 'fail' | 'xpass' };

type RuleTexts = Pick<FailureRecord, 'title' | 'meaning' | 'help'>;

/** Rules that are no failure class: a program that passes where it was expected to fail, and a failure that a foreign tool did not classify. */
const OTHER_RULES = {
  'unexpected-pass': {
    title: 'Unexpected pass',
    meaning: STATUS_MEANINGS.xpass,
    help: 'Remove the expectation, or limit it to the kernels that still fail: corematrix expectations update corematrix-report.',
  },
  fail: { title: 'Failure without a class', meaning: STATUS_MEANINGS.fail, help: 'Read the message and the logs in the report.' },
} as const satisfies Record<string, RuleTexts>;

type RuleId = FailureClass | keyof typeof OTHER_RULES;

/** A path as a URI reference, every segment encoded: no text of it can become a scheme, a query or a way up. */
function uriOf(path: string): string {
  return path
    .split('/')
    .map((part) => encodeURIComponent(visible(part)))
    .join('/');
}

function isJudged(finding: Finding): finding is JudgedFinding {
  return finding.status === 'fail' || finding.status === 'xpass';
}

function ruleOf({ status, class: failure }: JudgedFinding): RuleId {
  return status === 'xpass' ? 'unexpected-pass' : (failure ?? status);
}

/** A rule with the texts that code scanning shows beside a result. */
function ruleTexts(id: RuleId) {
  if (id === 'fail' || id === 'unexpected-pass') {
    const { title, meaning, help } = OTHER_RULES[id];
    return { id, shortDescription: { text: title }, fullDescription: { text: meaning }, help: { text: help } };
  }
  const { title, meaning, help, evidence } = FAILURES[id];
  const address = failureAddress(id);
  const markdown = `${help}\n\nHow it is decided:\n\n${evidence.map((line) => `- ${line}\n`).join('')}`;
  return {
    id,
    shortDescription: { text: title },
    fullDescription: { text: meaning },
    help: { text: help, markdown },
    ...(address !== null && { helpUri: address }),
  };
}

/**
 * A fingerprint that stays the same from run to run: from the failure itself and its loader, not from its place or wording. Code scanning
 * keeps one result for each fingerprint.
 */
function fingerprint(finding: JudgedFinding): string {
  const { object, program, access } = finding;
  const loader = object?.loader === undefined ? [] : [object.loader];
  const facts = [ruleOf(finding), object === null ? null : basename(object.path), program, access, ...loader];
  return createHash('sha256').update(JSON.stringify(facts)).digest('hex');
}

function locationOf({ source, object, program }: Finding, root: string) {
  const file = source && pathBelow(root, source.file);
  const region = file !== null && source && source.line > 0 ? { region: { startLine: source.line } } : {};
  // Code scanning needs a file for each result: without a C file of this repository, the object is used.
  const path = object?.path ?? '';
  const uri = uriOf(file ?? pathBelow(root, path) ?? basename(path));
  return {
    physicalLocation: { artifactLocation: { uri: uri === '' ? 'object' : uri }, ...region },
    logicalLocations: [
      { name: visible(program ?? ''), fullyQualifiedName: visible(`${object?.id ?? ''}/${program ?? ''}`), kind: 'function' },
    ],
  };
}

interface Context {
  ruleIds: readonly RuleId[];
  root: string;
  /** Names of kernels by their ids. */
  names: ReadonlyMap<string, string>;
  why: (finding: Finding) => Why;
}

/** A result. The first line of its message is the reason; the others say what to do. */
function resultOf(finding: JudgedFinding, { ruleIds, root, names, why }: Context) {
  const { object, program, reason } = finding;
  const kernels = finding.kernels.map((kernel) => names.get(kernel) ?? kernel);
  const on = kernels.length > 12 ? `${kernels.slice(0, 12).join(', ')} and ${kernels.length - 12} more` : kernels.join(', ');
  const first = `${object?.id ?? ''}/${program ?? ''}: ${shortened(reason, MESSAGE_LENGTH)} (on ${on})`;
  return {
    ruleId: ruleOf(finding),
    ruleIndex: ruleIds.indexOf(ruleOf(finding)),
    level: 'error',
    message: { text: [first, ...whyLines(why(finding)).map((line) => shortened(line, MESSAGE_LENGTH))].map(visible).join('\n') },
    locations: [locationOf(finding, root)],
    partialFingerprints: { 'corematrix/v1': fingerprint(finding) },
    properties: { kernels: finding.kernels.map(visible) },
  };
}

function notification(text: string, level: 'error' | 'warning' | 'note') {
  return { level, message: { text: visible(shortened(text, MESSAGE_LENGTH)) } };
}

/**
 * The text of a SARIF log. A cell without a verdict is a notification of the tool, not a result.
 * @param options.root the folder to which source paths are made relative: the checked-out repository
 */
export function renderSarif(results: Results, { root = '' }: RenderOptions = {}): string {
  const all = findings(results);
  const judged = all.filter(isJudged);
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
  const context = { ruleIds, root, names: kernelNames(results.kernels), why: whyOf(results) };
  const log = {
    $schema: 'https://json.schemastore.org/sarif-2.1.0.json',
    version: '2.1.0',
    runs: [
      {
        tool: {
          driver: {
            name: 'corematrix',
            semanticVersion: run.tool.version,
            rules: ruleIds.map(ruleTexts),
          },
        },
        automationDetails: { id: run.shard ? `corematrix/shard-${run.shard.index}-of-${run.shard.total}/` : 'corematrix/' },
        invocations: [
          {
            executionSuccessful: run.complete && notifications.length === 0,
            startTimeUtc: run.startedAt,
            endTimeUtc: run.finishedAt,
            toolExecutionNotifications: [...notifications, ...notesOf(results).map((note) => notification(note, 'note'))],
          },
        ],
        results: shown.map((finding) => resultOf(finding, context)),
      },
    ],
  };
  return escapedJson(`${JSON.stringify(log, null, 2)}\n`);
}
