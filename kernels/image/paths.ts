// Paths of a kernel's files in packages of distributions, without a leading slash.

/** The image: in `boot/`, or in the folder of its modules (Debian since 7.2, Fedora, RHEL since 8). */
export function isImagePath(path: string): boolean {
  return /^boot\/vmlinu[xz]-[^/]+$|^(?:usr\/)?lib\/modules\/[^/]+\/vmlinu[xz]$/.test(path);
}

/** The configuration: in `boot/` (Debian up to 7.1), or in the folder of the modules. */
export function isConfigPath(path: string): boolean {
  return /^boot\/config-[^/]+$|^(?:usr\/)?lib\/modules\/[^/]+\/config$/.test(path);
}

/** The list of the modules that are part of the image, a path in each line. @see modules.builtin in Documentation/kbuild/kbuild.rst of the kernel */
export const BUILT_IN_LIST = 'modules.builtin';

export function isBuiltInList(path: string): boolean {
  return /^(?:usr\/)?lib\/modules\/[^/]+\/modules\.builtin$/.test(path);
}

/** A module, compressed or not. */
export function isModulePath(path: string): boolean {
  return /^(?:usr\/)?lib\/modules\/.*\.ko(?:\.(?:gz|xz|zst))?$/.test(path);
}
