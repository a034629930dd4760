// The names of report formats, apart from the renderers: configuration and command line load faster without those.

export const FORMAT_NAMES = ['html', 'json', 'junit', 'markdown', 'github', 'sarif', 'ctrf', 'tap', 'badge', 'shields'] as const;
export type FormatName = (typeof FORMAT_NAMES)[number];

/** The default formats of a report folder. It always holds results.json, from which all other formats can be made again. */
export const DEFAULT_FORMATS: readonly FormatName[] = ['html', 'json', 'junit', 'markdown'];
