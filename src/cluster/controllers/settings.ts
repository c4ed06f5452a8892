import { getOwn, TypeKroError } from '../../core/index.ts';
import type { ControllersOptions } from '../options.ts';
import type { PodSimulation } from '../pods/pod-rule-set.ts';

/** The behaviour of the simulated controllers of a cluster. It can be changed while the controllers run. */
export interface ControllerSettings {
  /** The names of the controllers, disabled ones included. */
  readonly names: readonly string[];
  /** Disables a controller. A disabled controller does no work and collects none. */
  disable(name: string): void;
  /** Enables a controller again. As at its start, it reconciles all objects. */
  enable(name: string): void;
  /** Lets a controller collect work without doing it. */
  hold(name: string): void;
  /** Lets a held controller do the work that it has collected. */
  release(name: string): void;
  /** Sets the time between an event and the work, in milliseconds of the cluster's clock. */
  delay(name: string, milliseconds: number): void;
  /**
   * Makes the next attempts of a controller fail (default: all attempts). A failed attempt is repeated after a second
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

/** The name of the controller that gives every namespace its account `default`. */
export const SERVICE_ACCOUNT_CONTROLLER = 'serviceaccount-controller';

/** Do the options of a cluster enable the controller? The controller must be one that every cluster has. */
export function isControllerEnabled(name: string, controllers: boolean | ControllersOptions = true): boolean {
  return typeof controllers === 'boolean' ? controllers : !(controllers.disable?.includes(name) ?? false);
}

/** The error for a name that no controller has. */
export function unknownController(name: string, known: readonly string[]): TypeKroError {
  return new TypeKroError(`no simulated controller is named ${JSON.stringify(name)}`, {
    code: 'cluster/unknown-controller',
    remedy: known.length === 0 ? 'create the cluster with controllers' : `use one of ${known.toSorted().join(', ')}`,
  });
}

/** The behaviour of a controller by the options of the cluster. */
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

/** The settings of a cluster without controllers. Every method throws, because no name is known. */
export const noControllers: ControllerSettings = {
  names: [],
  disable: refuseName,
  enable: refuseName,
  hold: refuseName,
  release: refuseName,
  delay: refuseName,
  fail: refuseName,
};

/** The rules for pods of a cluster without controllers. No pod runs in it, so `simulate` throws. */
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
