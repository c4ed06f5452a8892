/** The folder of each room, in the order of the rooms. */
export const ROOMS: Readonly<Record<string, string>>;

/** All TypeScript files of the packages except tests, as paths from the root. */
export function sourceFiles(): string[];

/** The source of a file of `dist/`, as a path from the root. */
export function sourceOf(built: string): string;

/** The entry points of the published package, with those that the pattern of `exports` covers. */
export function publishedEntries(): [entry: string, target: { readonly types: string; readonly default: string }][];

/** The room of a source; `undefined` for a file that belongs to no room. */
export function roomOf(source: string): string | undefined;
