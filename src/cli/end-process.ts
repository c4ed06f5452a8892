const exitProcess = process.exit.bind(process);

/** Ends the process at once. `process.exit` itself may be out of reach: a module of the user's that is being loaded may not end the command. */
export function endProcess(code?: number | string | null): never {
  return exitProcess(code);
}
