// Makes the bundle of a run: the objects, their settings, their custom loaders and commands, and their custom BTF, in one archive.
import type { GuestCommand } from '../../guest/protocol/frames.ts';
import type { Expectation } from '../expectations/expectation-schema.ts';
import type { RunObject } from '../inputs/inputs.ts';
import { packFiles } from '../packing/archive.ts';
import { sha256Hex } from './digest.ts';
import { type BundledObject, type BundlePlan, DIGEST_FOLDER, PLAN_PATH } from './schema.ts';

interface BundledRun {
  /** `id` of the run. */
  run: string;
  objects: readonly RunObject[];
  /** The releases of its kernels, which choose custom BTF. */
  releases: readonly (string | null)[];
  expectations: readonly Expectation[];
}

/** A bundle and what it holds. */
export interface Bundle {
  bytes: Uint8Array;
  /** Number of objects, archives and BTF files, each counted once. */
  files: number;
}

/** Files by their digest. */
class Files {
  readonly byDigest = new Map<string, Uint8Array>();

  /** Adds a file and returns its digest. */
  add(bytes: Uint8Array): string {
    const digest = sha256Hex(bytes);
    this.byDigest.set(digest, bytes);
    return digest;
  }
}

const commandOf = ({ folder, argv, env, timeoutMs }: GuestCommand) => ({ folder, argv: [...argv], env: { ...env }, timeoutMs });

/** The entry of an executable, without the values of variables. */
function bundledExecutable({ prepared: { command }, result, executable, settings }: RunObject, files: Files): BundledObject | null {
  if (!executable || !command) return null;
  const { results, variables } = executable;
  const env = Object.fromEntries(Object.entries(command.env).filter(([name]) => !variables.includes(name)));
  return {
    id: result.id,
    path: result.path,
    sha256: result.sha256,
    settings,
    command: { ...commandOf({ ...command, env }), tar: files.add(command.tar) },
    executable: { size: result.size, results, variables: [...variables] },
  };
}

async function bundled({ bytes, settings, prepared, result }: RunObject, { releases }: BundledRun, files: Files): Promise<BundledObject> {
  const { command, trigger, btf } = prepared;
  const triggers = trigger?.commands;
  const custom: NonNullable<BundledObject['btf']> = [];
  for (const release of btf ? new Set(releases) : []) {
    const found = await btf?.(release);
    if (found) custom.push({ release, sha256: files.add(found.bytes) });
  }
  return {
    id: result.id,
    path: result.path,
    sha256: files.add(bytes),
    settings,
    ...(command && { command: { ...commandOf(command), tar: files.add(command.tar) } }),
    ...(triggers && {
      triggers: { tar: files.add(triggers.tar), commands: [...triggers.commands].map(([index, each]) => [index, commandOf(each)]) },
    }),
    ...(btf && { btf: custom }),
  };
}

/** Bundles the objects of a run with everything that guests got for them. Kernels are not part of it. */
export async function bundleOf(request: BundledRun): Promise<Bundle> {
  const files = new Files();
  const objects: BundledObject[] = [];
  for (const object of request.objects) objects.push(bundledExecutable(object, files) ?? (await bundled(object, request, files)));
  const plan: BundlePlan = { version: 1, run: request.run, objects, expectations: [...request.expectations] };
  const digests = [...files.byDigest.keys()].toSorted();
  const packed = digests.map((digest) => ({
    path: `${DIGEST_FOLDER}${digest}`,
    bytes: files.byDigest.get(digest) ?? new Uint8Array(),
    executable: false,
  }));
  const text = Buffer.from(`${JSON.stringify(plan, null, 1)}\n`);
  return { bytes: packFiles([{ path: PLAN_PATH, bytes: text, executable: false }, ...packed]), files: digests.length };
}
