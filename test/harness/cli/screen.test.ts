// Tests of colours and sizes: on terminals, in pipes, and where the environment decides.
import { join } from 'node:path';
import { execa } from 'execa';
import { beforeAll, describe, expect, it } from 'vitest';
import { cacheRoot } from '../../../harness/base/files.ts';
import { PACKAGE_ROOT } from '../../../harness/base/package-root.ts';
import { isLive, sizeOf } from '../../../harness/cli/screen.ts';
import { pulledKernels } from '../../kernels/pulled.ts';
import { sample } from '../run/real-run.ts';
import { hasTerminals } from './command.ts';

const ARGS = ['predict', sample('task_state'), '-k', 'debian:5.10'];
const MAIN = join(PACKAGE_ROOT, 'dist/harness/cli/main.js');
const UNSET = { NO_COLOR: undefined, FORCE_COLOR: undefined, COLUMNS: undefined, LINES: undefined, COREMATRIX_CACHE: cacheRoot() };

beforeAll(async () => pulledKernels(['debian:5.10']));

/** The output in a pipe. */
async function piped(env: NodeJS.ProcessEnv): Promise<string> {
  const { stdout } = await execa('node', [MAIN, ...ARGS], { env: { ...UNSET, TERM: 'xterm-256color', ...env }, reject: false });
  return stdout;
}

/** The output on a terminal with so many columns. */
async function onTerminal(columns: number, env: NodeJS.ProcessEnv = {}): Promise<string> {
  const command = `stty cols ${columns} rows 40; node ${[MAIN, ...ARGS].join(' ')}`;
  const { stdout } = await execa('script', ['-qec', command, '/dev/null'], {
    env: { ...UNSET, TERM: 'xterm-256color', ...env },
    reject: false,
  });
  return stdout;
}

const isColoured = (text: string) => text.includes('\u001b[3');

it('a stream without a terminal has no size, and a terminal that states none has one from the environment or a usual one', () => {
  expect(sizeOf({ isTTY: false, columns: 80, rows: 24 })).toEqual({ width: Infinity, height: Infinity });
  expect(sizeOf({ isTTY: true, columns: 120, rows: 50 })).toEqual({ width: 120, height: 50 });
  expect(sizeOf({ isTTY: true, columns: 0, rows: 0 }).width).toBeGreaterThan(0);
  expect(isLive({ isTTY: false })).toBe(false);
});

describe('predict', () => {
  it('output in a pipe has no colours unless FORCE_COLOR asks for them, and no text in it is cut', async () => {
    const texts = [await piped({}), await piped({ FORCE_COLOR: '1' }), await piped({ FORCE_COLOR: '0' })];
    expect(texts.map(isColoured)).toEqual([false, true, false]);
    expect(texts.join('\n')).not.toContain('…');
  });

  it.skipIf(!hasTerminals)('output on a terminal has colours unless NO_COLOR, FORCE_COLOR=0 or TERM=dumb forbid them', async () => {
    const environments = [{}, { NO_COLOR: '1' }, { FORCE_COLOR: '0' }, { TERM: 'dumb' }, { NO_COLOR: '', FORCE_COLOR: '' }];
    const texts: string[] = [];
    for (const env of environments) texts.push(await onTerminal(100, env));
    expect(texts.map(isColoured)).toEqual([true, false, false, false, true]);
  });

  it.skipIf(!hasTerminals)('names are readable on a terminal with 0 columns', async () => {
    const [unknown, usual] = [await onTerminal(0, { NO_COLOR: '1' }), await onTerminal(80, { NO_COLOR: '1' })];
    const withoutTime = (text: string) => text.replace(/\d+ ms/, 'N ms');
    expect(withoutTime(unknown)).toBe(withoutTime(usual));
    expect(unknown).toContain('task_state');
  });
});
