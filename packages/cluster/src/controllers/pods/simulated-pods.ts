import type { KubeObject } from '@typekro/kit/core';

/**
 * Annotations on an object for the simulated controllers that work on it. The annotations that only pods have are in
 * `pods/pod-rules.ts`.
 */
export const SIMULATE = {
  /**
   * `true` for all controllers, or names of controllers separated by commas. These controllers do not work on the
   * object while it has the annotation.
   */
  hold: 'typekro.dev/simulate-hold',
  /** The seconds between an event and the work that it causes. */
  delay: 'typekro.dev/simulate-delay-seconds',
  /**
   * On a pod, the way in which its containers fail. On any other object, the reason with which the controllers' work
   * fails.
   */
  failure: 'typekro.dev/simulate-failure',
  /** On an object of a stand-in, the total time of all steps of the operator's work, in seconds. */
  readyAfter: 'typekro.dev/simulate-ready-after-seconds',
} as const;

const PREFIX = 'typekro.dev/simulate-';

/** Returns the value of an object's annotation, or `undefined` when it is absent or empty. */
export function simulated(object: KubeObject, setting: keyof typeof SIMULATE): string | undefined {
  return object.metadata.annotations?.[SIMULATE[setting]] || undefined;
}

/** Returns the annotation's value in milliseconds, or `undefined` when it is absent, negative or not a number. */
export function simulatedMs(object: KubeObject, setting: 'delay' | 'readyAfter'): number | undefined {
  const seconds = Number(simulated(object, setting) ?? Number.NaN);
  return Number.isFinite(seconds) && seconds >= 0 ? seconds * 1000 : undefined;
}

/** Does the object's annotation `hold` stop the work of this controller on the object? */
export function isHeld(object: KubeObject, controller: string): boolean {
  const value = simulated(object, 'hold');
  if (value === undefined || value === 'false') return false;
  return value === 'true' || value.split(',').some((name) => name.trim() === controller);
}

/** Is this an annotation for the simulation? Such annotations are not copied to other objects. */
export const isSimulation = (annotation: string): boolean => annotation.startsWith(PREFIX);
