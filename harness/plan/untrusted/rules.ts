// What each key of a configuration may do when its user does not trust it. A new key breaks the build until this table has it.
import type { Config } from '../config/schema.ts';
import type { ObjectSettings } from '../object-settings/setting-table.ts';
import type { KeyPath } from './key-path.ts';

/**
 * `allowed`: neither runs a program of the configuration, nor names a file or an address of this machine.
 * `refused`: `why` it is dangerous, and what to do `instead`.
 * `inside`: must stay in the folder of the configuration. The word says how the value names files: a path, a glob, a kernel selector,
 * or a file to write.
 */
export type Rule =
  | { kind: 'allowed' }
  | { kind: 'refused'; why: string; instead: Instead }
  | { kind: 'inside'; names: 'path' | 'glob' | 'selector' | 'output'; instead: Instead };

/** Who reads a configuration: a user of a command, or a program that calls the library. */
export type Caller = 'command' | 'program';

/** What to do in place of a refused key, for each caller if they differ. */
export type Instead = string | Readonly<Record<Caller, string>>;

const ALLOWED: Rule = { kind: 'allowed' };

const NO_COMMAND: Rule = {
  kind: 'refused',
  why: 'it packs programs and files of this machine into the guest',
  instead: 'remove the key',
};

type SettingPath = KeyPath<ObjectSettings>;

const SETTINGS = {
  'programs.*.autoload': ALLOWED,
  'programs.*.type': ALLOWED,
  'programs.*.attach_type': ALLOWED,
  // A path in it is one of the guest.
  'programs.*.attach_to': ALLOWED,
  'maps.*.type': ALLOWED,
  'maps.*.max_entries': ALLOWED,
  'maps.*.key_size': ALLOWED,
  'maps.*.value_size': ALLOWED,
  'maps.*.cpus': ALLOWED,
  'maps.*.inner.type': ALLOWED,
  'maps.*.inner.max_entries': ALLOWED,
  'maps.*.inner.key_size': ALLOWED,
  'maps.*.inner.value_size': ALLOWED,
  'maps.*.autocreate': ALLOWED,
  alternatives: ALLOWED,
  'variables.*': ALLOWED,
  'kconfig.*': ALLOWED,
  btf: { kind: 'inside', names: 'path', instead: 'copy the BTF into that folder' },
  pins: ALLOWED,
  mode: ALLOWED,
  trigger: ALLOWED,
  'trigger.test_run.program': ALLOWED,
  'trigger.test_run.data': ALLOWED,
  'trigger.test_run.context': ALLOWED,
  'trigger.test_run.repeat': ALLOWED,
  'trigger.command': NO_COMMAND,
  'check.program': ALLOWED,
  'check.runs': ALLOWED,
  'check.returns': ALLOWED,
  'check.events': ALLOWED,
  'check.map': ALLOWED,
  'check.key': ALLOWED,
  'check.variable': ALLOWED,
  'check.equals': ALLOWED,
  'check.at_least': ALLOWED,
  'check.not_zero': ALLOWED,
  // They come from the kernel's own package.
  modules: ALLOWED,
  // A release comes from the signed source package of a mirror that the user chose.
  loader: ALLOWED,
  // It has a maximum, and its guests run one at a time.
  memory: ALLOWED,
  command: NO_COMMAND,
} as const satisfies Record<SettingPath, Rule>;

const KERNEL: Rule = {
  kind: 'inside',
  names: 'selector',
  instead: { command: 'name the kernel on the command line: -k SELECTOR', program: 'name the kernel in the option `kernels`' },
};
const OBJECT: Rule = {
  kind: 'inside',
  names: 'glob',
  instead: { command: 'name the object on the command line', program: 'name the object in the option `objects`' },
};

type OtherPath = Exclude<KeyPath<Config>, `${'objects' | 'defaults'}.${SettingPath}`>;

const OTHERS = {
  kernels: KERNEL,
  'kernels.selector': KERNEL,
  'kernels.optional': ALLOWED,
  objects: OBJECT,
  'objects.path': OBJECT,
  'objects.name': ALLOWED,
  loaders: ALLOWED,
  lock: { kind: 'inside', names: 'path', instead: 'copy the lock file into that folder' },
  history: {
    kind: 'inside',
    names: 'output',
    instead: { command: 'remove the key, and name the history on the command line: --history FILE', program: 'remove the key' },
  },
  mirrors: {
    kind: 'refused',
    why: 'it decides from where this machine downloads kernels and sources',
    instead: {
      command: 'remove the key, and name the mirror on the command line: --mirror URL',
      program: 'remove the key, and name the mirror in the option `mirrors`',
    },
  },
  timeout: ALLOWED,
  bootTimeout: ALLOWED,
  jobs: ALLOWED,
  cache: ALLOWED,
  isolation: ALLOWED,
  formats: ALLOWED,
  'policy.gate': ALLOWED,
  'policy.failOnFlaky': ALLOWED,
  'policy.maxInfra': ALLOWED,
  'expectations.object': ALLOWED,
  'expectations.program': ALLOWED,
  'expectations.loader': ALLOWED,
  'expectations.kernels': ALLOWED,
  'expectations.distribution': ALLOWED,
  'expectations.arch': ALLOWED,
  'expectations.status': ALLOWED,
  'expectations.class': ALLOWED,
  'expectations.reason': ALLOWED,
  'expectations.link': ALLOWED,
  'expectations.expires': ALLOWED,
} as const satisfies Record<OtherPath, Rule>;

function settingRules(parent: string): [string, Rule][] {
  return Object.entries(SETTINGS).map(([path, rule]) => [`${parent}.${path}`, rule]);
}

/** The rule of every key path; see KeyPath for its form. */
export const RULES: ReadonlyMap<string, Rule> = new Map([
  ...Object.entries<Rule>(OTHERS),
  ...settingRules('objects'),
  ...settingRules('defaults'),
]);
