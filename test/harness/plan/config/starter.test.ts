// Tests of the settings that `corematrix init` proposes for objects that depend on their loader.
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { parseConfig } from '../../../../harness/plan/config/load.ts';
import { settingsToFill, starterConfig } from '../../../../harness/plan/config/starter.ts';
import { type BpfObject, readBpfObject } from '../../../../harness/bpf/object/object.ts';
import { prepareSettings } from '../../../../harness/plan/object-settings/prepare.ts';
import { compileBpf } from '../../bpf/object/compile.ts';
import { sample } from '../../run/real-run.ts';

const read = async (name: string) => readBpfObject(await readFile(sample(name)), name);

function starter(name: string, bpf: BpfObject): string {
  const programs = bpf.programs.map(({ name: program, section, type, insns }) => ({ name: program, section, type, insns }));
  return starterConfig([{ file: `/here/${name}.bpf.o`, bpf, result: { id: name, programs } }], {
    directory: '/here',
    schema: null,
    areNamed: false,
  });
}

/** The lines after `objects:`. */
function proposed(text: string): string {
  return text.slice(text.indexOf('objects:'), text.indexOf('\n\n# File that pins'));
}

test('init proposes settings for maps without a size, pairs of programs, constants and programs that are off by default', async () => {
  const texts = await Promise.all(
    ['sized_maps', 'choices', 'constants', 'task_state'].map(async (name) => proposed(starter(name, await read(name)))),
  );
  expect(texts.join('\n')).toMatchInlineSnapshot(`
    "objects:
      # These objects may depend on settings that their loader makes. Settings in comments are optional.
      - path: sized_maps.bpf.o
        maps:
          per_processor: {max_entries: 1024} # the loader must set max_entries
          by_group: {inner: {type: hash, key_size: 4, value_size: 8, max_entries: 1024}} # the object does not define the maps in it
          two_groups: {inner: {max_entries: 1024}} # the loader must set max_entries of the maps in it
          stacks: {value_size: 1016} # 127 addresses of 8 bytes

    # Defaults for all objects; an object can override them. Possible: btf, pins, mode, trigger, modules, memory.
    # defaults: { mode: attach }
    objects:
      # These objects may depend on settings that their loader makes. Settings in comments are optional.
      - path: choices.bpf.o
        programs:
          on_unlink: {attach_to: null} # fill in the target: the loader must set that of fentry
          # oldest_helper: {autoload: if-supported} # ?raw_tp/sched_switch: not loaded by default
        alternatives: # the first that loads and attaches
          - [unlink_fentry, unlink_kprobe]

    # Defaults for all objects; an object can override them. Possible: btf, pins, mode, trigger, modules, memory.
    # defaults: { mode: attach }
    objects:
      # These objects may depend on settings that their loader makes. Settings in comments are optional.
      - path: constants.bpf.o
        # variables:
        #   mode: MODE_OLD # enum mode
        #   with_state: true # _Bool
        #   comm: "" # char[16]
        #   limits: # struct limits
        # kconfig:
        #   CONFIG_HZ: # int
        #   CONFIG_COREMATRIX_SAMPLE: # _Bool

    # Defaults for all objects; an object can override them. Possible: btf, pins, mode, trigger, modules, memory.
    # defaults: { mode: attach }
    objects:
      - task_state.bpf.o

    # Defaults for all objects; an object can override them. Possible: btf, pins, mode, trigger, modules, memory.
    # defaults: { mode: attach }"
  `);
});

