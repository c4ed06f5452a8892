import { constants } from 'node:os';

/** The numbers of the first and the last real-time signal of Linux. */
const FIRST_REAL_TIME = 34;
const LAST_REAL_TIME = 64;

const REAL_TIME = /^SIGRT(?:MIN(?:\+(\d{1,2}))?|MAX(?:-(\d{1,2}))?)$/;

/**
 * The number of a signal by its name in Kubernetes, such as `SIGTERM` or `SIGRTMIN+3`; `undefined` when the system has
 * no such signal.
 */
export function signalNumber(name: string, platform: string): number | undefined {
  if (name === 'SIGCLD') return constants.signals.SIGCHLD;
  const numbers: Readonly<Record<string, number>> = constants.signals;
  if (Object.hasOwn(numbers, name)) return numbers[name];
  const match = REAL_TIME.exec(name);
  if (match === null || platform !== 'linux') return undefined;
  const number = name.startsWith('SIGRTMIN')
    ? FIRST_REAL_TIME + Number(match[1] ?? 0)
    : LAST_REAL_TIME - Number(match[2] ?? 0);
  return number >= FIRST_REAL_TIME && number <= LAST_REAL_TIME ? number : undefined;
}
