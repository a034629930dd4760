// The objects of a run: found by path or glob, read once, checked before any guest is started.
import { createHash } from 'node:crypto';
import { readFile, stat } from 'node:fs/promises';
import { basename, relative } from 'node:path';
import { type Defaults, defaultsFor } from '../object-settings/defaults.ts';
import { asLoaded, prepareSettings } from '../object-settings/prepare.ts';
import type { ObjectSettings, PreparedSettings } from '../object-settings/table.ts';
import { releaseOfLoader } from '../../base/loader-name.ts';
import { messageOf, UserError } from '../../base/errors.ts';
import { type BpfObject, readBpfObject } from '../../bpf/object/object.ts';
import { toObjectResult } from '../../results/object-result.ts';
import type { ObjectResult } from '../../results/schema.ts';
import { expand } from './expand.ts';

const MAX_OBJECT_BYTES = 32 << 20;

/** Files that a path or glob names, and how they are to be loaded. */
export interface ObjectSource {
  pattern: string;
  /** What it is called in reports; absent: the file name. */
  name?: string | undefined;
  settings?: ObjectSettings | undefined;
  /** Where in the configuration the settings stand; see PlacedConfig. */
  at?: ((path: readonly PropertyKey[]) => string) | undefined;
}

export interface ObjectSources {
  sources: readonly ObjectSource[];
  /** What relative names are relative to. */
  directory: string;
  /** What holds for every object that does not say otherwise itself, and where in the configuration it stands. */
  defaults?: { settings: Defaults; at: (path: readonly PropertyKey[]) => string };
}

export interface RunObject {
  file: string;
  bytes: Uint8Array;
  /** As its settings make it. */
  bpf: BpfObject;
  settings: ObjectSettings;
  prepared: PreparedSettings;
  result: ObjectResult;
}

export interface Inputs {
  objects: RunObject[];
  /** One line for every object that cannot be used; the others still run. */
  problems: string[];
}

async function readFileChecked(file: string, shown: string): Promise<Uint8Array> {
  const facts = await stat(file).catch(() => null);
  if (!facts) throw new UserError(`${shown}: no such file`);
  if (facts.isDirectory()) throw new UserError(`${shown}: is a folder; name an object file, or a pattern such as '${shown}/*.bpf.o'`);
  if (!facts.isFile()) throw new UserError(`${shown}: not a regular file`);
  if (facts.size > MAX_OBJECT_BYTES) throw new UserError(`${shown}: ${facts.size} bytes is too large for a BPF object`);
  return readFile(file).catch((error: unknown) => {
    throw new UserError(`${shown}: cannot be read: ${messageOf(error)}`);
  });
}

export interface InputOptions {
  /** Whether objects for big-endian machines are of use: to predictions they are, but guests are all little-endian. */
  bigEndian?: boolean;
  /** What the configuration says of the files, when it is not what names them. */
  configured?: ObjectSources;
  /** Releases of libbpf for every object that does not name one itself: `libbpf@1.1`. */
  loaders?: readonly string[] | undefined;
}

interface FoundFile {
  file: string;
  source: ObjectSource;
  /** What names in the source's settings are relative to. */
  directory: string;
  defaults: ObjectSources['defaults'];
}

async function readObject({ file, source, directory, defaults }: FoundFile, id: string, bigEndian: boolean): Promise<RunObject> {
  const shown = relative(process.cwd(), file) || file;
  const bytes = await readFileChecked(file, shown);
  const bpf = readBpfObject(bytes, shown);
  if (!bpf.littleEndian && !bigEndian)
    throw new UserError(`${shown}: compiled for big-endian BPF, which no guest here can load (use clang -target bpfel)`);
  const own = source.settings ?? {};
  const given = defaults ? defaultsFor(own, defaults.settings) : {};
  const settings = { ...given, ...own };
  const placeOf = (path: readonly PropertyKey[]) => (path[0] !== undefined && path[0] in given ? defaults : source)?.at?.(path) ?? shown;
  const prepared = await prepareSettings(settings, { object: bpf, file: { path: file, bytes }, directory, placeOf });
  // The default release goes without a name in results.
  const named = prepared.loader && settings.loader !== undefined ? { loader: settings.loader } : {};
  const sha256 = createHash('sha256').update(bytes).digest('hex');
  return {
    file,
    bytes,
    bpf: asLoaded(bpf, prepared),
    settings,
    prepared,
    result: { ...toObjectResult(bpf, { id, path: shown, sha256, size: bytes.length }), ...named },
  };
}

