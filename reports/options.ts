// What a format may be told beside the results.

export interface RenderOptions {
  /** The folder that paths of source files are to be relative to, for example the checked-out repository; '' when there is none. */
  root?: string;
}
