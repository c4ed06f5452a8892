import { signal } from '@preact/signals';
import { duration } from '@typekro/kit/kubernetes';
import { clockOffsetMs } from '../data/session.ts';

/** The pause between two updates of ages, in milliseconds. */
const TICK_MS = 5000;

const now = signal(Date.now());

/** Updates the ages of the page while it is visible. */
export function startClock(): void {
  setInterval(() => {
    if (!document.hidden) now.value = Date.now();
  }, TICK_MS);
}

/** The age of a time of the server (RFC 3339) in kubectl's short form; empty without a time. */
export function ageOf(time: string | undefined): string {
  if (time === undefined || time === '') return '';
  // The clocks of the server and the browser can differ, so a negative age counts as 0.
  return duration(Math.max(0, now.value + clockOffsetMs.value - Date.parse(time)));
}
