import { TypeKroError, nearestName, remedyForName } from '@typekro/kit/core';
import type { DeployCallOptions, FactoryOptions, Mode, RetryPolicy } from '../deploy-engine.ts';

/** The values that an option takes: a description, an example and a test. */
interface Taken {
  readonly what: string;
  readonly example: string;
  readonly is: (value: unknown) => boolean;
}

type Table = Readonly<Record<string, Taken>>;

const TEXT: Taken = {
  what: 'a non-empty string',
  example: "'shop'",
  is: (value) => typeof value === 'string' && value !== '',
};
const FLAG: Taken = { what: 'true or false', example: 'false', is: (value) => typeof value === 'boolean' };
const MILLISECONDS: Taken = {
  what: 'a number of milliseconds above 0',
  example: '60_000',
  is: (value) => typeof value === 'number' && value > 0,
};
const COUNT: Taken = {
  what: 'a number of at least 0',
  example: '3',
  is: (value) => typeof value === 'number' && value >= 0,
};
const FUNCTION: Taken = {
  what: 'a function',
  example: '(event) => console.log(event.message)',
  is: (value) => typeof value === 'function',
};
const SIGNAL: Taken = {
  what: 'an AbortSignal',
  example: 'AbortSignal.timeout(60_000)',
  is: (value) => value instanceof AbortSignal,
};

/** An option whose value is an object with members. */
const objectSuchAs = (example: string): Taken => ({
  what: 'an object',
  example,
  is: (value) => typeof value === 'object' && value !== null && !Array.isArray(value),
});

/** An option that is checked where it is used. */
const ANYTHING: Taken = { what: 'anything', example: '…', is: () => true };

/** The values that each option takes. The TypeScript compiler checks that the tables are complete. */
const FACTORY_OPTIONS: Readonly<Record<keyof FactoryOptions, Taken>> = {
  namespace: TEXT,
  instanceNamespace: TEXT,
  timeout: MILLISECONDS,
  waitForReady: FLAG,
  target: ANYTHING,
  createNamespace: FLAG,
  progressCallback: FUNCTION,
  eventMonitoring: objectSuchAs('{ enabled: true }'),
  kubeConfig: ANYTHING,
  transport: ANYTHING,
  skipTLSVerify: FLAG,
  retryPolicy: objectSuchAs('{ maxRetries: 3 }'),
  allowBreakingChanges: FLAG,
  abortSignal: SIGNAL,
  aspects: ANYTHING,
};

/** Options of a single call of a factory, such as `deploy`. */
const CALL_OPTIONS: Readonly<Record<keyof DeployCallOptions, Taken>> = {
  timeout: MILLISECONDS,
  abortSignal: SIGNAL,
  onEvent: FUNCTION,
};

const RETRY_POLICY: Readonly<Record<keyof RetryPolicy, Taken>> = {
  maxRetries: COUNT,
  backoffMultiplier: COUNT,
  initialDelay: MILLISECONDS,
  maxDelay: MILLISECONDS,
};

/** Options of the earlier SDK that are ignored, because they change no result here. */
const NEEDLESS = new Set(['hydrateStatus', 'debugLogging', 'strictCelDiagnostics', 'autoFix', 'httpTimeouts']);

/** Options of the earlier SDK that changed the deployed objects, with their replacements. They are refused. */
const SUPERSEDED: ReadonlyMap<string, string> = new Map([
  ['applyPolicy', 'leave it out: objects are applied by server-side apply, and objects of another owner are refused'],
  [
    'closures',
    'make each object of the closure a resource of the composition (createResource, for each document of a file)',
  ],
  [
    'kroPrerequisites',
    'make the prerequisites resources of the composition, or deploy them first with another composition',
  ],
  ['plan', 'pass aspects with the option aspects'],
  ['alchemyKubeConfig', 'pass kubeConfig to the KroResource'],
]);

/**
 * Checks the options of a call, like `checkFactoryOptions`. Unknown options are refused, because a deletion that
 * ignored a limiting option could delete too many objects.
 *
 * @throws TypeKroError `compose/unknown-option`, or `compose/invalid-option` for a value that the option does not take.
 */
export function checkedCall(options: DeployCallOptions = {}): DeployCallOptions {
  const name = Object.keys(options).find((each) => !Object.hasOwn(CALL_OPTIONS, each));
  if (name !== undefined)
    throw new TypeKroError(`a call of a factory has no option "${name}"`, {
      code: 'compose/unknown-option',
      remedy: `${remedyForName(name, CALL_OPTIONS)}; an instance is deployed and deleted as a whole`,
    });
  checkValues(options, CALL_OPTIONS, '');
  return options;
}

