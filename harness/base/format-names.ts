// The formats of a report by name, apart from what renders them, which configuration and command line need not load.

export const FORMAT_NAMES = ['html', 'json', 'junit', 'markdown', 'github', 'sarif', 'ctrf', 'tap'] as const;
export type FormatName = (typeof FORMAT_NAMES)[number];

/** What a report folder holds when nothing else is said. Of results.json everything else can be made again, so it is always there. */
export const DEFAULT_FORMATS: readonly FormatName[] = ['html', 'json', 'junit', 'markdown'];
