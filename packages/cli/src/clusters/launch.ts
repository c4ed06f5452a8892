import { type ChildProcess, fork } from 'node:child_process';
import { closeSync, constants, fstatSync, ftruncateSync } from 'node:fs';
import { dirname } from 'node:path';
import { moduleUrl, NO_FOLLOW, openRegularFile, TypeKroError } from '@typekro/kit/core';
import { type ClusterFolder, inFolder } from './cluster-folder.ts';
import type { ClusterSettings } from './cluster-files.ts';
import { lastLines } from './cluster-view.ts';

const APPEND = constants.O_WRONLY | constants.O_APPEND | constants.O_CREAT | NO_FOLLOW;

/** The message that a command sends to the cluster process that it starts. */
export interface LaunchRequest {
  readonly folder: ClusterFolder;
  readonly settings: ClusterSettings;
}

/** The reply of the cluster process: `ready` when it serves the cluster, or `failed` with the reason. */
export type LaunchReport =
  | { readonly kind: 'ready' }
  | { readonly kind: 'failed'; readonly message: string; readonly code: string; readonly remedy?: string };

/**
 * The error code when the process of a cluster does not start or ends immediately, and the reason has no code of its
 * own.
 */
export const NOT_STARTED = 'cluster/not-started';

/** A new run appends to the log if the log is at most this size, in bytes. A larger log is emptied first. */
const MAX_LOG_BYTES = 1024 * 1024;

/**
 * Starts the process of a cluster, and waits until it serves the cluster. The process has its own session and no
 * terminal, and its output goes to the log of the folder. When the signal aborts, the process ends, too.
 *
 * @throws TypeKroError with the code that the process reports; `cluster/not-started` with the end of the log when the
 *   process ends without a report; `cluster/bundle` when this program has no module for clusters. Rejects with the
 *   signal's reason when the signal aborts.
 */
export async function launchCluster(
  request: LaunchRequest,
  env: Readonly<Record<string, string | undefined>>,
  signal: AbortSignal,
): Promise<void> {
  const url = moduleUrl('cli', 'clusters/server-main');
  if (url === undefined) {
    throw new TypeKroError('this bundle of the command cannot start clusters', {
      code: 'cluster/bundle',
      remedy: 'install the package: npm install typekro',
    });
  }
  signal.throwIfAborted();
  const log = inFolder(env, request.folder, () => openRegularFile(request.folder.log, APPEND, 0o600));
  let child: ChildProcess;
  try {
    if (fstatSync(log).size > MAX_LOG_BYTES) ftruncateSync(log);
    // These variables change or delay Node. The user sets them for other programs, not for this process.
    const { NODE_OPTIONS: _options, NODE_EXTRA_CA_CERTS: _certificates, ...others } = env;
    const folder = dirname(request.folder.path);
    child = fork(url, { cwd: folder, env: others, execArgv: [], detached: true, stdio: ['ignore', log, log, 'ipc'] });
  } finally {
    closeSync(log);
  }
  const stop = () => child.kill('SIGTERM');
  signal.addEventListener('abort', stop, { once: true });
  try {
    await answerOf(child, request, signal);
  } finally {
    signal.removeEventListener('abort', stop);
    if (child.connected) child.disconnect();
    child.unref();
  }
}

function answerOf(child: ChildProcess, request: LaunchRequest, signal: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('message', (report: LaunchReport) => {
      if (report.kind === 'ready') return resolve();
      const { message, ...details } = report;
      reject(new TypeKroError(message, details));
    });
    child.once('exit', (code, by) => {
      if (signal.aborted) return reject(signal.reason as Error);
      const lines = lastLines(request.folder.log).map((line) => `\n  ${line}`);
      const message = `the process of the cluster ended (${code === null ? by : `exit code ${code}`}) before it was ready${lines.length === 0 ? '' : `; the end of its log:${lines.join('')}`}`;
      reject(new TypeKroError(message, { code: NOT_STARTED, remedy: `read ${request.folder.log}` }));
    });
    child.send(request, (error) => {
      // If the process has ended, the `exit` handler reports the error.
      if (error !== null && child.exitCode === null && child.signalCode === null) reject(error);
    });
  });
}
