import type { StatusCondition } from '../kubernetes/index.ts';
import type { Readiness } from './model.ts';

/** Ready. */
export function current(reason = 'Ready', message = ''): Readiness {
  return { ready: true, failed: false, state: 'current', reason, message };
}

/** Not ready yet. */
export function inProgress(reason: string, message: string): Readiness {
  return { ready: false, failed: false, state: 'inProgress', reason, message };
}

/** Not ready, and not going to be without a change. */
export function failed(reason: string, message: string): Readiness {
  return { ready: false, failed: true, state: 'failed', reason, message };
}

/** Being deleted. */
export function terminating(message: string): Readiness {
  return { ready: false, failed: false, state: 'terminating', reason: 'Terminating', message };
}

/** What a condition says where it is the reason for not being ready. */
export function said(type: string, { status, reason, message }: StatusCondition): string {
  const text = [reason, message].filter((part) => part !== '').join(': ');
  return `condition ${type} is ${status === '' ? 'not set' : status}${text === '' ? '' : ` (${text})`}`;
}

/** `3 of 5 replicas are ready` */
export function progress(done: number, wanted: number, what: string): string {
  return `${done} of ${wanted} ${what}`;
}
