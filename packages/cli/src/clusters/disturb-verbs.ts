import type { Diagnostic, JsonObject, JsonValue } from '@typekro/kit/core';
import {
  count,
  hasErrors,
  isJsonObject,
  stringifyJson,
  tryParseJson,
  TypeKroError,
  nearestName,
} from '@typekro/kit/core';
import { parseDefinitions, Path } from '@typekro/engine/graph';
import { type CommandContext, type CommandInput, ExitCode, textOption, usageError } from '../command.ts';
import { parseDuration } from '../parse-duration.ts';
import { readSources } from '../generate/read-sources.ts';
import { reportPrinter } from '../instance/print-report.ts';
import { printableLine } from '@typekro/app/text';
import { printDiagnostics } from '../checks/print-diagnostics.ts';
import type { RunningRecord } from './cluster-files.ts';
import { type ControlOptions, control } from './control-client.ts';
import type { ControlAction } from './control-protocol.ts';
import { MAX_ADVANCE_MS, MAX_PAUSE_MS } from './disturb.ts';
import { readFaultRules } from './read-fault-rules.ts';
import { type ShownRule, missingRule } from './held-faults.ts';
import { answeringCluster } from './running-cluster.ts';

const ACTIONS = ['add', 'remove', 'clear'];

/** Runs `typekro cluster faults NAME [add FILE… | remove RULE… | clear]`. */
export async function faults(
  context: CommandContext,
  input: CommandInput,
  [cluster = '', action, ...names]: readonly string[],
): Promise<number> {
  const print = reportPrinter(context, input, ['env']);
  const { record } = await answeringCluster(context, cluster);
  refuseUnknownAction(action, names);
  const requests: ControlRequest[] = [];
  if (action === undefined) requests.push({ action: 'faults' });
  if (action === 'clear') requests.push({ action: 'clearFaults' });
  if (action === 'remove') {
    const removed = new Set(names);
    // Checks all names first, so that a wrong name removes no rule.
    if (removed.size > 1) requireRules(await sendControl(record, { action: 'faults' }, context), removed);
    for (const name of removed) requests.push({ action: 'removeFault', name });
  }
  if (action === 'add') {
    const { rules, diagnostics, texts } = await rulesOf(context, names);
    printDiagnostics(context, diagnostics, texts);
    if (hasErrors(diagnostics)) return ExitCode.diagnostics;
    requests.push({ action: 'addFaults', body: Buffer.from(stringifyJson({ schemaVersion: 1, rules })) });
  }
  const rules: ShownRule[] = [];
  for (const request of requests) rules.push(...rulesIn(await sendControl(record, request, context)));
  print({
    data: { schemaVersion: 1, cluster, rules },
    lines: () => (rules.length === 0 ? [`${cluster} has no faults`] : ruleLines(rules, action)),
    forms: { env: () => environmentLines(record) },
  });
  return ExitCode.ok;
}

/** Runs `typekro cluster clock NAME [DURATION]`. */
export async function clock(
  context: CommandContext,
  input: CommandInput,
  [cluster = '', duration]: readonly string[],
): Promise<number> {
  const print = reportPrinter(context, input);
  const { record } = await answeringCluster(context, cluster);
  const time = await sendControl(record, duration === undefined ? { action: 'clock' } : advance(duration), context);
  const { now, aheadMs } = time;
  print({
    data: { schemaVersion: 1, cluster, now, aheadMs },
    lines: () => [
      `${cluster}: ${String(now)}${aheadMs === 0 ? '' : `, ${Number(aheadMs) / 1000} s ahead of this machine`}`,
    ],
  });
  return ExitCode.ok;
}

/** Runs `typekro cluster restart NAME [--pause DURATION]`. */
export async function restart(
  context: CommandContext,
  input: CommandInput,
  [cluster = '']: readonly string[],
): Promise<number> {
  const print = reportPrinter(context, input);
  const { record } = await answeringCluster(context, cluster);
  const pauseMs = parseDuration(textOption(input, 'pause') ?? '0s', '--pause', MAX_PAUSE_MS);
  await sendControl(record, { action: 'restart', body: Buffer.from(`{"pause":"${pauseMs}ms"}`) }, context);
  print({
    data: { schemaVersion: 1, cluster, url: record.url, pauseMs },
    lines: () => [`${cluster} serves again at ${record.url}; all connections were closed`],
  });
  return ExitCode.ok;
}

