// Refuses what a configuration may not do when its user does not trust it.
import { UserFaults } from '../../base/errors.ts';
import type { PlacedConfig } from '../config/load.ts';
import { outside } from './outside.ts';
import { type Caller, type Instead, type Rule, RULES } from './rules.ts';

const EXPECTED = 'expected a relative path that stays in this folder, with symbolic links followed';
const TRUST = {
  command: 'to trust this configuration like code, run without --untrusted and COREMATRIX_UNTRUSTED',
  program: 'to trust this configuration like code, call without `untrusted`',
} as const satisfies Record<Caller, string>;

const forCaller = (instead: Instead, caller: Caller) => (typeof instead === 'string' ? instead : instead[caller]);

const MAX_FAULTS = 20;

/** A value of a configuration and the rule of its key. */
interface Ruled {
  path: readonly PropertyKey[];
  value: unknown;
  /** Undefined for a key without a rule, which is refused. */
  rule: Rule | undefined;
}

function isMap(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

const KEYS = [...RULES.keys()];
const hasKeysBelow = (key: string) => key === '' || KEYS.some((each) => each.startsWith(`${key}.`));

function keyBelow(key: string, name: string): string {
  const own = key === '' ? name : `${key}.${name}`;
  return RULES.has(own) || hasKeysBelow(own) ? own : `${key}.*`;
}

/** Every value of a configuration with its rule. */
function ruled(value: unknown, path: readonly PropertyKey[], key: string): Ruled[] {
  if (Array.isArray(value)) return value.flatMap((item, index) => ruled(item, [...path, index], key));
  if (!isMap(value) || !hasKeysBelow(key)) return [{ path, value, rule: RULES.get(key) }];
  return Object.entries(value).flatMap(([name, inner]) => ruled(inner, [...path, name], keyBelow(key, name)));
}

/** What is wrong with a value and what to do instead; null if it is allowed. */
async function problemOf({ value, rule }: Ruled, folder: string, caller: Caller): Promise<string | null> {
  if (rule === undefined) return 'no rule allows this key; remove it';
  if (rule.kind === 'allowed') return null;
  if (rule.kind === 'refused') return `${rule.why}; ${forCaller(rule.instead, caller)}`;
  const reason = typeof value === 'string' ? await outside(value, rule.names, folder) : 'not a path';
  return reason === null ? null : `${reason}; ${EXPECTED}; ${forCaller(rule.instead, caller)}`;
}

/**
 * Checks a configuration that its user does not trust. Nothing is downloaded, started or written before.
 * @param folder the folder of the configuration
 * @param caller whose words the faults have
 * @throws UserFaults with the keys that the configuration may not have: file, line, key, what was expected, what to do
 */
export async function refuseUntrusted({ config, at }: PlacedConfig, folder: string, caller: Caller): Promise<void> {
  const faults: string[] = [];
  for (const each of ruled(config, [], '')) {
    const problem = await problemOf(each, folder, caller);
    if (problem === null) continue;
    faults.push(`${at(each.path)}: ${each.path.join('.')}: refused because the configuration is not trusted: ${problem}; ${TRUST[caller]}`);
  }
  if (faults.length > 0) throw new UserFaults('the configuration', faults.slice(0, MAX_FAULTS), faults.length);
}
