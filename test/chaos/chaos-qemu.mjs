// Starts QEMU behind a proxy for its monitor and its bell. The proxy sees which phase a guest reaches, and causes the planned faults there.
// In the environment: CHAOS_FOLDER with plan.json (see PlannedFault) and disks/; CHAOS_RUN, the number of the run; REAL_PATH with QEMU.
import { spawn } from 'node:child_process';
import {
  appendFileSync,
  closeSync,
  existsSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
  writeSync,
} from 'node:fs';
import { Socket } from 'node:net';
import { join } from 'node:path';

const [MONITOR, CONSOLE, STATE] = [3, 4, 5];
const PAUSE_MS = 1000;
/** Marks a command of this proxy, so that the program never sees its answer. */
const OWN_COMMAND = 'chaos';
const DAY_MS = 24 * 60 * 60 * 1000;
const args = process.argv.slice(2);
const { CHAOS_FOLDER = '', CHAOS_RUN, REAL_PATH } = process.env;
/** The process of the program. It is the direct parent, because each process between replaced itself by `exec`. */
const program = process.ppid;
const isGuest = args.includes('-machine');

/** For each phase, the command of the monitor that begins it, and the option that guests in it are started with. */
const PHASES = [
  { phase: 'boot', command: 'qmp_capabilities', option: '-kernel' },
  { phase: 'snapshot', command: 'migrate', option: '-kernel' },
  { phase: 'restore', command: 'migrate-incoming', option: '-incoming' },
  { phase: 'load', command: 'cont', option: '-incoming' },
  { phase: 'results', command: 'pmemsave', option: '-incoming' },
];

const memory = args.find((arg) => arg.includes('id=mailbox')) ?? '';
const guest = /mem-path=([^,]*)\/mailbox/.exec(memory)?.[1] ?? '';
const record = (entry) => appendFileSync(join(CHAOS_FOLDER, 'events'), `${JSON.stringify({ run: Number(CHAOS_RUN), guest, ...entry })}\n`);

const qemu = spawn('setpriv', ['--pdeathsig', 'KILL', 'qemu-system-x86_64', ...args], {
  stdio: ['inherit', isGuest ? 'pipe' : 'inherit', 'inherit', ...(isGuest ? ['pipe', CONSOLE, STATE] : [])],
  env: { ...process.env, PATH: REAL_PATH },
});
qemu.on('exit', (code, signal) => {
  if (signal) process.kill(process.pid, signal);
  else process.exit(code);
});

/** Counts a phase, and returns how many times guests have reached it. Several proxies may count at once. */
function reached(phase) {
  for (let time = 1; ; time++) {
    try {
      mkdirSync(join(CHAOS_FOLDER, `${phase}-${time}`));
      return time;
    } catch (error) {
      if (error.code !== 'EEXIST') throw error;
    }
  }
}

const disk = (name) => join(CHAOS_FOLDER, 'disks', name);
const snapshots = () => join(disk('cache'), 'cache/snapshots');
let silent = false;
let torn = false;
let stalled = false;

/** Writes a file that takes all room on a disk. */
function fill(name) {
  const file = openSync(join(disk(name), 'filler'), 'w');
  for (let block = Buffer.alloc(1 << 20); block.length > 0;) {
    try {
      if (writeSync(file, block) < block.length) break;
    } catch (error) {
      if (error.code !== 'ENOSPC') throw error;
      block = block.subarray(0, Math.floor(block.length / 2));
    }
  }
  closeSync(file);
}

const ACTIONS = {
  kill: () => qemu.kill('SIGKILL'),
  stop: () => qemu.kill('SIGSTOP'),
  stall: () => {
    stalled = true;
    qemu.stdio[MONITOR].write(`{"execute":"stop","id":"${OWN_COMMAND}"}\n`);
  },
  pause: () => {
    qemu.kill('SIGSTOP');
    setTimeout(() => qemu.kill('SIGCONT'), PAUSE_MS);
  },
  tear: () => {
    torn = true;
  },
  silence: () => {
    silent = true;
  },
  prune: () => {
    for (const name of readdirSync(snapshots())) rmSync(join(snapshots(), name), { recursive: true, force: true });
  },
  damage: () => {
    for (const name of readdirSync(snapshots())) {
      const state = join(snapshots(), name, 'state');
      // A new file, because other caches may have hard links to the old one.
      writeFileSync(`${state}.cut`, readFileSync(state).subarray(0, 5000));
      renameSync(`${state}.cut`, state);
    }
  },
  'clock-forward': () => writeFileSync(join(CHAOS_FOLDER, 'clock'), String(DAY_MS)),
  'clock-back': () => writeFileSync(join(CHAOS_FOLDER, 'clock'), String(-DAY_MS)),
  terminate: () => process.kill(program, 'SIGTERM'),
  die: () => process.kill(program, 'SIGKILL'),
  'full-report': () => fill('report'),
  'full-tmp': () => fill('tmp'),
  'full-cache': () => fill('cache'),
};

function enter(phase) {
  const time = reached(phase);
  const plan = JSON.parse(readFileSync(join(CHAOS_FOLDER, 'plan.json'), 'utf8'));
  const planned = plan.find((each) => each.phase === phase && each.time === time);
  if (!planned) return;
  record({ fault: planned.fault, phase, time });
  ACTIONS[planned.fault]();
}

/** The host first reads the header of the mailbox alone. A larger read has the response. */
const MORE_THAN_HEADER = 64;
const SAVE = /"execute":"pmemsave","arguments":\{"val":\d+,"size":(\d+),"filename":"([^"]*)"/g;
let response = '';

/** Overwrites the second half of the response once QEMU has written it to a file. */
function tearResponse() {
  if (!torn || response === '' || !existsSync(response)) return;
  torn = false;
  const bytes = readFileSync(response);
  writeFileSync(response, bytes.fill(0xff, Math.floor(bytes.length / 2)));
}

if (isGuest) {
  record({});
  const done = new Set();
  const monitor = new Socket({ fd: MONITOR });
  const inner = qemu.stdio[MONITOR];
  for (const stream of [monitor, inner, qemu.stdout, process.stdout]) stream.on('error', () => {});
  let rest = '';
  inner.on('data', (chunk) => {
    const lines = `${rest}${chunk}`.split(/(?<=\n)/);
    rest = lines.at(-1)?.endsWith('\n') ? '' : (lines.pop() ?? '');
    for (const line of lines) {
      if (line.includes('"return"')) tearResponse();
      if (!stalled || !(line.includes(`"id": "${OWN_COMMAND}"`) || line.includes('"event": "STOP"'))) monitor.write(line);
    }
  });
  inner.on('end', () => monitor.end());
  monitor.on('data', (chunk) => {
    inner.write(chunk);
    const text = chunk.toString();
    for (const [, size, file] of text.matchAll(SAVE)) if (Number(size) > MORE_THAN_HEADER) response = file;
    for (const { phase, command, option } of PHASES) {
      if (!args.includes(option) || done.has(phase) || !text.includes(`"execute":"${command}"`)) continue;
      done.add(phase);
      enter(phase);
    }
  });
  qemu.stdout.on('data', (chunk) => silent || process.stdout.write(chunk));
}
