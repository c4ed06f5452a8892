import type { KubeObject } from '../../core/index.ts';

/** What annotations of an object ask of the controllers that work on it. */
export const SIMULATE = {
  /** `true`, or names of controllers with commas between: they leave the object alone while it is there. */
  hold: 'typekro.dev/simulate-hold',
  /** Seconds between an event and the work that it makes necessary. */
  delay: 'typekro.dev/simulate-delay-seconds',
  /** On a pod: how its containers fail. On other objects: the reason with which the controllers' work fails. */
  failure: 'typekro.dev/simulate-failure',
  /** On a pod: seconds between start and readiness. */
  readyAfter: 'typekro.dev/simulate-ready-after-seconds',
  /** On a pod: seconds that its containers run before they end, with success unless they are made to fail. */
  run: 'typekro.dev/simulate-run-seconds',
} as const;

const PREFIX = 'typekro.dev/simulate-';

/** The annotation of an object; `undefined` when it is absent or empty. */
export function simulated(object: KubeObject, setting: keyof typeof SIMULATE): string | undefined {
  const { annotations } = object.metadata;
  const value = annotations === undefined ? undefined : annotations[SIMULATE[setting]];
  return value === undefined || value === '' ? undefined : value;
}

/** The annotation in milliseconds; `undefined` when it is absent or no number of seconds. */
export function simulatedMs(object: KubeObject, setting: 'delay' | 'readyAfter' | 'run'): number | undefined {
  const seconds = Number(simulated(object, setting) ?? Number.NaN);
  return Number.isFinite(seconds) && seconds >= 0 ? seconds * 1000 : undefined;
}

/** Does the object ask this controller to leave it alone? */
export function isHeld(object: KubeObject, controller: string): boolean {
  const value = simulated(object, 'hold');
  if (value === undefined || value === 'false') return false;
  return value === 'true' || value.split(',').some((name) => name.trim() === controller);
}

/** Is this the name of an annotation that concerns the simulation? It is not handed on to other objects. */
export const isSimulation = (annotation: string): boolean => annotation.startsWith(PREFIX);
