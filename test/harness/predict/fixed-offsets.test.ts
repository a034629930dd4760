// Finds programs that read kernel structs without CO-RE.
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { execa } from 'execa';
import { readBpfObject } from '../../../harness/bpf/object/object.ts';
import { fixedOffsetNotes, readersAtFixedOffsets } from '../../../harness/predict/fixed-offsets.ts';
import { compileBpf } from '../bpf/object/compile.ts';
import { sampleObjects } from '../bpf/object/samples.ts';
import { corematrix } from '../cli/command.ts';

const SOURCE = `#include <bpf/bpf_tracing.h>
struct task_struct { long flags; int pid; };
struct config { long first; long second; };
struct config config;
u64 seen;
SEC("raw_tp/x") int probes(u64 *ctx) { struct task_struct *task = (void *)ctx[0]; int pid = 0; bpf_probe_read_kernel(&pid, 4, &task->pid); seen = pid; return 0; }
SEC("tp_btf/x") int loads(u64 *ctx) { struct task_struct *task = (void *)ctx[0]; seen = task->pid; return 0; }
SEC("raw_tp/x") int reads_text(u64 *ctx) { char text[8]; bpf_probe_read_kernel_str(text, 8, (void *)ctx[0]); seen = text[0]; return 0; }
SEC("tp_btf/x") int takes_number(u64 *ctx) { seen = ctx[1]; return 0; }
SEC("raw_tp/x") int has_own_data(u64 *ctx) { seen = config.second; return 0; }
SEC("tracepoint/x/y") int reads_context(void *ctx) { long flags = 0; bpf_probe_read_kernel(&flags, 8, ctx + 32); seen = flags; return 0; }
SEC("raw_tp/x") int reads_typed_context(u64 *ctx) { long number = 0; bpf_probe_read_kernel(&number, 8, &ctx[1]); seen = number; return 0; }
SEC("tracepoint/x/y") int probes_current(void *ctx) { struct task_struct *task = (void *)bpf_get_current_task(); int pid = 0; bpf_probe_read(&pid, 4, &task->pid); seen = pid; return 0; }
SEC("kprobe/x") int reads_process(u64 *ctx) { struct config *config = (void *)ctx[14]; long second = 0; bpf_probe_read(&second, 8, &config->second); seen = second; return 0; }
SEC("xdp") int packet(void *ctx) { return 2; }
`;
const READERS = ['probes', 'loads', 'probes_current'];

let folder = '';
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'fixed-offsets-test-'));
});
afterAll(async () => rm(folder, { recursive: true, force: true }));

it('programs that read a member of a kernel struct are found in an object without relocations, and no others', async () => {
  const path = await compileBpf(folder, 'plain', SOURCE);
  const bpf = readBpfObject(await readFile(path), 'plain');
  expect(readersAtFixedOffsets(bpf)).toEqual(READERS);
  expect(fixedOffsetNotes([{ result: { path: 'build/plain.bpf.o' }, bpf }])).toEqual([
    'plain.bpf.o: probes, loads, probes_current: reads kernel structs, but the object has no CO-RE relocation, so its offsets are those of the machine that compiled it and may be wrong on any other kernel',
  ]);
});

it('an object that lost its relocations is noted, and each sample is not', async () => {
  const path = await compileBpf(folder, 'whole', SOURCE.replace('int pid; };', 'int pid; } access_index;'));
  expect(readersAtFixedOffsets(readBpfObject(await readFile(path), 'whole'))).toEqual([]);
  const bare = join(folder, 'bare.bpf.o');
  await execa('llvm-objcopy', ['--remove-section=.BTF.ext', '--remove-section=.rel.BTF.ext', path, bare]);
  expect(readersAtFixedOffsets(readBpfObject(await readFile(bare), 'bare'))).toEqual(READERS);
  const samples = await sampleObjects();
  expect(samples.filter(({ bytes, name }) => readersAtFixedOffsets(readBpfObject(bytes, name)).length > 0)).toEqual([]);
});

it('predict and explain print the same note', async () => {
  const path = await compileBpf(folder, 'noted', SOURCE);
  const notes = await Promise.all(
    ['predict', 'explain'].map(async (command) => {
      const { stderr } = await corematrix(folder, [command, path, '-k', 'debian:6.12']);
      return stderr.split('\n').filter((line) => line.includes('CO-RE relocation'));
    }),
  );
  expect(notes[0]?.length).toBe(1);
  expect(notes[1]).toEqual(notes[0]);
});