/** A name that is safe in paths and URL fragments, and unique among those taken. */
function uniqueId(file: string, taken: Set<string>): string {
  const base =
    basename(file)
      .replace(/(\.bpf)?\.o$/, '')
      .replaceAll(/[^\w.+-]/g, '_') || 'object';
  let id = base;
  for (let copy = 2; taken.has(id); copy++) id = `${base}~${copy}`;
  taken.add(id);
  return id;
}

/** What a person can act on is kept; anything else is thrown on. */
function takeProblem(inputs: Inputs, error: unknown): null {
  if (!(error instanceof UserError)) throw error;
  inputs.problems.push(error.message);
  return null;
}

/** The files that sources name, in the order named; of two sources for one file the one with settings speaks, of two with settings the later. */
async function findFiles({ sources, directory, defaults }: ObjectSources, inputs: Inputs): Promise<FoundFile[]> {
  const found = new Map<string, FoundFile>();
  for (const source of sources) {
    const { pattern, name = '', settings } = source;
    const files = await expand(pattern, directory).catch((error: unknown) => takeProblem(inputs, error));
    if (files?.length === 0) inputs.problems.push(`${pattern}: no file matches (in ${relative(process.cwd(), directory) || '.'})`);
    for (const file of files ?? []) {
      const key = `${file}\0${name}`;
      if (settings || !found.has(key)) found.set(key, { file, source, directory, defaults });
    }
  }
  return [...found.values()];
}

/** The files as they are named, each under every name and with all settings that `configured` has for it, or else for every object. */
async function withConfigured(files: readonly FoundFile[], configured: ObjectSources): Promise<FoundFile[]> {
  const ignored: Inputs = { objects: [], problems: [] };
  const known = await findFiles(configured, ignored);
  return files.flatMap((found) => {
    const own = known.filter(({ file }) => file === found.file);
    return own.length > 0 ? own : [{ ...found, directory: configured.directory, defaults: configured.defaults }];
  });
}

/**
 * Objects once for each loader: with the default one under the name it has, with another under a name that says so. What names its loader
 * itself, or brings its own, stays as it is.
 */
function withLoaders(objects: readonly RunObject[], loaders: readonly string[], ids: Set<string>): RunObject[] {
  return objects.flatMap((object) => {
    if (object.settings.loader !== undefined || object.prepared.command) return [object];
    return [...new Set(loaders)].map((loader): RunObject => {
      const release = releaseOfLoader(loader);
      if (release === null) return object;
      return {
        ...object,
        settings: { ...object.settings, loader },
        prepared: { ...object.prepared, loader: release },
        result: { ...object.result, id: uniqueId(`${object.result.id}+libbpf-${release}`, ids), loader },
      };
    });
  });
}

/** Reads every object that paths and globs name, each file once for each name it is given, in the order named. */
export async function readInputs(named: ObjectSources, { bigEndian = false, configured, loaders }: InputOptions = {}): Promise<Inputs> {
  const inputs: Inputs = { objects: [], problems: [] };
  const ids = new Set<string>();
  const files = await findFiles(named, inputs);
  for (const each of configured ? await withConfigured(files, configured) : files) {
    try {
      inputs.objects.push(await readObject(each, uniqueId(each.source.name ?? each.file, ids), bigEndian));
    } catch (error) {
      takeProblem(inputs, error);
    }
  }
  return loaders ? { ...inputs, objects: withLoaders(inputs.objects, loaders, ids) } : inputs;
}

/** Paths and globs without any settings. */
export function plainSources(patterns: readonly string[], directory: string): ObjectSources {
  return { sources: patterns.map((pattern) => ({ pattern })), directory };
}
