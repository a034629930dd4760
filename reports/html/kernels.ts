// The kernels of a run and their sources.
import { agentsUsed, libraryOf } from '../../harness/results/loaders-used.ts';
import type { KernelResult, Results } from '../../harness/results/schema.ts';
import { trustText } from '../model/kernel-trust.ts';
import { kernelAnchor } from './anchors.ts';
import { html, type Html } from './html.ts';

const DIGEST_LENGTH = 12;

function digest(sha256: string | null): Html {
  return sha256 === null ? html`—` : html`<code title="${sha256}">${sha256.slice(0, DIGEST_LENGTH)}</code>`;
}

function rowOf(kernel: KernelResult): Html {
  const { boot, btf } = kernel;
  const trust = trustText(kernel.trust);
  const notes = [...(trust === null ? [] : [trust]), ...kernel.notes];
  return html`<tr id="${kernelAnchor(kernel.id)}">
    <th scope="row">${kernel.release ?? html`${kernel.id} <small>(did not boot)</small>`}</th>
    <td>${kernel.version}</td>
    <td>${kernel.arch}</td>
    <td>${kernel.package ? html`${kernel.package.name}<br /><small>${kernel.package.version}</small>` : kernel.distribution}</td>
    <td class="number">${btf ? `${(btf.size / 2 ** 20).toFixed(1)} MiB` : 'none'}</td>
    <td class="number">${boot ? `${boot.durationMs.toFixed(0)} ms` : '—'}</td>
    <td>${digest(kernel.sha256)}</td>
    <td>${kernel.selector}${notes.map((note) => html`<br /><small>${note}</small>`)}</td>
  </tr>`;
}

/** A table of all kernels. */
export function kernelTable(results: Results): Html {
  const heads = ['Release', 'Version', 'Architecture', 'Package', 'BTF', 'Boot', 'SHA-256', 'Asked for as'];
  return html`<div class="scroll" tabindex="0" role="region" aria-label="Kernels">
    <table class="kernels">
      <thead>
        <tr>
          ${heads.map((head) => html`<th scope="col">${head}</th>`)}
        </tr>
      </thead>
      <tbody>
        ${results.kernels.map(rowOf)}
      </tbody>
    </table>
  </div>`;
}

/** How the run was made: host, QEMU, accelerator, loaders. */
export function runFacts(results: Results): Html {
  const { run } = results;
  const { host } = run;
  const facts: readonly (readonly [string, string])[] = [
    ['Command', run.command.join(' ')],
    ['Time', `${run.startedAt} to ${run.finishedAt}`],
    ['Run', run.id],
    ['Guests', run.isolation === 'snapshot' ? 'restored from a snapshot for each object' : 'booted for each object'],
    ['Accelerator', `${host.accel}: ${host.accelReason}`],
    ['Host', `${host.os}, ${host.cpus} CPUs, ${host.memoryMiB} MiB, QEMU ${host.qemu}, Node ${host.node}`],
    ...agentsUsed(results).map((agent) => {
      const { library, release } = libraryOf(agent);
      const origin = agent.library === undefined ? `, ${agent.libbpfOrigin}` : '';
      return [library, `${release}${origin}; agent ${agent.sha256.slice(0, DIGEST_LENGTH)}`] as const;
    }),
  ];
  return html`<dl>
    ${facts.map(
      ([name, value]) =>
        html`<div>
          <dt>${name}</dt>
          <dd>${value}</dd>
        </div>`,
    )}
  </dl>`;
}