/**
 * Checks the name of an instance that a caller gave, and returns it.
 *
 * @throws TypeKroError `compose/invalid-option` for a value that is not a string, or is empty.
 */
export function checkedName(name: unknown, call: string): string {
  if (typeof name === 'string' && name !== '') return name;
  const given = typeof name === 'object' && name !== null && 'name' in name && typeof name.name === 'string';
  throw new TypeKroError(`${call} takes the name of an instance, not ${shown(name)}`, {
    code: 'compose/invalid-option',
    remedy: given
      ? `pass its name: ${call.replace('()', '')}(${shown(name.name)})`
      : 'getInstances() lists the instances and their names',
  });
}

/** Options that do not apply to a graph, which has neither instances nor a kind. Each option has its remedy. */
const NOT_OF_GRAPHS: Readonly<Record<string, string>> = {
  instanceNamespace: 'leave it out: a graph has no instance; the option namespace says where its objects are',
  allowBreakingChanges: 'leave it out: a graph has no kind whose schema can change',
};

/**
 * Checks the options of the factory of a graph, like `checkFactoryOptions`.
 *
 * @throws TypeKroError as `checkFactoryOptions`; `compose/unknown-option` also for an option that does not apply
 * to a graph.
 */
export function checkGraphFactoryOptions(options: object): void {
  checkFactoryOptions(options);
  for (const [name, remedy] of Object.entries(NOT_OF_GRAPHS)) {
    if (!Object.hasOwn(options, name) || options[name as keyof typeof options] === undefined) continue;
    throw new TypeKroError(`the factory of a graph has no option "${name}"`, {
      code: 'compose/unknown-option',
      remedy,
    });
  }
}

/**
 * Refuses unknown options, options of the earlier SDK that changed the deployed objects, and values that an option does
 * not take.
 *
 * @throws TypeKroError `compose/invalid-option`, `compose/unknown-option`, or `compose/superseded-option` for an option
 * of the earlier SDK that changed the deployed objects.
 */
export function checkFactoryOptions(options: object): void {
  for (const name of Object.keys(options)) {
    if (Object.hasOwn(FACTORY_OPTIONS, name) || NEEDLESS.has(name)) continue;
    const remedy = SUPERSEDED.get(name);
    throw remedy === undefined
      ? new TypeKroError(`a factory has no option "${name}"`, {
          code: 'compose/unknown-option',
          remedy: remedyForName(name, FACTORY_OPTIONS),
        })
      : new TypeKroError(`the option "${name}" of a factory was removed`, {
          code: 'compose/superseded-option',
          remedy,
        });
  }
  checkValues(options, FACTORY_OPTIONS, '');
  const { retryPolicy } = options as FactoryOptions;
  if (retryPolicy === undefined) return;
  const name = Object.keys(retryPolicy).find((each) => !Object.hasOwn(RETRY_POLICY, each));
  if (name !== undefined)
    throw new TypeKroError(`the option retryPolicy has no member "${name}"`, {
      code: 'compose/unknown-option',
      remedy: remedyForName(name, RETRY_POLICY),
    });
  checkValues(retryPolicy, RETRY_POLICY, 'retryPolicy.');
}

function checkValues(options: object, table: Table, prefix: string): void {
  for (const [name, value] of Object.entries(options) as [string, unknown][]) {
    const taken = Object.hasOwn(table, name) ? table[name] : undefined;
    if (taken === undefined || value === undefined || taken.is(value)) continue;
    throw new TypeKroError(`the option ${prefix}${name} takes ${taken.what}, not ${shown(value)}`, {
      code: 'compose/invalid-option',
      remedy: `write e.g. ${name}: ${taken.example}`,
    });
  }
}

/** Formats a value for a message. Objects, lists and functions are named by their kind. */
function shown(value: unknown): string {
  if (typeof value === 'string') return `'${value}'`;
  if (typeof value === 'object' && value !== null) return Array.isArray(value) ? 'a list' : 'an object';
  return typeof value === 'function' ? 'a function' : String(value);
}

/**
 * Checks the mode of a factory. `what` names the composition or graph, `supported` the modes that its author allows.
 */
export function checkMode(mode: Mode, what: string, supported: readonly Mode[] | undefined): void {
  if (mode !== 'direct' && mode !== 'kro') {
    const near = nearestName(String(mode), ['direct', 'kro']);
    throw new TypeKroError(`there is no factory mode "${String(mode)}"`, {
      code: 'compose/mode',
      remedy: near === undefined ? 'use "direct" or "kro"' : `did you mean "${near}"?`,
    });
  }
  if (supported === undefined || supported.includes(mode)) return;
  throw new TypeKroError(`${what} does not support mode ${mode}`, {
    code: 'compose/mode',
    remedy: `use ${supported.join(' or ')}`,
  });
}
