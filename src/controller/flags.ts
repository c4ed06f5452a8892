import { parseGoDuration } from './go-duration.ts';
import type { ControllerOptions } from './options.ts';

/** What a flag takes. */
export type FlagType = 'boolean' | 'integer' | 'number' | 'duration' | 'text';

/** A flag of the controller's command line, as kro has it or as we add it. */
export interface ControllerFlag {
  readonly name: string;
  readonly type: FlagType;
  /** Shown in help; durations as Go writes them. */
  readonly default: string;
  readonly description: string;
  /** What a text has to look like. */
  readonly pattern?: RegExp;
  /** Accepted for compatibility, without effect: our controller needs none. */
  readonly ignored?: true;
}

const flag = (name: string, type: FlagType, value: string, description: string, pattern?: RegExp): ControllerFlag => ({
  name,
  type,
  default: value,
  description,
  ...(pattern === undefined ? {} : { pattern }),
});
const ignored = (name: string, type: FlagType, value: string, description: string): ControllerFlag => ({
  ...flag(name, type, value, description),
  ignored: true,
});

/** All flags: kro's, in its order, then ours. */
export const CONTROLLER_FLAGS: readonly ControllerFlag[] = [
  flag('metrics-bind-address', 'text', ':8078', 'Where metrics are served; 0 turns them off.'),
  flag('health-probe-bind-address', 'text', ':8079', 'Where /healthz and /readyz are served.'),
  ignored('pprof-bind-address', 'text', ':6060', 'A profiler of Go programs.'),
  flag('leader-elect', 'boolean', 'false', 'Work only while holding the Lease.'),
  flag('leader-election-namespace', 'text', '', 'Namespace of the Lease; empty: the namespace of the pod.'),
  flag('leader-election-lease-duration', 'duration', '15s', 'When others may take a Lease that is not renewed.'),
  flag('leader-election-renew-deadline', 'duration', '10s', 'When a leader that cannot renew stops.'),
  flag('leader-election-retry-period', 'duration', '2s', 'How often the Lease is renewed or tried for.'),
  ignored('enable-controller-warmup', 'boolean', 'false', 'Fill caches before leading.'),
  flag('allow-crd-deletion', 'boolean', 'false', 'Delete the generated CRD together with its definition.'),
  flag('graceful-shutdown-timeout', 'duration', '1m0s', 'How long work under way may take to end.'),
  flag('resource-graph-definition-concurrent-reconciles', 'integer', '4', 'Definitions worked on at the same time.'),
  ignored('graph-revision-concurrent-reconciles', 'integer', '1', 'Revisions are worked on with their definition.'),
  flag('dynamic-controller-concurrent-reconciles', 'integer', '32', 'Instances worked on at the same time.'),
  ignored('dynamic-controller-rate-limiter-min-delay', 'duration', '200ms', 'Shortest pause between retries.'),
  ignored('dynamic-controller-rate-limiter-max-delay', 'duration', '16m40s', 'Longest pause between retries.'),
  ignored('dynamic-controller-rate-limiter-rate-limit', 'integer', '10', 'Retries per second.'),
  ignored('dynamic-controller-rate-limiter-burst-limit', 'integer', '100', 'Retries at once.'),
  ignored('dynamic-controller-default-resync-period', 'integer', '36000', 'Watches need no resync.'),
  ignored('dynamic-controller-default-queue-max-retries', 'integer', '20', 'No work is ever given up.'),
  ignored('instance-requeue-interval', 'duration', '3s', 'Everything waited for is watched.'),
  ignored('rgd-progress-requeue-delay', 'duration', '3s', 'Everything waited for is watched.'),
  flag('rgd-max-collection-size', 'integer', '1000', 'Most items of one collection.'),
  flag('rgd-max-collection-dimension-size', 'integer', '10', 'Most dimensions of one forEach.'),
  flag('rgd-max-graph-revisions', 'integer', '5', 'Revisions kept of a definition; 0 or less keeps all.'),
  flag('client-qps', 'number', '0', 'Requests per second; 0 sets no limit.'),
  flag('client-burst', 'integer', '150', 'Requests at once, where client-qps sets a limit.'),
  flag('feature-gates', 'text', '', 'E.g. CELOmitFunction=true,CELNow=true.'),
  flag('zap-log-level', 'text', 'info', 'debug, info or error; a number above 0 is debug.'),
  ignored('zap-encoder', 'text', 'json', 'Entries are always JSON.'),
  ignored('zap-devel', 'boolean', 'false', 'Defaults of the Go logger for development.'),
  ignored('zap-stacktrace-level', 'text', 'error', 'Stack traces of the Go logger.'),
  ignored('zap-time-encoding', 'text', 'iso8601', 'Times are always ISO 8601.'),
  flag('version-label', 'text', 'devel', 'Version that labels and the tooling annotation carry.'),
  flag(
    'instance-service-account',
    'text',
    '',
    "ServiceAccount of the instance's namespace as which its children are read and written; empty: the controller's own.",
    /^([a-z0-9]([-.a-z0-9]{0,251}[a-z0-9])?)?$/,
  ),
  flag(
    'template-namespaces',
    'text',
    'any',
    'Where templates may put objects: any or instance (its own namespace alone).',
    /^(any|instance)$/,
  ),
  flag('inspect-bind-address', 'text', '', 'Loopback address of the read-only interface; empty: off.'),
];

