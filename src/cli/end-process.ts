const exitProcess = process.exit.bind(process);

/** Ends the process at once, even while the loader of a user's module replaces `process.exit`. */
export function endProcess(code?: number | string | null): never {
  return exitProcess(code);
}
