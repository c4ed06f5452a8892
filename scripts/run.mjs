import { spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('..', import.meta.url));

/** Thrown when a command ended with a status other than 0; it printed its own reason. */
class CommandFailed extends Error {}

/** Runs a command in the repository's root with inherited output; rejects unless it exits with 0. */
export function run(command, args, options = {}) {
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, { cwd: root, stdio: 'inherit', ...options });
    child.on('error', reject);
    child.on('exit', (code, signal) => {
      if (code === 0) resolve();
      else reject(new CommandFailed(`${command} ${args.join(' ')} ended with ${signal ?? `status ${code}`}`));
    });
  });
}

/** Runs a script with this Node; the first argument is a path below the root. */
export function runNode(args, options) {
  return run(process.execPath, args, options);
}

/** Runs a script with this Node and tells whether it ended with 0. */
export async function succeeds(args) {
  try {
    await runNode(args);
    return true;
  } catch (error) {
    if (!(error instanceof CommandFailed)) throw error;
    return false;
  }
}

/** Runs the body of a script: a command that failed has said why itself, so the script just ends with 1. */
export async function main(work) {
  try {
    await work();
  } catch (error) {
    if (!(error instanceof CommandFailed)) throw error;
    console.error(error.message);
    process.exit(1);
  }
}