/** A request to the control interface. */
type ControlRequest = { readonly action: ControlAction } & Pick<ControlOptions, 'body' | 'name'>;

const advance = (duration: string): ControlRequest => ({
  action: 'advanceClock',
  body: Buffer.from(stringifyJson({ advance: `${parseDuration(duration, '', MAX_ADVANCE_MS)}ms` })),
});

async function sendControl(
  record: RunningRecord,
  { action, ...options }: ControlRequest,
  { signal }: CommandContext,
): Promise<JsonObject> {
  const answer = tryParseJson((await control(record, action, { ...options, signal })).toString('utf8'));
  return isJsonObject(answer) ? answer : {};
}

const rulesIn = ({ rules }: JsonObject): readonly ShownRule[] =>
  Array.isArray(rules) ? (rules as unknown as ShownRule[]) : [];

function requireRules(listed: JsonObject, names: ReadonlySet<string>): void {
  const known = rulesIn(listed).map(({ name }) => name);
  for (const name of names) {
    if (known.includes(name)) continue;
    const { message, code, remedy = '' } = missingRule(name, known);
    throw new TypeKroError(`${message}; no rule was removed`, { code, remedy });
  }
}

/** Shell commands that set the address and the token of the control interface as variables. */
const environmentLines = ({ controlPort, controlToken }: RunningRecord): readonly string[] => [
  `export TYPEKRO_CONTROL_URL='http://127.0.0.1:${controlPort}/v1'`,
  `export TYPEKRO_CONTROL_TOKEN='${controlToken}'`,
];

function ruleLines(rules: readonly ShownRule[], action: string | undefined): readonly string[] {
  const word = action === 'add' ? 'added ' : action === undefined ? '' : 'removed ';
  return rules.map(({ name, rule, hits, active }) => {
    const { match = {}, fault } = rule;
    const state = active ? '' : ', used up';
    return printableLine(
      `${word}${name}: ${stringifyJson(fault ?? {})} for ${stringifyJson(match)}, ${count(hits, 'hit')}${state}`,
    );
  });
}

function refuseUnknownAction(action: string | undefined, names: readonly string[]): void {
  const write = 'write typekro cluster faults NAME [add FILE… | remove RULE… | clear]';
  if (action === undefined) return;
  if (!ACTIONS.includes(action)) {
    const near = nearestName(action, ACTIONS);
    throw usageError(
      `${action} is not one of ${ACTIONS.join(', ')}`,
      near === undefined ? write : `did you mean ${near}?`,
    );
  }
  if ((action === 'clear') === (names.length === 0)) return;
  throw usageError(
    action === 'clear' ? `there are too many arguments: ${names.join(' ')}` : 'an argument is missing',
    write,
  );
}

/** Reads rules from files, with their problems. A file may contain several YAML documents. */
async function rulesOf(context: CommandContext, names: readonly string[]) {
  const reader = {
    name: 'cluster faults',
    what: 'rules of faults',
    program: 'write the rules in YAML or JSON',
    helm: 'helm template CHART > faults.yaml, and pass the resulting file',
  };
  const { texts, diagnostics } = await readSources(names, context.cwd, () => context.readInput(), reader);
  const found: Diagnostic[] = [...diagnostics];
  const rules: JsonValue[] = [];
  for (const [file, text] of hasErrors(diagnostics) ? [] : texts) {
    const parsed = parseDefinitions(text, file);
    for (const each of parsed.diagnostics) found.push(each);
    if (parsed.documents.length === 0 && parsed.diagnostics.length === 0) {
      found.push({ ...mistake('the file has no rules'), source: { file, line: 1, column: 1 } });
    }
    for (const document of parsed.documents) {
      const read = readFaultRules(document.value ?? null, (path, message, hint, key = false) => {
        found.push({
          ...mistake(message, hint),
          ...(path.length === 0 ? {} : { path: Path.format(path) }),
          source: key ? document.keyPosition(path) : document.position(path),
        });
      });
      for (const { source } of read) rules.push(source);
    }
  }
  return { rules, diagnostics: found, texts };
}

const mistake = (message: string, hint?: string): Diagnostic => ({
  code: 'cluster/faults',
  severity: 'error',
  message,
  ...(hint === undefined ? {} : { hint }),
});
