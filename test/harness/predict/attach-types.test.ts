// Predictions for kprobes of many functions, whose attach type some kernels lack.
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { indexNames } from '../../../harness/bpf/btf/names.ts';
import { type BpfObject, readBpfObject } from '../../../harness/bpf/object/object.ts';
import { predictCell } from '../../../harness/predict/predict.ts';
import { pulledBtf } from '../../kernels/pulled.ts';
import { compileBpf } from '../bpf/object/compile.ts';
import { mustReadBtf } from '../bpf/object/samples.ts';

const SOURCE = `
SEC("kprobe.multi/vfs_open") int many(void *ctx) { return 0; }
SEC("kprobe/vfs_open") int one(void *ctx) { return 0; }
SEC("kprobe.session/vfs_open") int session(void *ctx) { return 0; }
SEC("kretprobe.multi/vfs_o*") int pattern(void *ctx) { return 0; }
SEC("kprobe.multi") int nowhere(void *ctx) { return 0; }
`;

let folder = '';
let object: BpfObject;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'attach-types-'));
  const path = await compileBpf(folder, 'many', SOURCE);
  object = readBpfObject(await readFile(path), path);
});
afterAll(async () => rm(folder, { recursive: true, force: true }));

async function predictedOn(selector: string, input: BpfObject, mode: 'load' | 'attach'): Promise<string[]> {
  const types = { vmlinux: indexNames(mustReadBtf(await readFile((await pulledBtf(selector)).path))), modules: [] };
  return predictCell(input, types, undefined, mode).programs.flatMap(({ name, failure, possible }) => {
    if (failure) return [`${name} fails: ${failure.stage} ${failure.class}: ${failure.reason}`];
    return possible ? [`${name} may fail: ${possible.reason}`] : [];
  });
}

it('a kprobe of many functions fails to attach where the kernel does not know its attach type or is built without it', async () => {
  expect(await predictedOn('debian:5.10', object, 'attach')).toMatchInlineSnapshot(`
    [
      "many fails: attach attach-failed: attach type trace_kprobe_multi is unknown to this kernel",
      "session fails: attach attach-failed: attach type trace_kprobe_session is unknown to this kernel",
      "pattern may fail: attach type trace_kprobe_multi is unknown to this kernel",
    ]
  `);
  expect(await predictedOn('debian:6.1', object, 'attach')).toMatchInlineSnapshot(`
    [
      "many fails: attach attach-failed: this kernel is built without attach type trace_kprobe_multi (EOPNOTSUPP)",
      "session fails: attach attach-failed: attach type trace_kprobe_session is unknown to this kernel",
      "pattern may fail: this kernel is built without attach type trace_kprobe_multi (EOPNOTSUPP)",
    ]
  `);
  expect(await predictedOn('debian:6.12', object, 'attach')).toEqual([]);
  expect(await predictedOn('debian:6.1', object, 'load')).toEqual([]);
});

it('the alternative of a kprobe of many functions is chosen where the kernel is built without its attach type', async () => {
  const settings = { ...object, alternatives: [{ kind: 'programs' as const, names: ['many', 'one'] }] };
  const only = { ...settings, programs: object.programs.filter(({ name }) => name === 'many' || name === 'one') };
  expect(await predictedOn('debian:6.1', only, 'attach')).toMatchInlineSnapshot(`
    [
      "many may fail: this kernel is built without attach type trace_kprobe_multi (EOPNOTSUPP)",
    ]
  `);
});
