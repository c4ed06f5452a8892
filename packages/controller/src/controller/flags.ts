import { readFeatureGates } from './feature-gates.ts';
import { KroLevel } from '@typekro/engine/graph';
import { goParseDurationMs, goQuote } from '@typekro/kit/golang';
import { isDnsLabel, isDnsSubdomain } from '@typekro/kit/kubernetes';
import { type FlagType, readFlagValue, readInteger } from './flag-value.ts';
import { isAddress } from './probes.ts';
import { readPublisherKey } from './definition/definition-signature.ts';

export type { FlagType } from './flag-value.ts';

type Problem = (text: string) => string | undefined;

/** A flag of the controller's command line. kro has the flag, or this project adds it. */
export interface ControllerFlag {
  readonly name: string;
  readonly type: FlagType;
  /** The default that the help shows. Durations have Go's notation. */
  readonly default: string;
  readonly description: string;
  /** Returns the problem of a value; `undefined` for a valid value. */
  readonly problem?: (text: string) => string | undefined;
  /** The flag is accepted for compatibility and has no effect. */
  readonly ignored?: true;
}

const flag = (name: string, type: FlagType, value: string, description: string, problem?: Problem): ControllerFlag => ({
  name,
  type,
  default: value,
  description,
  ...(problem === undefined ? {} : { problem }),
});
const ignored = (name: string, type: FlagType, value: string, description: string): ControllerFlag => ({
  ...flag(name, type, value, description),
  ignored: true,
});

const matching =
  (pattern: RegExp, wanted: string): Problem =>
  (text) =>
    pattern.test(text) ? undefined : wanted;
const AT_LEAST_ONE: Problem = (text) => ((readInteger(text) ?? 0) > 0 ? undefined : 'must be a number above 0');
/**
 * The version becomes a label of every object. The API server would refuse every object with an invalid version. In the
 * label, each `+` becomes `-`.
 */
const VERSION = matching(
  /^([A-Za-z0-9]([-+_.A-Za-z0-9]{0,61}[A-Za-z0-9])?)?$/,
  'must have at most 63 letters, digits, "-", "_", "." and "+", and begin and end with a letter or digit',
);
const ACCOUNT_NAME: Problem = (text) =>
  text === '' || isDnsSubdomain(text) ? undefined : 'must be the name of a ServiceAccount';
const NAMESPACE_NAME: Problem = (text) =>
  text === '' || isDnsLabel(text) ? undefined : 'must be the name of a namespace';
const PUBLISHER_KEYS: Problem = (text) =>
  text === ''
    ? undefined
    : text
        .split(',')
        .map(readPublisherKey)
        .find((each) => typeof each === 'string');
const isLevel = (text: string): boolean => KroLevel.LEVELS.some((level) => level === text);
const ADDRESS: Problem = (text) =>
  text === '' || text === '0' || isAddress(text) ? undefined : 'write e.g. :8078 or 127.0.0.1:8078';

