import { TypeKroError } from '../../core/index.ts';
import type { ControllersOptions } from '../options.ts';

/** How the simulated controllers of a cluster behave; can be changed while they run. */
export interface ControllerSettings {
  /** Names of the controllers, those switched off among them. */
  readonly names: readonly string[];
  /** Switches a controller off: it neither works nor gathers work. */
  disable(name: string): void;
  /** Switches a controller on again: it looks at everything there is, as one that was just started. */
  enable(name: string): void;
  /** Lets a controller gather work without doing it. */
  hold(name: string): void;
  /** Lets a held controller do what it gathered. */
  release(name: string): void;
  /** How long the controller waits between an event and the work, in milliseconds of the cluster's clock. */
  delay(name: string, milliseconds: number): void;
  /** Lets the next attempts of a controller fail; each is tried again after a second of the cluster's clock. */
  fail(name: string, attempts?: number): void;
}

/** What one controller was told. */
export interface Behaviour {
  disabled: boolean;
  held: boolean;
  delayMs: number;
  failures: number;
}

/** The error for a name that no controller has. */
export function unknownController(name: string, known: readonly string[]): TypeKroError {
  return new TypeKroError(`no simulated controller is named ${JSON.stringify(name)}`, {
    code: 'cluster/unknown-controller',
    remedy: known.length === 0 ? 'create the cluster with controllers' : `use one of ${known.toSorted().join(', ')}`,
  });
}

/** The behaviour that the options ask of a controller. Throws when they name one that does not exist. */
export function behaviourOf(name: string, options: ControllersOptions): Behaviour {
  return {
    disabled: options.disable?.includes(name) ?? false,
    held: options.hold?.includes(name) ?? false,
    delayMs: own(options.delay, name) ?? own(options.delay, '*') ?? 0,
    failures: own(options.fail, name) ?? 0,
  };
}

/** Every name that the options mention must be one of `known`. */
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

function own(values: Readonly<Record<string, number>> | undefined, name: string): number | undefined {
  return values !== undefined && Object.hasOwn(values, name) ? values[name] : undefined;
}

/** The settings of a cluster without controllers: every name is unknown. */
export const noControllers: ControllerSettings = {
  names: [],
  disable: refuseName,
  enable: refuseName,
  hold: refuseName,
  release: refuseName,
  delay: refuseName,
  fail: refuseName,
};

function refuseName(name: string): never {
  throw unknownController(name, []);
}
