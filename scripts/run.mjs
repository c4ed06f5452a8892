import { spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('..', import.meta.url));

/** Thrown when a command ended with an exit code other than 0, or when a signal ended it. */
class CommandFailed extends Error {}

/** Runs a command in the repository's root with inherited output. Rejects unless its exit code is 0. */
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

/** Runs Node with these arguments (flags, then a script), in the repository's root. */
export function runNode(args, options) {
  return run(process.execPath, args, options);
}

/** Runs Node with these arguments, as `runNode` does. Returns whether its exit code is 0. */
export async function succeeds(args, options) {
  try {
    await runNode(args, options);
    return true;
  } catch (error) {
    if (!(error instanceof CommandFailed)) throw error;
    return false;
  }
}

/** Runs the body of a script. When a command fails, names the command and exits with 1, without a stack trace. */
export async function main(work) {
  try {
    await work();
  } catch (error) {
    if (!(error instanceof CommandFailed)) throw error;
    console.error(error.message);
    process.exit(1);
  }
}
