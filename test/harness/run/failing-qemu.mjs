// QEMU that a signal hits at a phase. The phase is recognized by the traffic of its monitor. Environment: FAIL_AT, the phase; FAIL_BY, the
// signal; FAIL_ONCE, a file that the first failing QEMU creates, so that no other fails; REAL_PATH, the PATH with the real QEMU.
import { spawn } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { Socket } from 'node:net';

const [MONITOR, CONSOLE, STATE] = [3, 4, 5];
const args = process.argv.slice(2);
const { FAIL_AT = '', FAIL_BY = 'SIGKILL', FAIL_ONCE = '', REAL_PATH } = process.env;

/** For each phase, the command of the monitor that begins it, and the option that guests in it are started with. */
const PHASES = {
  boot: { command: 'qmp_capabilities', option: '-kernel' },
  snapshot: { command: 'migrate', option: '-kernel' },
  restore: { command: 'migrate-incoming', option: '-incoming' },
  load: { command: 'cont', option: '-incoming' },
  results: { command: 'pmemsave', option: '-incoming' },
};

const isGuest = args.includes('-machine');
const other = isGuest ? ['pipe', CONSOLE, STATE] : [];
const qemu = spawn('setpriv', ['--pdeathsig', 'KILL', 'qemu-system-x86_64', ...args], {
  stdio: ['inherit', 'inherit', 'inherit', ...other],
  env: { ...process.env, PATH: REAL_PATH },
});
qemu.on('exit', (code, signal) => {
  if (signal) process.kill(process.pid, signal);
  else process.exit(code);
});

function isTheOne() {
  if (FAIL_ONCE === '') return true;
  try {
    writeFileSync(FAIL_ONCE, '', { flag: 'wx' });
    return true;
  } catch {
    return false;
  }
}

if (isGuest) {
  const { command, option } = PHASES[FAIL_AT];
  const monitor = new Socket({ fd: MONITOR });
  const inner = qemu.stdio[MONITOR];
  for (const stream of [monitor, inner]) stream.on('error', () => {});
  inner.pipe(monitor);
  monitor.on('data', (chunk) => {
    inner.write(chunk);
    if (args.includes(option) && chunk.toString().includes(`"execute":"${command}"`) && isTheOne()) qemu.kill(FAIL_BY);
  });
}