/** All flags, in the order of the help. kro's flags are in kro's order; most additions follow them. */
export const CONTROLLER_FLAGS: readonly ControllerFlag[] = [
  flag('metrics-bind-address', 'text', ':8078', 'Where metrics are served; 0 turns them off.', ADDRESS),
  flag('health-probe-bind-address', 'text', ':8079', 'Where /healthz and /readyz are served.', ADDRESS),
  ignored('pprof-bind-address', 'text', ':6060', 'The controller is not a Go program, so it has no Go profiler.'),
  flag('leader-elect', 'boolean', 'false', 'Work only while holding the Lease.'),
  flag(
    'leader-election-namespace',
    'text',
    '',
    'Namespace of the Lease; empty: the namespace of the pod, or of the context.',
  ),
  flag(
    'leader-election-lease-duration',
    'duration',
    '15s',
    'Time after which another replica may take a Lease that is not renewed.',
  ),
  flag(
    'leader-election-renew-deadline',
    'duration',
    '10s',
    'Time after which a leader that cannot renew the Lease stops.',
  ),
  flag('leader-election-retry-period', 'duration', '2s', 'Interval between attempts to renew or take the Lease.'),
  ignored('enable-controller-warmup', 'boolean', 'false', 'A replica fills its caches when it begins to lead.'),
  flag('allow-crd-deletion', 'boolean', 'false', 'Delete the generated CRD together with its definition.'),
  flag(
    'graceful-shutdown-timeout',
    'duration',
    '1m0s',
    'Time within which running passes may still finish at shutdown; below 0: no limit.',
  ),
  flag(
    'resource-graph-definition-concurrent-reconciles',
    'integer',
    '4',
    'Maximum number of definitions reconciled at the same time.',
    AT_LEAST_ONE,
  ),
  ignored(
    'graph-revision-concurrent-reconciles',
    'integer',
    '1',
    'Revisions are reconciled together with their definition.',
  ),
  flag(
    'dynamic-controller-concurrent-reconciles',
    'integer',
    '32',
    'Maximum number of instances reconciled at the same time.',
    AT_LEAST_ONE,
  ),
  ignored('dynamic-controller-rate-limiter-min-delay', 'duration', '200ms', 'The pauses between retries are fixed.'),
  ignored('dynamic-controller-rate-limiter-max-delay', 'duration', '16m40s', 'The pauses between retries are fixed.'),
  ignored(
    'dynamic-controller-rate-limiter-rate-limit',
    'integer',
    '10',
    'Retries have no limit of their own; client-qps limits all requests.',
  ),
  ignored(
    'dynamic-controller-rate-limiter-burst-limit',
    'integer',
    '100',
    'Retries have no limit of their own; client-burst limits all requests.',
  ),
  ignored(
    'dynamic-controller-default-resync-period',
    'integer',
    '36000',
    'Watches need no resync; only writes whose values a webhook or a policy changes are repeated, with pauses up to 10 hours.',
  ),
  ignored('dynamic-controller-default-queue-max-retries', 'integer', '20', 'Failed work is always retried.'),
  ignored('instance-requeue-interval', 'duration', '3s', 'The controller watches everything that it waits for.'),
  ignored('rgd-progress-requeue-delay', 'duration', '3s', 'The controller watches everything that it waits for.'),
  flag('rgd-max-collection-size', 'integer', '1000', 'Maximum number of items in one collection.'),
  flag('rgd-max-collection-dimension-size', 'integer', '10', 'Maximum number of dimensions in one forEach.'),
  flag(
    'rgd-max-graph-revisions',
    'integer',
    '5',
    'Number of revisions that are kept per definition; 0 or less keeps all.',
  ),
  flag('client-qps', 'number', '0', 'Requests per second; 0 sets no limit.'),
  flag('client-burst', 'integer', '150', 'Maximum burst of requests, where client-qps sets a limit.'),
  flag('feature-gates', 'text', '', 'E.g. CELOmitFunction=true,CELNow=true.', (text) => readFeatureGates(text).problem),
  flag(
    'graph-concurrent-reconciles',
    'integer',
    '32',
    'Maximum number of Graphs reconciled at the same time.',
    AT_LEAST_ONE,
  ),
  ignored(
    'apply-concurrency',
    'integer',
    '20',
    'Flag of kro 0.10. Ignored: the items of a collection are written together.',
  ),
  flag(
    'cel-cost-limit',
    'integer',
    '0',
    'Maximum cost of one expression; a definition can set a lower limit. With 0, a definition can set a limit of up to 10,000,000; a definition that sets none has the default of the engine.',
  ),
  flag(
    'controller-namespace',
    'text',
    '',
    'Namespace of the ServiceAccount of the controller; needed by the gate GraphKind.',
    NAMESPACE_NAME,
  ),
  flag(
    'controller-service-account',
    'text',
    '',
    'ServiceAccount of the controller, which no Graph may name; needed by the gate GraphKind.',
    ACCOUNT_NAME,
  ),
  ignored(
    'watch-sync-timeout',
    'duration',
    '30s',
    'Flag of kro after 0.10. Ignored: a watch that does not start is reported.',
  ),
  flag(
    'kro-compatibility',
    'text',
    KroLevel.DEFAULT,
    `The release of kro, ${KroLevel.LEVELS.join(' or ')}, whose visible behaviour applies where the releases differ.`,
    (text) => (isLevel(text) ? undefined : `must be ${KroLevel.LEVELS.join(' or ')}`),
  ),
  flag(
    'zap-log-level',
    'text',
    'info',
    'debug, info, warn or error. panic means error, and a number above 0 means debug.',
    matching(
      /^(debug|info|warn|error|panic|[1-9]\d*)$/i,
      'must be debug, info, warn, error, panic or a number above 0',
    ),
  ),
  flag(
    'zap-encoder',
    'text',
    'json',
    'Form of the log: json or console.',
    matching(/^(json|console)$/, 'must be json or console'),
  ),
  ignored('zap-devel', 'boolean', 'false', 'The log has no mode for development.'),
  ignored('zap-stacktrace-level', 'text', 'error', 'Only internal errors have a stack trace in the log.'),
  ignored('zap-time-encoding', 'text', 'iso8601', 'Times are always ISO 8601.'),
  flag('version-label', 'text', 'devel', 'The version in labels and in the tooling annotation.', VERSION),
  flag(
    'instance-service-account',
    'text',
    '',
    "ServiceAccount in the instance's namespace that reads and writes its children; empty: the controller's own.",
    ACCOUNT_NAME,
  ),
  flag(
    'template-namespaces',
    'text',
    'any',
    'Namespaces for objects of templates: any, or instance (the namespace of the instance).',
    matching(/^(any|instance)$/, 'must be any or instance'),
  ),
  flag(
    'shards',
    'integer',
    '0',
    'Number of shards, each with a Lease, that divide definitions among replicas; 0: one replica works on all.',
    matching(/^(\d|[1-9]\d|1\d\d|2[0-4]\d|25[0-6])$/, 'must be a number from 0 to 256'),
  ),
  flag(
    'dashboard-bind-address',
    'text',
    '',
    'Address of the dashboard, which reviews the token of each caller; empty or 0: off.',
    ADDRESS,
  ),
  flag(
    'dashboard-hosts',
    'text',
    '',
    'Additional host names of the dashboard, separated by commas; localhost is always one.',
  ),
  flag(
    'opentelemetry-traces',
    'boolean',
    'false',
    'Report passes, decisions, writes and API requests as OpenTelemetry spans; needs the package @opentelemetry/api.',
  ),
  flag(
    'conversion-service',
    'text',
    '',
    'Service (namespace/name) by which the API server reaches conversion-bind-address; empty: no kind has several versions.',
    matching(/^$|^[a-z0-9-]{1,63}\/[a-z0-9-]{1,63}$/, 'must be NAMESPACE/NAME'),
  ),
  flag(
    'conversion-url',
    'text',
    '',
    'HTTPS address, such as https://host:9443, by which API servers reach a controller outside of the cluster, in place of conversion-service; that one still names the Secret with the certificates.',
    matching(/^$|^https:\/\/[^/?#@]+$/, 'must be https://HOST:PORT without a path'),
  ),
  flag('conversion-bind-address', 'text', ':9443', 'Where conversions are served over HTTPS.', ADDRESS),
  flag(
    'migration-qps',
    'integer',
    '20',
    'Maximum number of objects per second that are written again after a change of the stored version.',
    AT_LEAST_ONE,
  ),
  flag(
    'publisher-keys',
    'text',
    '',
    'Public keys, separated by commas: each the lines between BEGIN and END of a file such as cosign.pub, without line breaks. A definition that none of them has signed (typekro push --sign-definitions) is not served; empty: any is.',
    PUBLISHER_KEYS,
  ),
  flag('inspect-bind-address', 'text', '', 'Loopback address of the read-only interface; empty or 0: off.', ADDRESS),
];

/** The number of characters of an invalid value that an error shows. Those of a private key are behind more. */
const MAX_SHOWN_VALUE = 40;

/** A parsed command line. */
export interface ParsedFlags {
  /** The values of the given flags by name: a boolean, a number, the milliseconds of a duration, or a string. */
  readonly values: ReadonlyMap<string, boolean | number | string>;
  /** The given flags that are marked as ignored and have a valid value. The caller logs them once. */
  readonly ignored: readonly string[];
  /** Warnings about the given flags. The caller logs them once. */
  readonly warnings: readonly string[];
  /** The errors of the command line, including missing required flags. */
  readonly errors: readonly string[];
}

/** The text of a flag: the given one, or the default. */
export function flagText({ values }: ParsedFlags, name: string): string {
  const value = values.get(name);
  return typeof value === 'string' ? value : (CONTROLLER_FLAGS.find((entry) => entry.name === name)?.default ?? '');
}

/**
 * Parses flags as Go programs do: with one or two dashes, as `--name=value` or `--name value`. A boolean flag needs no
 * value, and `--` ends the flags. An invalid value is an error, even when a later occurrence of the flag is valid.
 */
export function parseControllerFlags(args: readonly string[]): ParsedFlags {
  const byName = new Map(CONTROLLER_FLAGS.map((entry) => [entry.name, entry]));
  const values = new Map<string, boolean | number | string>();
  const ignoredNames: string[] = [];
  const errors: string[] = [];
  for (let at = 0; at < args.length; at += 1) {
    if (args[at] === '--') {
      errors.push(...args.slice(at + 1).map((text) => `unexpected argument: ${text}`));
      break;
    }
    const match = /^--?([^=]+)(?:=(.*))?$/s.exec(args[at] ?? '');
    const entry = match?.[1] === undefined ? undefined : byName.get(match[1]);
    if (entry === undefined) {
      errors.push(`${match === null ? 'unexpected argument' : 'unknown flag'}: ${args[at] ?? ''}`);
      continue;
    }
    let text = match?.[2];
    if (text === undefined && entry.type === 'boolean') text = 'true';
    if (text === undefined) {
      at += 1;
      text = args[at];
    }
    if (text === undefined) {
      errors.push(`flag needs an argument: --${entry.name} (${formOf(entry)})`);
      continue;
    }
    const problem = entry.problem?.(text);
    const value = problem === undefined ? readFlagValue(entry.type, text) : undefined;
    if (value === undefined) {
      const why = problem === undefined ? ` (${formOf(entry)})` : `: ${problem}`;
      // A long text can be a secret, such as a private key in place of a public one.
      const shown = text.length > MAX_SHOWN_VALUE ? `${text.slice(0, MAX_SHOWN_VALUE)}…` : text;
      errors.push(`invalid value ${goQuote(shown)} for --${entry.name}${why}`);
    } else if (entry.ignored === true) ignoredNames.push(entry.name);
    else values.set(entry.name, value);
  }
  const gates = values.get('feature-gates');
  const { warnings, features } = readFeatureGates(typeof gates === 'string' ? gates : '');
  const accountErrors = features.graphKind ? accountProblems(values) : [];
  return {
    values,
    ignored: ignoredNames,
    warnings,
    errors: [...errors, ...electionProblems(values), ...accountErrors],
  };
}

const formOf = ({ type }: ControllerFlag): string => (type === 'duration' ? 'duration, e.g. 30s' : type);

/**
 * Errors when the gate GraphKind is on and the account of the controller is not known. A Graph that named this account
 * would have the rights of the controller.
 */
function accountProblems(values: ParsedFlags['values']): string[] {
  const missing = ['controller-namespace', 'controller-service-account'].filter(
    (name) => (values.get(name) ?? '') === '',
  );
  if (missing.length === 0) return [];
  const flags = missing.map((name) => `--${name}`).join(' and ');
  return [`the feature gate GraphKind requires ${flags}, so that no Graph can use the account of the controller`];
}

/** The jitter factor of client-go: a renew deadline must be longer than the retry period times this factor. */
const JITTER_FACTOR = 1.2;

/**
 * Errors for unsafe times of an election: two replicas could lead at the same time, or no leader could keep the Lease.
 */
function electionProblems(values: ParsedFlags['values']): string[] {
  const takesPart = values.get('leader-elect') === true || Number(values.get('shards') ?? 0) > 0;
  if (!takesPart) return [];
  const [lease, renew, retry] = (['lease-duration', 'renew-deadline', 'retry-period'] as const).map((name) => {
    const flagName = `leader-election-${name}`;
    const value = values.get(flagName);
    const standard = CONTROLLER_FLAGS.find((entry) => entry.name === flagName)?.default ?? '';
    return { name: `--${flagName}`, value: typeof value === 'number' ? value : (goParseDurationMs(standard) ?? 0) };
  });
  if (lease === undefined || renew === undefined || retry === undefined) return [];
  if (retry.value <= 0) return [`${retry.name} must be above 0`];
  if (renew.value <= JITTER_FACTOR * retry.value)
    return [`${renew.name} must be more than ${JITTER_FACTOR} times ${retry.name}`];
  if (lease.value <= renew.value) return [`${lease.name} must be longer than ${renew.name}`];
  return [];
}
