import { TypeKroError } from '../core/index.ts';
import type { DeployCallOptions, FactoryOptions } from './deploy-engine.ts';
import { suggest } from './trace/refusal.ts';

/** Every option that has a meaning. The compiler keeps the list complete. */
const KNOWN: Readonly<Record<keyof FactoryOptions, true>> = {
  namespace: true,
  instanceNamespace: true,
  timeout: true,
  waitForReady: true,
  target: true,
  hydrateStatus: true,
  createNamespace: true,
  progressCallback: true,
  eventMonitoring: true,
  kubeConfig: true,
  transport: true,
  skipTLSVerify: true,
  retryPolicy: true,
  allowBreakingChanges: true,
  abortSignal: true,
  aspects: true,
};

/** Options of the SDK before this one that nothing is lost without. */
const NEEDLESS = new Set(['debugLogging', 'strictCelDiagnostics', 'autoFix', 'httpTimeouts']);

/** Options of the SDK before this one whose absence would change what is deployed, and what there is instead. */
const SUPERSEDED: ReadonlyMap<string, string> = new Map([
  ['applyPolicy', 'leave it out: objects are applied on the server’s side, and those of another owner are refused'],
  [
    'closures',
    'make what the closure makes a resource of the composition (createResource, for each document of a file)',
  ],
  ['kroPrerequisites', 'make them resources of the composition, or deploy them by a composition of their own before'],
  ['plan', 'pass aspects by the option of that name'],
  ['alchemyKubeConfig', 'pass kubeConfig to the KroResource'],
]);

/** Options of one call. */
const CALL_OPTIONS: Readonly<Record<keyof DeployCallOptions, true>> = {
  timeout: true,
  abortSignal: true,
  onEvent: true,
};

/**
 * As `checkFactoryOptions`, for the options of a call: scopes that are not heeded would delete too much.
 *
 * @throws TypeKroError `compose/unknown-option`.
 */
export function checkedCall(options: DeployCallOptions = {}): DeployCallOptions {
  const name = Object.keys(options).find((each) => !Object.hasOwn(CALL_OPTIONS, each));
  if (name === undefined) return options;
  throw new TypeKroError(`a call of a factory has no option "${name}"`, {
    code: 'compose/unknown-option',
    remedy: `${remedyFor(name, Object.keys(CALL_OPTIONS))}; an instance is deployed and deleted as a whole`,
  });
}

/**
 * Refuses what would be ignored in silence.
 *
 * @throws TypeKroError `compose/unknown-option`, or `compose/superseded-option` for one of the SDK before this one that
 * would have changed what is deployed.
 */
export function checkFactoryOptions(options: object): void {
  for (const name of Object.keys(options)) {
    if (Object.hasOwn(KNOWN, name) || NEEDLESS.has(name)) continue;
    const remedy = SUPERSEDED.get(name);
    throw remedy === undefined
      ? new TypeKroError(`a factory has no option "${name}"`, {
          code: 'compose/unknown-option',
          remedy: remedyFor(name, Object.keys(KNOWN)),
        })
      : new TypeKroError(`the option "${name}" of a factory is gone`, { code: 'compose/superseded-option', remedy });
  }
}

function remedyFor(name: string, known: readonly string[]): string {
  const near = suggest(name, known);
  return near === undefined ? `the options are ${known.join(', ')}` : `did you mean "${near}"?`;
}
