// The objects of a run: found by path or glob, read once, checked before any guest is started.
import { createHash } from 'node:crypto';
import { basename, relative } from 'node:path';
import { type Defaults, defaultsFor } from '../object-settings/defaults.ts';
import { asLoaded, prepareSettings } from '../object-settings/prepare.ts';
import { checkLoaderApplies } from '../object-settings/loader-limits.ts';
import type { ObjectSettings, PreparedSettings } from '../object-settings/setting-table.ts';
import { DEFAULT_LIBBPF } from '../../base/loader-name.ts';
import { faultsOf, UserError } from '../../base/errors.ts';
import type { Place, PlaceOf } from '../settings/place.ts';
import { uniqueId } from '../../base/ids.ts';
import { type FileLimit, readUserFile } from '../../base/user-file.ts';
import { type BpfObject, readBpfObject } from '../../bpf/object/object.ts';
import { toObjectResult } from '../../results/object-result.ts';
import type { ObjectResult } from '../../results/schema.ts';
import { expand } from './expand.ts';

export const OBJECT_FILE = { kind: 'a BPF object', maxBytes: 32 << 20 } as const satisfies FileLimit;

/** Files that a path or glob names, with their settings. */
export interface ObjectSource {
  pattern: string;
  /** The place in the configuration that names them; absent if the command line does. */
  place?: Place | undefined;
  /** Its name in reports (default: the file name). */
  name?: string | undefined;
  settings?: ObjectSettings | undefined;
  /** Gives the place of a setting in the configuration; see PlacedConfig. */
  at?: ((path: readonly PropertyKey[]) => string) | undefined;
}

export interface ObjectSources {
  sources: readonly ObjectSource[];
  /** The folder to which relative names belong. */
  directory: string;
  /** Default settings of all objects, and their place in the configuration. */
  defaults?: { settings: Defaults; at: (path: readonly PropertyKey[]) => string };
}

export interface RunObject {
  file: string;
  bytes: Uint8Array;
  /** The object as its settings change it. */
  bpf: BpfObject;
  settings: ObjectSettings;
  prepared: PreparedSettings;
  /** The places of its settings; absent if they come from a bundle. */
  placeOf?: PlaceOf;
  /** Present for an executable of `exec`, which the guest runs by `prepared.command`. Its `bpf` has no programs. */
  executable?: {
    /** Absolute path in the guest of a file with test results; null if there is none. */
    results: string | null;
    /** The names of variables whose values the user gave. They may be secret, so a bundle has no value of them. */
    variables: readonly string[];
  };
  result: ObjectResult;
}

export interface Inputs {
  objects: RunObject[];
  /** One line for each fault of an object that cannot be used; the others still run. */
  problems: string[];
}

async function readFileChecked(file: string, shown: string): Promise<Uint8Array> {
  return readUserFile(file, { ...OBJECT_FILE, shown, folder: `is a folder; name an object file, or a pattern such as '${shown}/*.bpf.o'` });
}

export interface InputOptions {
  /** Whether to accept objects for big-endian machines. Predictions can use them; guests are all little-endian. */
  bigEndian?: boolean;
  /** Settings for files that the command line names. */
  configured?: ObjectSources;
  /** Loaders for every object that does not name one: `libbpf@1.1`, `cilium@0.22`. */
  loaders?: readonly string[] | undefined;
  /** The loader of every object, also of one that names another. */
  overrulingLoader?: string | undefined;
}

interface FoundFile {
  file: string;
  source: ObjectSource;
  /** The folder to which names in the settings belong. */
  directory: string;
  defaults: ObjectSources['defaults'];
}

/** An object with the places of its settings. */
interface ReadObject {
  object: RunObject;
  placeOf: PlaceOf;
}

async function readObject(
  { file, source, directory, defaults }: FoundFile,
  ids: Set<string>,
  { bigEndian = false, overrulingLoader }: InputOptions,
): Promise<ReadObject> {
  const shown = relative(process.cwd(), file) || file;
  const bytes = await readFileChecked(file, shown).catch((error: unknown) => throwPlaced(error, source));
  const bpf = readBpfObject(bytes, shown);
  if (!bpf.littleEndian && !bigEndian)
    throw new UserError(`${shown}: compiled for big-endian BPF, which no guest here can load (use clang -target bpfel)`);
  // An overruling loader also replaces a custom loader.
  const own = { ...source.settings, ...(overrulingLoader !== undefined && { loader: overrulingLoader, command: undefined }) };
  const given = defaults ? defaultsFor(own, defaults.settings) : {};
  const settings = { ...given, ...own };
  const placeOf = (path: readonly PropertyKey[]) => (path[0] !== undefined && path[0] in given ? defaults : source)?.at?.(path) ?? shown;
  const prepared = await prepareSettings(settings, { object: bpf, file: { path: file, bytes }, directory, placeOf });
  checkLoaderApplies(settings.loader ?? DEFAULT_LIBBPF, settings, placeOf, bpf);
  // The user of an overruling loader asks about one loader, so that no name needs it.
  const named = overrulingLoader === undefined ? loaderInResults({ settings, prepared }) : undefined;
  const id = objectId(safeName(source.name ?? file), named ?? DEFAULT_LIBBPF, ids);
  return { object: { ...preparedObject({ file, shown, bytes, bpf, id, settings, prepared }), placeOf }, placeOf };
}

/** The loader of an object as results name it; undefined for the default release, which they do not name. */
function loaderInResults({ settings, prepared }: Pick<RunObject, 'settings' | 'prepared'>): string | undefined {
  return prepared.loader ? settings.loader : undefined;
}

interface PreparedInput extends Pick<RunObject, 'file' | 'bytes' | 'settings' | 'prepared'> {
  /** Its path in results. */
  shown: string;
  id: string;
  /** The object as it was compiled. */
  bpf: BpfObject;
}