test('proposed settings fit the object, with and without their comments', async () => {
  for (const name of ['sized_maps', 'choices', 'constants']) {
    const bpf = await read(name);
    const text = starter(name, bpf);
    // A value that only the loader knows is not proposed.
    const complete = text.replaceAll('attach_to: null', 'attach_to: do_unlinkat');
    const filled = complete.replaceAll(/^.*: # .*\n/gm, (line) => (line.includes('alternatives') ? line : ''));
    for (const variant of [complete, filled.replaceAll(/^ {4}# (?=programs:|variables:| {2}\w)/gm, '    ')]) {
      const [entry] = parseConfig(variant, 'c').objects ?? [];
      const { path, name: _, ...settings } = typeof entry === 'object' ? entry : { path: entry, name: undefined };
      expect(path).toBe(`${name}.bpf.o`);
      const input = {
        object: bpf,
        file: { path: name, bytes: new Uint8Array() },
        directory: '.',
        placeOf: (place: readonly PropertyKey[]) => place.join('.'),
      };
      await expect(prepareSettings(settings, input)).resolves.toBeTruthy();
    }
  }
});

test('hostile names in proposed settings stay names', async () => {
  const names = ['a\nkernels: [x]', '"]', "': {", '#', '\u001b[31m', 'a: b', '- c', '{x}'];
  const bpf = await read('choices');
  const [program] = bpf.programs;
  if (!program) throw new Error('no program');
  const programs = names.flatMap((name) => [
    { ...program, name, section: `fentry/${name}` },
    { ...program, name: `${name} too`, section: `kprobe/${name}` },
  ]);
  const maps = names.map((name) => ({
    name,
    type: 'hash',
    maxEntries: null,
    keySize: 4,
    valueSize: 4,
    flags: null,
    hasValueType: false,
    hasInner: false,
    autocreate: true as const,
  }));
  const [entry] = parseConfig(starter('x', { ...bpf, programs, maps }), 'c').objects ?? [];
  expect(entry).toEqual({
    path: 'x.bpf.o',
    maps: Object.fromEntries(names.map((name) => [name, { max_entries: 1024 }])),
    alternatives: names.map((name) => [name, `${name} too`]),
  });
});

test('init names the loader that an object was made for, with its evidence, and proposes nothing that the loader refuses', async () => {
  const bpf = await read('choices');
  const events = { name: 'events', type: 'ringbuf', keySize: null, valueSize: 8, hasValueType: true, maxEntries: 4096 };
  const programs = bpf.programs.map((program) => (program.name === 'on_unlink' ? { ...program, section: 'classifier/ingress' } : program));
  const text = starter('choices', { ...bpf, programs, maps: [{ ...events, flags: null, hasInner: false, autocreate: true }] });
  expect(starter('choices', bpf)).toContain('oldest_helper: {autoload: if-supported}');
  expect(proposed(text)).toMatchInlineSnapshot(`
    "objects:
      # These objects may depend on settings that their loader makes. Settings in comments are optional.
      - path: choices.bpf.o
        loader: cilium@0.22 # cilium/ebpf: section classifier/ingress, ringbuf map events with a type of values
        alternatives: # the first that loads and attaches
          - [unlink_fentry, unlink_kprobe]
        # programs:
        #   oldest_helper: {autoload: if-supported} # ?raw_tp/sched_switch: not loaded by default

    # Defaults for all objects; an object can override them. Possible: btf, pins, mode, trigger, modules, memory.
    # defaults: { mode: attach }"
  `);
  expect(parseConfig(text, 'c.yaml')).toMatchObject({ objects: [{ loader: 'cilium@0.22' }] });
});

test('init proposes no sizes for a ring buffer that declares a size of its values, and the configuration accepts them', async () => {
  const bpf = await read('task_state');
  const events = { name: 'events', type: 'ringbuf', keySize: null, valueSize: 4, maxEntries: 4096 };
  const text = starter('task_state', {
    ...bpf,
    maps: [{ ...events, flags: null, hasValueType: false, hasInner: false, autocreate: true }],
  });
  expect(proposed(text)).toContain('events: {value_size: 0} #');
  expect(parseConfig(text, 'c.yaml')).toMatchObject({ objects: [{ maps: { events: { value_size: 0 } } }] });
});

test('a setting that only the loader knows has no value; a run of the unedited file names it', async () => {
  const bpf = await read('choices');
  expect(settingsToFill([{ file: '/here/choices.bpf.o', bpf }])).toEqual(['choices.bpf.o: programs.on_unlink.attach_to']);
  expect(() => parseConfig(starter('choices', bpf), 'c.yaml')).toThrow(
    /^c\.yaml:\d+:\d+: objects\.0\.programs\.on_unlink\.attach_to: expected text, not an empty value; write a value, or remove the key$/,
  );
});

test('init proposes the modules that targets of programs name, as comments if those programs are off by default', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'starter-'));
  try {
    const source = `
SEC("fentry/nf_nat:nf_nat_packet") int on_packet(void *ctx) { return 0; }
SEC("fexit/nf_nat:nf_nat_packet") int after_packet(void *ctx) { return 0; }
SEC("?fentry/veth:veth_xmit") int on_veth(void *ctx) { return 0; }
SEC("fentry/vfs_read") int on_read(void *ctx) { return 0; }
`;
    const object = readBpfObject(await readFile(await compileBpf(folder, 'modules', source)), 'modules');
    const text = starter('modules', object);
    expect(proposed(text)).toMatchInlineSnapshot(`
      "objects:
        # These objects may depend on settings that their loader makes. Settings in comments are optional.
        - path: modules.bpf.o
          modules:
            - nf_nat # after_packet attaches to a function of it
            # - veth # on_veth attaches to a function of it
          # programs:
          #   on_veth: {autoload: if-supported} # ?fentry/veth:veth_xmit: not loaded by default

      # Defaults for all objects; an object can override them. Possible: btf, pins, mode, trigger, modules, memory.
      # defaults: { mode: attach }"
    `);
    const [entry] = parseConfig(text, 'corematrix.yaml').objects ?? [];
    expect(entry).toEqual({ path: 'modules.bpf.o', modules: ['nf_nat'] });
  } finally {
    await rm(folder, { recursive: true });
  }
});
