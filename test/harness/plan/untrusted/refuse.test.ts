// Tests of every key in an untrusted configuration: allowed values, refused values, and allowed places of files.
import { mkdir, mkdtemp, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { z } from 'zod';
import { PACKAGE_ROOT } from '../../../../harness/base/package-root.ts';
import { parsePlacedConfig } from '../../../../harness/plan/config/load.ts';
import { configSchema } from '../../../../harness/plan/config/schema.ts';
import { refuseUntrusted } from '../../../../harness/plan/untrusted/refuse.ts';
import { RULES } from '../../../../harness/plan/untrusted/rules.ts';

let top = '';
let folder = '';
beforeAll(async () => {
  top = await mkdtemp(join(tmpdir(), 'untrusted-'));
  folder = join(top, 'project');
  await mkdir(join(folder, 'btf'), { recursive: true });
  await mkdir(join(folder, 'btf-with-link'));
  await mkdir(join(folder, 'boot'));
  await mkdir(join(folder, '.git'));
  await mkdir(join(top, 'elsewhere'));
  for (const name of ['project/a.bpf.o', 'project/boot/vmlinuz', 'project/btf/6.1.btf', 'elsewhere/a.bpf.o', 'elsewhere/secret'])
    await writeFile(join(top, name), '');
  await symlink('../elsewhere/a.bpf.o', join(folder, 'link.bpf.o'));
  await symlink('../elsewhere', join(folder, 'linked-folder'));
  await symlink('a.bpf.o', join(folder, 'inner-link.bpf.o'));
  await symlink('../elsewhere/not-there-yet', join(folder, 'dangling'));
  await symlink('.git', join(folder, 'linked-git'));
  await symlink('circle-2', join(folder, 'circle-1'));
  await symlink('circle-1', join(folder, 'circle-2'));
  await symlink('../../elsewhere/secret', join(folder, 'btf-with-link/6.1.btf'));
  await symlink('../../elsewhere/secret', join(folder, 'boot/config-6.1'));
  await symlink('project', join(top, 'checkout'));
});
afterAll(async () => rm(top, { recursive: true, force: true }));

/** The error for a configuration, with the folders of the test replaced; `allowed` without one. */
async function said(text: string, directory = folder): Promise<string> {
  return refuseUntrusted(parsePlacedConfig(text, 'c.yaml'), directory, 'command').then(
    () => 'allowed',
    (error: unknown) => String(error instanceof Error ? error.message : error).replaceAll(top, 'TOP'),
  );
}

type Schema = z.core.JSONSchema.BaseSchema;

/** Key paths of a schema in the form that the rules have. */
function keyPaths(schema: Schema, at: string): string[] {
  if (schema.$ref !== undefined || at.endsWith('.command')) return [at];
  if (schema.anyOf) return schema.anyOf.flatMap((each) => (typeof each === 'object' ? keyPaths(each, at) : []));
  const { items, properties, additionalProperties } = schema;
  if (typeof items === 'object' && !Array.isArray(items)) return keyPaths(items, at);
  const below = (name: string) => (at === '' ? name : `${at}.${name}`);
  const own = Object.entries(properties ?? {}).flatMap(([name, inner]) => (typeof inner === 'object' ? keyPaths(inner, below(name)) : []));
  if (own.length > 0) return own;
  return typeof additionalProperties === 'object' ? keyPaths(additionalProperties, below('*')) : [at];
}

/** Values of any shape. */
const FREE = /^(?:objects|defaults)\.(?:variables\.\*|check\.(?:key|equals))$/;

describe('an untrusted configuration', () => {
  it('every key of the schema has a rule, and every rule has a key, except rules for settings that defaults cannot have', () => {
    const schema = z.toJSONSchema(configSchema, { io: 'input', reused: 'inline' });
    const keys = [...new Set(keyPaths(schema, ''))].filter((key) => !FREE.test(key));
    expect(keys.length).toBeGreaterThan(70);
    expect(keys.filter((key) => !RULES.has(key))).toEqual([]);
    const unused = [...RULES.keys()].filter((key) => !keys.includes(key) && !FREE.test(key));
    expect(unused.filter((key) => !key.startsWith('defaults.'))).toEqual([]);
  });

  it('the sample configuration, which uses only allowed keys, is allowed', async () => {
    const text = await readFile(join(PACKAGE_ROOT, 'programs/corematrix.yaml'), 'utf8');
    expect(await said(text.replace(/^lock:.*$/m, ''), join(PACKAGE_ROOT, 'programs'))).toBe('allowed');
  });

  it('objects, kernels, settings, expectations, formats, limits and policy are allowed', async () => {
    const text = `
kernels: [debian:all, 'file:images/vmlinuz', { selector: 'debian:6.1', optional: true }]
objects:
  - a.bpf.o
  - '*.none'
  - path: inner-link.bpf.o
    name: b
    programs: { p: { autoload: if-supported, attach_to: /bin/sh:main } }
    maps: { m: { inner: { max_entries: 1 } } }
    alternatives: [[p, q]]
    variables: { v: { list: [1, { x: 2 }] }, path: /etc/passwd }
    kconfig: { CONFIG_HZ: 250 }
    btf: btf
    mode: run
    trigger: [open, { test_run: { program: p, data: 'hex:00' } }]
    check: [{ program: p, map: m, key: [1], equals: { a: [1] } }]
    modules: [veth]
    loader: libbpf@1.1
defaults: { btf: btf/6.1.btf, pins: true, trigger: exec }
loaders: [libbpf@default]
lock: kernels.lock.json
history: history.jsonl
timeout: 5
bootTimeout: 5
jobs: 2
cache: false
isolation: boot
formats: [html]
policy: { gate: regressions, failOnFlaky: true, maxInfra: 1 }
expectations: [{ object: a, status: fail, reason: r, link: 'https://a.invalid', expires: 2027-01-31, class: core-field-missing }]
`;
    expect(await said(text)).toBe('allowed');
    // The folder itself may be reached through a link.
    expect(await said(text, join(top, 'checkout'))).toBe('allowed');
  });

  const COMMAND = 'command: { argv: [./tool] }';
  const DANGEROUS = {
    kernels: "kernels: ['debian:6.1', 'file:/boot/vmlinuz']",
    'kernels.selector': "kernels: [{ selector: 'deb:../kernel.deb' }]",
    objects: 'objects: [a.bpf.o, ../elsewhere/a.bpf.o]',
    'objects.path': 'objects:\n  - name: x\n    path: /elsewhere/*.bpf.o',
    'objects.btf': 'objects: [{ path: a.bpf.o, btf: linked-folder }]',
    'defaults.btf': 'defaults: { btf: btf-with-link }',
    'objects.command': `objects: [{ path: a.bpf.o, ${COMMAND} }]`,
    'objects.trigger.command': `objects: [{ path: a.bpf.o, mode: run, trigger: [open, { ${COMMAND} }] }]`,
    'defaults.trigger.command': `defaults: { mode: run, trigger: { ${COMMAND} } }`,
    lock: 'jobs: 2\nlock: ../kernels.lock.json',
    history: 'history: /var/log/history.jsonl',
    mirrors: "mirrors: ['http://mirror.invalid/debian']",
  } as const;

  it('every key that may be refused is among the refused examples', () => {
    const known = [...RULES].flatMap(([key, { kind }]) => (kind === 'allowed' ? [] : [key]));
    // The schema has no command below defaults.
    expect(known.filter((key) => key !== 'defaults.command').toSorted()).toEqual(Object.keys(DANGEROUS).toSorted());
  });

  it.each(Object.entries(DANGEROUS))(
    'an untrusted configuration with a dangerous %s is refused with line, key and advice',
    async (_, text) => {
      expect(await said(text)).toMatchSnapshot();
    },
  );

  it.each([
    ['an object that is a link to another folder', 'objects: [link.bpf.o]'],
    ['an object below a linked folder', 'objects: [linked-folder/a.bpf.o]'],
    ['a pattern that matches a link', "objects: ['l*.bpf.o']"],
    ['a pattern with a linked folder', "objects: ['linked-*/*.o']"],
    ['a pattern over all folders beside a linked folder', "objects: ['**/*.bpf.o']"],
    ['a pattern that hides the folder above in braces', "objects: ['{..,.}/elsewhere/*.o']"],
    ['a pattern that builds the folder above from braces', "objects: ['.{.,x}/elsewhere/*.o']"],
    ['a kernel whose configuration is a link', "kernels: ['file:boot/vmlinuz']"],
    ['a folder of BTF with a link', 'defaults: { btf: btf-with-link }'],
    ['a lock file that is a link', 'lock: link.bpf.o'],
    ['a history that is a link to a missing file', 'history: dangling'],
    ['a history below a linked folder', 'history: linked-folder/new.jsonl'],
    ['a history that is a circle of links', 'history: circle-1'],
    ['a history in the folder of git', 'history: .git/hooks/pre-push'],
    ['a history below a link to the folder of git', 'history: linked-git/shallow'],
    ['a history above the folder', 'history: btf/../../history.jsonl'],
  ])('an untrusted configuration with %s is refused', async (_, text) => {
    expect(await said(text)).toMatch(
      /^c\.yaml:1:\d+: .+: refused because the configuration is not trusted: .+ (leads out|leads into|lies in) /,
    );
  });
});
