// Tests of program types that are attached to a named target: attached and run in real guests from the oldest to the newest kernel.
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { execa } from 'execa';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { parsePlacedConfig } from '../../../harness/plan/config/load.ts';
import type { Results } from '../../../harness/results/schema.ts';
import { readInputs } from '../../../harness/plan/inputs/inputs.ts';
import { objectSources } from '../../../harness/plan/inputs/object-sources.ts';
import { compileBpf } from '../bpf/object/compile.ts';
import { realRun, sample } from './real-run.ts';

const KERNELS = ['debian:5.10', 'debian:6.12', 'debian:7.3'];

let folder = '';
let offset = '';
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'attach-kinds-'));
  await execa('gcc', ['-O1', join(import.meta.dirname, 'poked.c'), '-o', join(folder, 'poked')]);
  const { stdout } = await execa('nm', [join(folder, 'poked')]);
  offset = `0x${/^(\w+) T poke_here$/m.exec(stdout)?.[1] ?? ''}`;
});
afterAll(async () => rm(folder, { recursive: true, force: true }));

async function compiled(name: string): Promise<string> {
  return compileBpf(folder, name, await readFile(join(import.meta.dirname, `${name}.bpf.c`), 'utf8'));
}

/** The result of each program on each kernel, or only once if all kernels have the same. */
function outcomes({ cells }: Results): Record<string, string | string[]> {
  const programs = cells[0]?.programs.map(({ name }) => name) ?? [];
  const fateOf = (index: number, name: string) => {
    const found = cells[index]?.programs.find((program) => program.name === name);
    if (!found) return 'not there';
    const { status, class: failure, reason, attached, runs } = found;
    return failure === null
      ? `${status}, ${attached === true ? 'attached' : 'not attached'}, ${(runs ?? 0) > 0 ? 'ran' : 'did not run'}`
      : `${failure}: ${reason}`;
  };
  return Object.fromEntries(
    programs.map((name) => {
      const each = cells.map((_, index) => fateOf(index, name));
      const [first = ''] = each;
      return [name, each.every((outcome) => outcome === first) ? first : each];
    }),
  );
}

async function inputsOf(entry: object) {
  const settings = { mode: 'run', trigger: { command: { argv: ['./poked'] } }, ...entry };
  const placed = parsePlacedConfig(JSON.stringify({ objects: [settings] }, null, 1), 'corematrix.yaml');
  return readInputs(objectSources(placed, folder));
}

async function outcomesByProgram(entry: object): Promise<Record<string, string | string[]>> {
  const { objects, problems } = await inputsOf(entry);
  expect(problems).toEqual([]);
  return outcomes(await realRun([], KERNELS, { objects }));
}

test('programs are attached to functions, system calls and many functions at once', async () => {
  const programs = {
    by_plan: { attach_to: '/trigger/0/poked:poke_here' },
    on_return: { attach_to: '/trigger/0/poked:poke_here' },
    by_offset: { attach_to: `/trigger/0/poked:${offset}` },
    no_function: { attach_to: '/trigger/0/poked:poke_there' },
    no_file: { attach_to: '/trigger/0/missing:poke_here' },
    syscall_by_plan: { attach_to: 'openat' },
    syscall_return: { attach_to: 'openat' },
    no_syscall: { attach_to: 'openzat' },
    multi_by_plan: { attach_to: 'tcp_v4_connect' },
    multi_return: { attach_to: 'tcp_v4_connect' },
    multi_nothing: { attach_to: 'no_such_function*' },
  };
  expect(await outcomesByProgram({ path: await compiled('probes'), programs })).toMatchInlineSnapshot(`
    {
      "by_offset": "pass, attached, ran",
      "by_plan": "pass, attached, ran",
      "by_section": "pass, attached, ran",
      "multi_by_plan": [
        "attach-failed: attach type trace_kprobe_multi is unknown to this kernel",
        "pass, attached, ran",
        "pass, attached, ran",
      ],
      "multi_by_section": [
        "attach-failed: attach type trace_kprobe_multi is unknown to this kernel",
        "pass, attached, ran",
        "pass, attached, ran",
      ],
      "multi_nothing": "attach-target-missing: no function to which programs can attach matches the pattern no_such_function*",
      "multi_return": [
        "attach-failed: attach type trace_kprobe_multi is unknown to this kernel",
        "pass, attached, ran",
        "pass, attached, ran",
      ],
      "no_file": "attach-target-missing: elf: failed to open /trigger/0/missing: -ENOENT",
      "no_function": "attach-target-missing: elf: 'poke_there' is 0 in symtab for '/trigger/0/poked': should not be 0 in a shared library (ENOENT)",
      "no_syscall": "attach-target-missing: failed to create kprobe '__x64_sys_openzat+0x0' perf event: -ENOENT",
      "on_return": "pass, attached, ran",
      "syscall_by_plan": "pass, attached, ran",
      "syscall_by_section": "pass, attached, ran",
      "syscall_return": "pass, attached, ran",
    }
  `);
});