/** What a command line says. */
export interface ParsedFlags {
  /** Values given, by flag name: boolean, number, milliseconds of a duration, or text. */
  readonly values: ReadonlyMap<string, boolean | number | string>;
  /** Flags given that have no effect, to be logged once. */
  readonly ignored: readonly string[];
  /** What is wrong, for a usage error. */
  readonly errors: readonly string[];
}

/** Reads flags as Go programs do: one or two dashes, `--name=value` or `--name value`, booleans alone. */
export function parseControllerFlags(args: readonly string[]): ParsedFlags {
  const byName = new Map(CONTROLLER_FLAGS.map((entry) => [entry.name, entry]));
  const values = new Map<string, boolean | number | string>();
  const without: string[] = [];
  const errors: string[] = [];
  for (let at = 0; at < args.length; at += 1) {
    const match = /^--?([^=]+)(?:=(.*))?$/s.exec(args[at] ?? '');
    const entry = match?.[1] === undefined ? undefined : byName.get(match[1]);
    if (entry === undefined) {
      errors.push(`unknown flag: ${args[at] ?? ''}`);
      continue;
    }
    let text = match?.[2];
    if (text === undefined && entry.type === 'boolean') text = 'true';
    if (text === undefined) {
      at += 1;
      text = args[at];
    }
    const fits = text !== undefined && entry.pattern?.test(text) !== false;
    const value = fits && text !== undefined ? readValue(entry.type, text) : undefined;
    if (value === undefined)
      errors.push(`invalid value ${JSON.stringify(text ?? '')} for --${entry.name} (${entry.type})`);
    else if (entry.ignored === true) without.push(entry.name);
    else values.set(entry.name, value);
  }
  return { values, ignored: without, errors };
}

function readValue(type: FlagType, text: string): boolean | number | string | undefined {
  switch (type) {
    case 'boolean':
      if (['1', 't', 'T', 'TRUE', 'true', 'True'].includes(text)) return true;
      return ['0', 'f', 'F', 'FALSE', 'false', 'False'].includes(text) ? false : undefined;
    case 'integer':
      return /^[+-]?\d{1,15}$/.test(text) ? Number(text) : undefined;
    case 'number':
      return /^[+-]?\d+(\.\d+)?$/.test(text) ? Number(text) : undefined;
    case 'duration':
      return parseGoDuration(text);
    default:
      return text;
  }
}

/** Gates of kro and of ours that turn parts of the expression language on. */
export function featuresOf(gates: string): Required<NonNullable<ControllerOptions['features']>> {
  const on = new Set(
    gates
      .split(',')
      .map((gate) => gate.trim().split('='))
      .filter(([, value]) => value?.toLowerCase() === 'true')
      .map(([name]) => name),
  );
  return {
    omit: on.has('CELOmitFunction'),
    now: on.has('CELNow'),
    conditionEvents: on.has('InstanceConditionEvents'),
    conditionMetrics: on.has('InstanceConditionMetrics'),
  };
}
