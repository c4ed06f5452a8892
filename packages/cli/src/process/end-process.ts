const exitProcess = process.exit.bind(process);

/** Ends the process immediately, even while the loader of user modules has replaced `process.exit`. */
export function endProcess(code?: number | string | null): never {
  return exitProcess(code);
}
