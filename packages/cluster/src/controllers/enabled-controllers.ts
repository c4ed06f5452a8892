import { getOwn, TypeKroError } from '@typekro/kit/core';
import type { ControllersOptions } from '../cluster-options.ts';
import type { PodSimulation } from '../pods/pod-rule-set.ts';

/** The behaviour of the simulated controllers of a cluster. It can be changed while the controllers run. */
export interface ControllerSettings {
  /** The names of the controllers, including disabled controllers. */
  readonly names: readonly string[];
  /** Disables a controller. A disabled controller does no work and queues none. */
  disable(name: string): void;
  /** Enables a controller again. The controller reconciles all objects, like at its start. */
  enable(name: string): void;
  /** Makes a controller queue its work without doing it. */
  hold(name: string): void;
  /** Makes a held controller do its queued work. */
  release(name: string): void;
  /** Sets the time between an event and the work, in milliseconds of the cluster's clock. */
  delay(name: string, milliseconds: number): void;
  /**
   * Makes the next attempts of a controller fail (default: all attempts). A failed attempt is repeated after one second
   * of the cluster's clock.
   */
  fail(name: string, attempts?: number): void;
}

/** The settings of one controller. */
export interface Behaviour {
  disabled: boolean;
  held: boolean;
  delayMs: number;
  failures: number;
}

/** The name of the controller that creates the ServiceAccount `default` in every namespace. */
export const SERVICE_ACCOUNT_CONTROLLER = 'serviceaccount-controller';

/**
 * Do the options of a cluster enable the controller? Does not check the name, so use it only for built-in controllers,
 * which need no further option.
 */
export function isControllerEnabled(name: string, controllers: boolean | ControllersOptions = true): boolean {
  return typeof controllers === 'boolean' ? controllers : !(controllers.disable?.includes(name) ?? false);
}

/** Makes the error for a name that no controller has. */
export function unknownController(name: string, known: readonly string[]): TypeKroError {
  return new TypeKroError(`no simulated controller is named ${JSON.stringify(name)}`, {
    code: 'cluster/unknown-controller',
    remedy: known.length === 0 ? 'create the cluster with controllers' : `use one of ${known.toSorted().join(', ')}`,
  });
}

/** Returns the behaviour of a controller from the options of the cluster. */
export function behaviourOf(name: string, options: ControllersOptions): Behaviour {
  return {
    disabled: options.disable?.includes(name) ?? false,
    held: options.hold?.includes(name) ?? false,
    delayMs: getOwn(options.delay, name) ?? getOwn(options.delay, '*') ?? 0,
    failures: getOwn(options.fail, name) ?? 0,
  };
}

/** Checks the names of controllers in the options. Throws for a name that is not in `known`. */
export function checkControllerNames(options: ControllersOptions, known: readonly string[]): void {
  const delayed = Object.keys(options.delay ?? {}).filter((name) => name !== '*');
  const mentioned = [
    ...(options.disable ?? []),
    ...(options.hold ?? []),
    ...delayed,
    ...Object.keys(options.fail ?? {}),
  ];
  for (const name of mentioned) if (!known.includes(name)) throw unknownController(name, known);
}

/** The settings of a cluster without controllers. Every method throws, because there are no controller names. */
export const noControllers: ControllerSettings = {
  names: [],
  disable: refuseName,
  enable: refuseName,
  hold: refuseName,
  release: refuseName,
  delay: refuseName,
  fail: refuseName,
};

/** The pod rules of a cluster without controllers. `simulate` throws, because no pod runs in this cluster. */
export const noPods: PodSimulation = {
  simulate() {
    throw new TypeKroError('no pod runs in a cluster without the controllers of workloads', {
      code: 'cluster/no-pods',
      remedy: 'create the cluster with controllers',
    });
  },
};

function refuseName(name: string): never {
  throw unknownController(name, []);
}
