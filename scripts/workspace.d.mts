/** The source of a file of `dist/`, as a path from the root. */
export function sourceOf(built: string): string;
