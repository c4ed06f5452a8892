/** The process of a named cluster. `typekro cluster start` starts this process, which outlives the command. */
import { isoTime, TypeKroError } from '@typekro/kit/core';
import { systemClock } from '@typekro/kube';
import { endOnSignal } from '../envtest/process-end.ts';
import { closeInheritedFiles } from './inherited-files.ts';
import { type LaunchReport, type LaunchRequest, NOT_STARTED } from './launch.ts';
import { type ServedCluster, serveCluster } from './serve-cluster.ts';

/** The interval at which the process checks that its folder still exists, in milliseconds. */
const CHECK_FOLDER_MS = 5000;

const log = (text: string): void => console.error(`${isoTime(systemClock.now())} ${text}`);

const report = (message: LaunchReport): void => {
  // The command that started this process may have ended in the meantime.
  if (process.connected) process.send?.(message, () => process.disconnect());
};

async function serve({ folder, settings }: LaunchRequest): Promise<void> {
  let served: ServedCluster | undefined;
  const stop = () => void process.emit('SIGTERM');
  try {
    served = await serveCluster({ env: process.env, folder, settings, onStop: stop });
  } catch (error) {
    const { message, code, remedy } = TypeKroError.from(error, { code: NOT_STARTED });
    if (error instanceof TypeKroError) log(`not started: ${message}`);
    else console.error(error);
    report({ kind: 'failed', message, code, ...(remedy === undefined ? {} : { remedy }) });
    process.exitCode = 1;
    return;
  }
  const cluster = served;
  log(`serving "${folder.name}" at ${cluster.url}, process ${process.pid}`);
  endOnSignal(async () => {
    log('ending');
    await cluster.close();
    log('ended');
  });
  const check = setInterval(() => {
    if (cluster.isHeld()) return;
    clearInterval(check);
    log('the folder of the cluster was removed or replaced; ending');
    stop();
  }, CHECK_FOLDER_MS);
  report({ kind: 'ready' });
}

closeInheritedFiles();
// Node ends a process whose error output cannot be written, for example when the disk of the log is full.
process.stderr.on('error', () => undefined);
process.on('SIGHUP', () => log('a terminal was closed; the cluster continues'));
process.once('message', (request: LaunchRequest) => void serve(request));
