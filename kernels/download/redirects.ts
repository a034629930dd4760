// Follows redirects by apt's rules: only to http and https, never from https to http, and not without end.
import { InfraError } from '../../harness/base/errors.ts';

const MAX_REDIRECTS = 5;
const REDIRECTS: ReadonlySet<number> = new Set([301, 302, 303, 307, 308]);

/** Which hosts may answer. `any`: a digest or a signature verifies the bytes, whoever sends them. `own`: only the mirror's word counts. */
export type Hosts = 'any' | 'own';

/** The next address. @throws InfraError if it may not be followed */
function nextAddress(from: URL, location: string | null, hosts: Hosts): URL {
  const refuse = (reason: string) => new InfraError(`${from.href}: the server redirects ${reason}`);
  if (location === null || !URL.canParse(location, from.href)) throw refuse('to no readable address');
  const to = new URL(location, from);
  if (to.protocol !== 'http:' && to.protocol !== 'https:') throw refuse(`to ${to.href}, which is neither http:// nor https://`);
  if (from.protocol === 'https:' && to.protocol === 'http:')
    throw refuse(`from https to ${to.href}, whose content anyone on the network can change`);
  if (hosts === 'own' && to.host !== from.host)
    throw refuse(`to another host, ${to.host}, but only this mirror is trusted without verification`);
  return to;
}

/**
 * Requests an address and follows its redirects.
 * @throws InfraError for a redirect that is refused, and for too many of them; the errors of fetch
 * @see apt-transport-http(1) and apt-transport-https(1), AllowRedirect
 */
export async function fetchFollowing(url: string, init: RequestInit, hosts: Hosts): Promise<Response> {
  let address = new URL(url);
  for (let followed = 0; followed <= MAX_REDIRECTS; followed += 1) {
    const response = await fetch(address, { ...init, redirect: 'manual' });
    if (!REDIRECTS.has(response.status)) return response;
    await response.body?.cancel();
    address = nextAddress(address, response.headers.get('location'), hosts);
  }
  throw new InfraError(`${url}: the server redirects more than ${MAX_REDIRECTS} times`);
}