test('programs are attached to interfaces and socket maps, with the modules that filters need', async () => {
  const programs = {
    on_established: { attach_to: '/sys/fs/cgroup' },
    on_send: { attach_to: 'sockets' },
    whole: { attach_to: 'sockets' },
    on_arrival: { attach_to: 'sockets' },
    arriving: { attach_to: 'lo' },
    leaving: { attach_to: 'lo/egress' },
    no_map: { autoload: false },
    no_interface: { attach_to: 'eth7' },
  };
  const path = await compiled('sockets');
  expect(await outcomesByProgram({ path, programs, modules: ['cls_bpf', 'sch_ingress'] })).toMatchInlineSnapshot(`
    {
      "arriving": "pass, attached, ran",
      "leaving": "pass, attached, ran",
      "no_interface": "attach-target-missing: no such interface in the guest (ENODEV)",
      "no_map": "skip, not attached, did not run",
      "on_arrival": "pass, attached, ran",
      "on_established": "pass, attached, ran",
      "on_send": "pass, attached, ran",
      "whole": "pass, attached, ran",
    }
  `);
  const { arriving, leaving } = await outcomesByProgram({ path, programs });
  expect({ arriving, leaving }).toMatchInlineSnapshot(`
    {
      "arriving": "attach-target-missing: the clsact queueing discipline cannot be set up (ENOENT)",
      "leaving": "attach-target-missing: the clsact queueing discipline cannot be set up (ENOENT)",
    }
  `);
});

test('programs are attached to netfilter hooks since 6.4', async () => {
  const path = sample('netfilter_hook');
  const to = async (attach_to: string) => outcomesByProgram({ path, programs: { accept_all: { attach_to } } });
  expect([await to('ipv4/local_in'), await outcomesByProgram({ path })]).toMatchInlineSnapshot(`
    [
      {
        "accept_all": [
          "program-type-unsupported: program type netfilter is unknown to this kernel",
          "pass, attached, ran",
          "pass, attached, ran",
        ],
      },
      {
        "accept_all": [
          "program-type-unsupported: program type netfilter is unknown to this kernel",
          "pass, not attached, did not run",
          "pass, not attached, did not run",
        ],
      },
    ]
  `);
});

test('an attach target that does not fit the program type, or a missing map, is an error with its place', async () => {
  const [probes, sockets] = [await compiled('probes'), await compiled('sockets')];
  const problemOf = async (path: string, program: string, attach_to: string, type?: string) => {
    const { problems } = await inputsOf({ path, programs: { [program]: { attach_to, ...(type && { type }) } } });
    return problems.join();
  };
  expect([
    await problemOf(sockets, 'no_map', 'sockettes'),
    await problemOf(sample('netfilter_hook'), 'accept_all', 'ipv6/nowhere'),
    await problemOf(probes, 'by_plan', '/trigger/0/poked'),
    await problemOf(probes, 'by_plan', 'task_rename', 'tracepoint'),
    await problemOf(sample('attach_targets'), 'on_tick', 'cpu-cycles'),
  ]).toMatchInlineSnapshot(`
    [
      "corematrix.yaml:15:19: no map of sockets "sockettes" in the object (did you mean sockets?); it has: sockets",
      "corematrix.yaml:15:19: "ipv6/nowhere" is not a valid attach target; expected ipv4/ or ipv6/ and pre_routing, local_in, forward, local_out or post_routing",
      "corematrix.yaml:15:19: "/trigger/0/poked" is not a valid attach target; expected PATH:FUNCTION",
      "corematrix.yaml:15:19: "task_rename" is not a valid attach target; expected CATEGORY/NAME",
      "corematrix.yaml:15:19: "cpu-cycles" is not a valid attach target; expected cpu-clock, task-clock, page-faults or context-switches",
    ]
  `);
});
