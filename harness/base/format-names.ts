// The formats of a report by name, apart from what renders them, which configuration and command line need not load.

export const FORMAT_NAMES = ['html', 'json', 'junit', 'markdown', 'github', 'sarif', 'ctrf', 'tap'] as const;
export type FormatName = (typeof FORMAT_NAMES)[number];

/** The default formats of a report folder. It always holds results.json, from which all other formats can be made again. */
export const DEFAULT_FORMATS: readonly FormatName[] = ['html', 'json', 'junit', 'markdown'];
