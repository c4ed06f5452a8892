import type { KubeObject } from '../../core/index.ts';

/**
 * Annotations of an object for the controllers that work on it. `pods/pod-rules.ts` has the annotations that only pods
 * have.
 */
export const SIMULATE = {
  /**
   * `true` for all controllers, or names of controllers separated by commas. These controllers leave the object alone
   * while it has the annotation.
   */
  hold: 'typekro.dev/simulate-hold',
  /** The seconds between an event and the work that it causes. */
  delay: 'typekro.dev/simulate-delay-seconds',
  /**
   * On a pod: the way in which its containers fail. On any other object: the reason with which the controllers' work
   * fails.
   */
  failure: 'typekro.dev/simulate-failure',
  /** On an object of a stand-in: the seconds that all steps of the operator's work take together. */
  readyAfter: 'typekro.dev/simulate-ready-after-seconds',
} as const;

const PREFIX = 'typekro.dev/simulate-';

/** The annotation of an object; `undefined` when it is absent or empty. */
export function simulated(object: KubeObject, setting: keyof typeof SIMULATE): string | undefined {
  const { annotations } = object.metadata;
  const value = annotations === undefined ? undefined : annotations[SIMULATE[setting]];
  return value === undefined || value === '' ? undefined : value;
}

/**
 * The value of the annotation in milliseconds; `undefined` when the annotation is absent, negative or not a number.
 */
export function simulatedMs(object: KubeObject, setting: 'delay' | 'readyAfter'): number | undefined {
  const seconds = Number(simulated(object, setting) ?? Number.NaN);
  return Number.isFinite(seconds) && seconds >= 0 ? seconds * 1000 : undefined;
}

/** Does the annotation `hold` of the object stop the work of this controller on the object? */
export function isHeld(object: KubeObject, controller: string): boolean {
  const value = simulated(object, 'hold');
  if (value === undefined || value === 'false') return false;
  return value === 'true' || value.split(',').some((name) => name.trim() === controller);
}

/** Is this an annotation for the simulation? Such an annotation is not copied to other objects. */
export const isSimulation = (annotation: string): boolean => annotation.startsWith(PREFIX);
