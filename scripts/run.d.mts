/** Runs Node with these arguments (flags, then a script), in the repository's root. Rejects unless its exit code is 0. */
export function runNode(args: readonly string[], options?: object): Promise<void>;

/** Runs the body of a script. When a command fails, names the command and exits with 1, without a stack trace. */
export function main(work: () => Promise<void>): Promise<void>;
