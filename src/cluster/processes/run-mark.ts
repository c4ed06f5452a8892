/** The variable by which the processes of a run of a container are recognized. Children inherit it. */
import { readFileSync } from 'node:fs';
import { basename } from 'node:path';
import { errorCode } from '../../core/index.ts';
import { isShortOfFiles } from './process-table.ts';

/** The name of the variable. Its value is the mark of the run. */
export const MARK = 'TYPEKRO_RUN';

/** The beginning of the marks of a cluster. `folder` is the folder of its pods. */
export const markPrefix = (folder: string): string => `${basename(folder)}-`;

/** The environment of a process; a NUL when the system refuses it, `undefined` when the process has ended. */
export function environmentOf(pid: number): string | undefined {
  try {
    return readFileSync(`/proc/${pid}/environ`, 'latin1');
  } catch (error) {
    if (isShortOfFiles(error)) throw error;
    return ['EACCES', 'EPERM'].includes(errorCode(error) ?? '') ? '\0' : undefined;
  }
}

/** The number of the run in an environment; `undefined` for the environment of a process of no run. */
export function runIn(environment: string, prefix: string): number | undefined {
  const start = `${MARK}=${prefix}`;
  const entry = environment.split('\0').find((each) => each.startsWith(start));
  const text = entry?.slice(start.length) ?? '';
  return /^\d+$/.test(text) ? Number(text) : undefined;
}