/** The object of a run from its prepared settings. */
export function preparedObject({ file, shown, bytes, bpf, id, settings, prepared }: PreparedInput): RunObject {
  const loader = loaderInResults({ settings, prepared });
  const named = {
    ...(loader !== undefined && { loader }),
    ...(prepared.mode && prepared.mode !== 'load' && { mode: prepared.mode }),
    ...(prepared.btf && { customBtf: true as const }),
    ...(prepared.modules && prepared.modules.length > 0 && { modules: [...prepared.modules] }),
  };
  const loaded = asLoaded(bpf, prepared);
  const targets = new Map(loaded.programs.map(({ name, attachTo }) => [name, attachTo]));
  // Functions that the loader does not take for programs have no rows.
  const programs = bpf.programs.filter(({ name }) => targets.has(name));
  const withTargets = { ...bpf, programs: programs.map((program) => ({ ...program, attachTo: targets.get(program.name) ?? null })) };
  const sha256 = createHash('sha256').update(bytes).digest('hex');
  const result = { ...toObjectResult(withTargets, { id, path: shown, sha256, size: bytes.length }), ...named };
  return { file, bytes, bpf: loaded, settings, prepared, result };
}

/** The name of a file without its ending, safe in paths and URL fragments. */
function safeName(file: string): string {
  const safe = basename(file)
    .replace(/(\.bpf)?\.o$/, '')
    .replaceAll(/[^\w.+-]/g, '_');
  return safe || 'object';
}

/** A name that is not among the names in use. It ends with the loader, if that is not the default one. */
function objectId(name: string, loader: string, used: Set<string>): string {
  return uniqueId(loader === DEFAULT_LIBBPF ? name : `${name}+${loader.replace('@', '-')}`, used);
}

/** Keeps errors that the user can act on; throws all others again. */
function takeProblem(inputs: Inputs, error: unknown): null {
  inputs.problems.push(...faultsOf(error));
  return null;
}

/** Throws an error about the files of a source again, with the place that names them. */
function throwPlaced(error: unknown, { place }: ObjectSource): never {
  throw error instanceof UserError && place ? place.problem(error.message, error) : error;
}

/** The files that sources name, in that order. If two sources name a file, settings win; of two with settings, the later wins. */
async function findFiles({ sources, directory, defaults }: ObjectSources, inputs: Inputs): Promise<FoundFile[]> {
  const found = new Map<string, FoundFile>();
  for (const source of sources) {
    const { pattern, name = '', settings } = source;
    const files = await expand(pattern, directory)
      .then((all) => {
        if (all.length > 0) return all;
        throw new UserError(`${pattern}: no file matches (in ${relative(process.cwd(), directory) || '.'})`);
      })
      .catch((error: unknown) => throwPlaced(error, source))
      .catch((error: unknown) => takeProblem(inputs, error));
    for (const file of files ?? []) {
      const key = `${file}\0${name}`;
      if (settings || !found.has(key)) found.set(key, { file, source, directory, defaults });
    }
  }
  return [...found.values()];
}

/** The files with the settings that `configured` has for them: once for each of their names there, else with the defaults only. */
async function withConfigured(files: readonly FoundFile[], configured: ObjectSources): Promise<FoundFile[]> {
  const ignored: Inputs = { objects: [], problems: [] };
  const known = await findFiles(configured, ignored);
  return files.flatMap((found) => {
    const own = known.filter(({ file }) => file === found.file);
    return own.length > 0 ? own : [{ ...found, directory: configured.directory, defaults: configured.defaults }];
  });
}

/**
 * The object for a loader. For another loader than the default one, the name of the object ends with that of the loader. Objects that name
 * their loader, or have a custom loader, stay as they are.
 * @throws UserError if the loader cannot apply a setting
 */
function forLoader({ object, placeOf }: ReadObject, loader: string, ids: Set<string>): RunObject {
  if (loader === DEFAULT_LIBBPF) return object;
  checkLoaderApplies(loader, object.settings, placeOf, object.bpf);
  const { settings, prepared, result } = object;
  const bpf = asLoaded(object.bpf, { loader });
  const loaded = new Set(bpf.programs.map(({ name }) => name));
  const programs = result.programs.filter(({ name }) => loaded.has(name));
  return {
    ...object,
    bpf,
    settings: { ...settings, loader },
    prepared: { ...prepared, loader },
    result: { ...result, id: objectId(result.id, loader, ids), loader, programs },
  };
}

function hasLoader({ settings, prepared }: RunObject): boolean {
  return settings.loader !== undefined || prepared.command !== undefined;
}

/** Reads every object that paths and globs name, once for each of its names, in that order. */
export async function readInputs(named: ObjectSources, options: InputOptions = {}): Promise<Inputs> {
  const { configured, loaders } = options;
  const inputs: Inputs = { objects: [], problems: [] };
  const ids = new Set<string>();
  const read: ReadObject[] = [];
  const files = await findFiles(named, inputs);
  for (const each of configured ? await withConfigured(files, configured) : files) {
    try {
      read.push(await readObject(each, ids, options));
    } catch (error) {
      takeProblem(inputs, error);
    }
  }
  for (const each of read) {
    const names = hasLoader(each.object) ? [DEFAULT_LIBBPF] : new Set(loaders ?? [DEFAULT_LIBBPF]);
    for (const loader of names) {
      try {
        inputs.objects.push(forLoader(each, loader, ids));
      } catch (error) {
        takeProblem(inputs, error);
      }
    }
  }
  return inputs;
}

/** Paths and globs as sources without settings. */
export function plainSources(patterns: readonly string[], directory: string): ObjectSources {
  return { sources: patterns.map((pattern) => ({ pattern })), directory };
}
