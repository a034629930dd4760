// Checks the format of the Go of the loader program with cilium/ebpf, and checks it with go vet for each release.
// usage: node dist/harness/setup/check-cilium.js
import { messageOf } from '../base/errors.ts';
import { LIBRARY_RELEASES } from '../base/loader-name.ts';
import { CILIUM_FOLDER, ciliumBuild, GO_ENVIRONMENT, modulesFlags } from './cilium.ts';
import { run } from './command.ts';
import { MissingCompiler } from './loader-build.ts';

/** Prints what a command says against the sources. Returns whether it says nothing. */
async function finds(command: readonly string[]): Promise<boolean> {
  const { ok, said } = await run(command, { cwd: CILIUM_FOLDER, env: GO_ENVIRONMENT });
  if (!ok || said !== '') process.stdout.write(`${said}\n`);
  return ok && said === '';
}

async function check(): Promise<boolean> {
  const releases = LIBRARY_RELEASES.cilium;
  await Promise.all(releases.map(async (release) => ciliumBuild(release)));
  // gofmt lists files that it would change.
  let isClean = await finds(['gofmt', '-l', '.']);
  for (const release of releases) isClean = (await finds(['go', 'vet', ...modulesFlags(release), '.'])) && isClean;
  process.stdout.write(
    `Go of the loader program with cilium/ebpf ${releases.join(' and ')}: ${isClean ? 'gofmt and go vet find no fault' : 'see above'}\n`,
  );
  return isClean;
}

try {
  process.exitCode = (await check()) ? 0 : 1;
} catch (error) {
  // A contributor without Go still runs all other checks. CI has Go.
  if (!(error instanceof MissingCompiler)) throw error;
  process.stdout.write(`the Go of the loader program with cilium/ebpf is not checked: ${messageOf(error)}\n`);
}
