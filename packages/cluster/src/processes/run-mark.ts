/** The environment variable by which the processes of a container's run are recognized. Child processes inherit it. */
import { basename } from 'node:path';
import { errorCode, readRegularFile } from '@typekro/kit/core';
import { lacksDescriptors } from '../errors/missing-program.ts';

/** The name of the variable. Its value is the mark of the run. */
export const MARK = 'TYPEKRO_RUN';

/** The prefix of all marks of a cluster. `folder` is the folder of the cluster's pods. */
export const markPrefix = (folder: string): string => `${basename(folder)}-`;

/**
 * Returns the environment of a process: a single NUL character if the system refuses access, and `undefined` if the
 * process has ended.
 */
export function environmentOf(pid: number): string | undefined {
  try {
    return readRegularFile(`/proc/${pid}/environ`).toString('latin1');
  } catch (error) {
    if (lacksDescriptors(error)) throw error;
    return ['EACCES', 'EPERM'].includes(errorCode(error) ?? '') ? '\0' : undefined;
  }
}

/** The number of the run in an environment; `undefined` when the process belongs to no run. */
export function runIn(environment: string, prefix: string): number | undefined {
  const start = `${MARK}=${prefix}`;
  const entry = environment.split('\0').find((each) => each.startsWith(start));
  const text = entry?.slice(start.length) ?? '';
  return /^\d+$/.test(text) ? Number(text) : undefined;
}
