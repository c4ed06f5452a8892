const exitProcess = process.exit.bind(process);

/** Ends the process at once. Does not use `process.exit`, which is replaced while a user's module is loaded. */
export function endProcess(code?: number | string | null): never {
  return exitProcess(code);
}
