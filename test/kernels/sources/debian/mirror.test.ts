// Tests of the choice of mirrors, from settings of the user and from the output of apt.
import { describe, expect, it } from 'vitest';
import { debianMirrors, parseAptUris, parseMirrorAddresses } from '../../../../kernels/sources/debian/mirror.ts';

const APT = `'http://mirror.example/debian/dists/bookworm/InRelease' mirror.example_debian_dists_bookworm_InRelease 0 
'http://mirror.example/debian/dists/bookworm-updates/InRelease' mirror.example_debian_dists_bookworm-updates_InRelease 0 
'http://mirror.example/debian-security/dists/bookworm-security/InRelease' x 0 
'http://other.example/old-security/dists/buster/updates/InRelease' x 0 
'https://third.example/apt/dists/cloud-sdk-bookworm/InRelease' x 0 
'http://third.example/ubuntu/dists/noble/InRelease' x 0 
'http://mirror.example/debian/dists/bookworm/main/binary-amd64/Packages.xz' x 0 
'file:/srv/debian/dists/bookworm/InRelease' x 0 
not a line of apt`;

describe('mirrors', () => {
  it('mirrors are read from the output of apt: only Debian mirrors, each once', () => {
    expect(parseAptUris(APT)).toEqual([
      { archive: 'debian', base: 'http://mirror.example/debian' },
      { archive: 'debian-security', base: 'http://mirror.example/debian-security' },
      { archive: 'debian-security', base: 'http://other.example/old-security' },
    ]);
    expect(parseAptUris('')).toEqual([]);
  });

  it('mirrors from an address include the security archive beside it, unless another is given', () => {
    expect(parseMirrorAddresses(['http://a.example/debian/'])).toEqual([
      { archive: 'debian', base: 'http://a.example/debian' },
      { archive: 'debian-security', base: 'http://a.example/debian-security' },
    ]);
    expect(parseMirrorAddresses(['http://a.example/debian', 'http://b.example/debian-security'])).toEqual([
      { archive: 'debian', base: 'http://a.example/debian' },
      { archive: 'debian-security', base: 'http://b.example/debian-security' },
    ]);
    expect(parseMirrorAddresses(['http://a.example/'])).toEqual([{ archive: 'debian', base: 'http://a.example' }]);
  });

  it('a mirror without a valid address is refused', () => {
    expect(() => parseMirrorAddresses(['mirror.example/debian'])).toThrowErrorMatchingInlineSnapshot(
      `[UserError: 'mirror.example/debian' is not the address of a Debian mirror: expected http:// or https://]`,
    );
    expect(() => parseMirrorAddresses(['ftp://mirror.example/debian'])).toThrowErrorMatchingInlineSnapshot(
      `[UserError: 'ftp://mirror.example/debian' is not the address of a Debian mirror: expected http:// or https://]`,
    );
  });

  it('a machine without apt needs the name of a mirror, and the error says what to type', async () => {
    const { PATH } = process.env;
    process.env['PATH'] = '/nonexistent';
    try {
      await expect(debianMirrors(undefined, {})).rejects.toThrowErrorMatchingInlineSnapshot(
        `[UserError: this machine has no apt-get; name a Debian mirror: --mirror URL, COREMATRIX_DEBIAN_MIRROR=URL or "mirrors:" in corematrix.yaml; its address is that of the folder that contains dists/ and pool/ (name the security archive, too, if it is not beside it)]`,
      );
    } finally {
      process.env['PATH'] = PATH;
    }
  });

  it('mirrors of the command-line option precede those of the environment variable', async () => {
    const env = { COREMATRIX_DEBIAN_MIRROR: 'http://a.example/x, http://a.example/debian-security' };
    expect(await debianMirrors(undefined, env)).toEqual([
      { archive: 'debian', base: 'http://a.example/x' },
      { archive: 'debian-security', base: 'http://a.example/debian-security' },
    ]);
    expect(await debianMirrors(['http://b.example/x'], env)).toEqual([{ archive: 'debian', base: 'http://b.example/x' }]);
  });
});
