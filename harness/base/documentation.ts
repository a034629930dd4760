// Where the documentation is on the web.

/** The address of the repository, as package.json names it (a test keeps them equal); null if it names none. */
export const REPOSITORY: string | null = null;

/**
 * The address of a heading in a page of the documentation; null without a repository.
 * @param path from the root of the repository
 */
export function documentationAddress(path: string, heading: string, repository: string | null = REPOSITORY): string | null {
  return repository === null ? null : `${repository}/blob/main/${path}#${heading}`;
}
