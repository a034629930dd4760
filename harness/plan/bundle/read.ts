// Finds an object in the bundle of a report folder, with the settings, loader and files that the run had.
import { jsonFaultWords } from '../../base/json-faults.ts';
import { lstat } from 'node:fs/promises';
import { join } from 'node:path';
import { UserError } from '../../base/errors.ts';
import { readUserFile } from '../../base/user-file.ts';
import { readBpfObject } from '../../bpf/object/object.ts';
import { runObjectOf } from '../executable/executable-object.ts';
import type { Expectation } from '../expectations/expectation-schema.ts';
import { preparedObject, type RunObject } from '../inputs/inputs.ts';
import { prepareSettings } from '../object-settings/prepare.ts';
import type { PreparedSettings, SettingName } from '../object-settings/setting-table.ts';
import { type CustomBtf, customBtfOf } from '../settings/btf/custom-btf.ts';
import { placeAt } from '../settings/place.ts';
import { plannedTriggers } from '../settings/trigger/setting.ts';
import { refuseUntrusted } from '../untrusted/refuse.ts';
import { type BundleFiles, readBundleFiles } from './archive.ts';
import { BUNDLE_FILE, type BundledObject, type BundlePlan, bundlePlanSchema } from './schema.ts';

const MAX_BUNDLE = 1 << 30;

interface Wanted {
  /** `id` of the run in the results beside the bundle. */
  run: string;
  object: { id: string; sha256: string };
  /** Whether the rules for untrusted configurations apply to the settings in the bundle. */
  untrusted: boolean;
}

interface FoundInBundle {
  object: RunObject;
  expectations: readonly Expectation[];
}

/** A bundle that was read, with its name in messages. */
interface OpenBundle {
  files: BundleFiles;
  shown: string;
}

function planOf({ files, shown }: OpenBundle): BundlePlan {
  const problem = (text: string) => new UserError(`${shown}: ${text}`);
  let value: unknown;
  try {
    value = JSON.parse(Buffer.from(files.plan).toString());
  } catch {
    throw problem('its plan is not JSON');
  }
  const read = bundlePlanSchema.safeParse(value, { error: jsonFaultWords });
  if (read.success) return read.data;
  const [fault] = read.error.issues;
  throw problem(`its plan is not one that this version wrote: ${fault?.path.join('.') ?? ''}: ${fault?.message ?? 'unknown'}`);
}

function fileOf({ files, shown }: OpenBundle, digest: string): Buffer {
  const found = files.byDigest.get(digest);
  if (!found) throw new UserError(`${shown}: the file ${digest} of its plan is missing`);
  return Buffer.from(found.buffer, found.byteOffset, found.byteLength);
}

function customBtf(bundle: OpenBundle, entries: NonNullable<BundledObject['btf']>): CustomBtf {
  return async (release) => {
    const found = entries.find((entry) => entry.release === release);
    return found ? customBtfOf(fileOf(bundle, found.sha256), bundle.shown) : null;
  };
}

/** The settings whose files of the other machine are in the bundle. */
const FROM_BUNDLE: ReadonlySet<SettingName> = new Set(['command', 'trigger', 'btf']);

/** An executable, with the values that variables have in the environment of this process. */
function restoredExecutable(bundle: OpenBundle, { id, path, sha256, command, executable }: BundledObject): RunObject | null {
  if (!executable || !command) return null;
  const { size, results, variables } = executable;
  const own = Object.fromEntries(variables.flatMap((name) => (process.env[name] === undefined ? [] : [[name, process.env[name]]])));
  const env = { ...command.env, ...own };
  const packed = { ...command, env, tar: fileOf(bundle, command.tar), sha256: command.tar };
  return runObjectOf({ file: path, facts: { id, path, sha256, size }, command: packed, executable: { results, variables } });
}

async function restored(bundle: OpenBundle, entry: BundledObject): Promise<RunObject> {
  const executable = restoredExecutable(bundle, entry);
  if (executable) return executable;
  const { path, settings, command, triggers, btf } = entry;
  const { shown } = bundle;
  const bytes = fileOf(bundle, entry.sha256);
  const bpf = readBpfObject(bytes, path);
  const placeOf = (keys: readonly PropertyKey[]) => [shown, path, ...keys.map(String)].join(': ');
  // No setting that is prepared here reads a file.
  const others = await prepareSettings(settings, { object: bpf, file: { path, bytes }, directory: '/', placeOf }, FROM_BUNDLE);
  const prepared: PreparedSettings = { ...others };
  if (command) prepared.command = { ...command, tar: fileOf(bundle, command.tar), sha256: command.tar };
  if (settings.trigger !== undefined) {
    const planned = plannedTriggers(settings.trigger, { object: bpf, settings, place: placeAt(placeOf, ['trigger']) });
    const commands = triggers && { tar: fileOf(bundle, triggers.tar), sha256: triggers.tar, commands: new Map(triggers.commands) };
    prepared.trigger = { triggers: planned, commands: commands ?? null };
  }
  if (btf) prepared.btf = customBtf(bundle, btf);
  return preparedObject({ file: path, shown: path, bytes, bpf, id: entry.id, settings, prepared });
}

/**
 * Refuses what an untrusted configuration may not have. Custom BTF is in the bundle, so its path names no file of this machine.
 * @throws UserFaults
 */
async function refuse({ shown }: OpenBundle, { path, settings, executable }: BundledObject, folder: string): Promise<void> {
  if (executable) throw new UserError(`${shown}: ${path}: refused because the bundle is not trusted: it is an executable`);
  const btf = settings.btf === undefined ? {} : { btf: BUNDLE_FILE };
  const config = { objects: [{ path: BUNDLE_FILE, ...settings, ...btf }] };
  await refuseUntrusted({ config, at: () => `${shown}: ${path}` }, folder, 'command');
}

/**
 * Finds an object in the bundle of a report folder.
 * @returns null if the folder has no bundle
 * @throws UserError for a bundle that is damaged, was changed, or belongs to another run
 */
export async function objectInBundle(folder: string, { run, object, untrusted }: Wanted): Promise<FoundInBundle | null> {
  const shown = join(folder, BUNDLE_FILE);
  const facts = await lstat(shown).catch(() => null);
  if (!facts) return null;
  if (!facts.isFile()) throw new UserError(`${shown}: not a plain file; expected the bundle of the report`);
  const archive = await readUserFile(shown, { kind: 'a bundle', maxBytes: MAX_BUNDLE });
  const bundle = { files: readBundleFiles(archive, shown), shown };
  const plan = planOf(bundle);
  if (plan.run !== run) throw new UserError(`${shown}: the bundle of another run than the results beside it; remove one of both`);
  const entry = plan.objects.find(({ id }) => id === object.id);
  if (!entry) throw new UserError(`${shown}: it has no object ${object.id}`);
  if (entry.sha256 !== object.sha256) throw new UserError(`${shown}: its ${object.id} is another object than that of the results`);
  if (untrusted) await refuse(bundle, entry, folder);
  return { object: await restored(bundle, entry), expectations: plan.expectations };
}
