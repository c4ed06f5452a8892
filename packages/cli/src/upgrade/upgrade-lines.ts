import { count, listed } from '@typekro/kit/core';
import { printableLine, tableLines } from '@typekro/app/text';
import { instanceLines } from '../plan/printed/instance-lines.ts';
import type { PlanView } from '../plan/printed/object-lines.ts';
import {
  type DefinitionCheck,
  type GraphCheck,
  type LevelCheck,
  type Refusal,
  type UpgradeCheck,
  isChanged,
  isGraphNewlyRefused,
  isNewlyRefused,
} from '@typekro/app/upgrade';

/**
 * Formats the check as lines of text: a table of definitions and the details of each, the same for Graphs, and the
 * totals.
 */
export function upgradeLines(check: UpgradeCheck, view: PlanView): string[] {
  const { paint } = view;
  const { source, definitions, graphs, version, limits } = check;
  const from = `${source.kind}: ${source.name}${source.version === undefined ? '' : ` (${source.version})`}`;
  const head = `${paint.strong('Upgrade check')}  controller of typekro ${version}   ${from}`;
  const sums = [
    ...(definitions.length === 0 ? [] : [sumLine(check)]),
    ...(graphs.length === 0 ? [] : [`Graphs: ${sumOf(graphs.map(graphWord))}.`]),
  ];
  return [
    head,
    '',
    ...(definitions.length === 0 ? ['There are no definitions.'] : definitionLines(definitions, view)),
    ...(graphs.length === 0 ? [] : graphLines(graphs, view)),
    ...(sums.length === 0 ? [] : ['', sums.join('  ')]),
    ...limitLines(limits),
  ];
}

function definitionLines(definitions: readonly DefinitionCheck[], view: PlanView): string[] {
  const { paint } = view;
  const levels = definitions[0]?.levels.map(({ level }) => level) ?? [];
  const table = printableTable([
    ['DEFINITION', 'KIND', 'INSTANCES', ...levels.map((level) => `AT ${level}`), 'ACCEPTED BY'],
    ...definitions.map((each) => [
      each.name,
      each.kind,
      String(each.instances),
      ...each.levels.map((level) => wordOf(each, level)),
      acceptedText(each),
    ]),
  ]);
  const details = definitions.flatMap((each) =>
    each.levels.flatMap((level) => {
      const lines = detailLines(level, view);
      return lines.length === 0
        ? []
        : ['', paint.strong(`${each.name} at ${level.level}`), ...lines.map((line) => `  ${line}`)];
    }),
  );
  const versions = definitions.flatMap(({ name, versions: others = [] }) =>
    others.length === 0
      ? []
      : [
          printableLine(
            `${name}: kro ignores its versions (${others.join(', ')}) and serves only its schema.apiVersion`,
          ),
        ],
  );
  return [...table, ...(versions.length === 0 ? [] : ['', ...versions]), ...details];
}

function graphLines(graphs: readonly GraphCheck[], view: PlanView): string[] {
  const { paint } = view;
  const table = printableTable([
    ['GRAPH', 'STATE', 'RESULT', 'ACCEPTED BY'],
    ...graphs.map((each) => [each.name, each.state || 'none', graphWord(each), acceptedText(each)]),
  ]);
  const refused = new Map<string, string[]>();
  for (const { name, refusal, hint, more = [] } of graphs) {
    if (refusal === undefined) continue;
    const all = [{ refusal, ...(hint === undefined ? {} : { hint }) }, ...more];
    const text = all.flatMap((one) => refusalLines(one, view).map((line) => `  ${line}`)).join('\n');
    refused.set(text, [...(refused.get(text) ?? []), name]);
  }
  const details = [...refused].flatMap(([text, names]) => ['', paint.strong(namesText(names)), ...text.split('\n')]);
  const instances = graphs.flatMap(({ plan }) => plan ?? []);
  const plans = instanceLines({ instances, operation: 'apply' }, view, 'Graphs');
  return ['', ...table, ...details, ...(plans.length === 0 ? [] : ['', ...plans])];
}

/** The maximum number of names that are listed for a refusal that several Graphs share. */
const MAX_LISTED_NAMES = 5;

const namesText = (names: readonly string[]): string => listed(names.map(printableLine), MAX_LISTED_NAMES);

const acceptedText = ({ acceptedBy }: Pick<GraphCheck, 'acceptedBy'>): string =>
  acceptedBy.length === 0 ? 'none' : acceptedBy.join(', ');

function graphWord(graph: GraphCheck): Word {
  if (isGraphNewlyRefused(graph)) return 'refused';
  if (graph.refusal !== undefined) return 'refused, as now';
  return graph.plan === undefined ? 'unchanged' : 'changes';
}

const printableTable = (rows: readonly (readonly string[])[]): string[] =>
  tableLines(
    rows.map((row) => row.map(printableLine)),
    '   ',
  );

const limitLines = (limits: readonly string[]): string[] =>
  limits.length === 0 ? [] : ['', 'Not seen', ...limits.map((limit) => `  ${printableLine(limit)}`)];

function wordOf(definition: DefinitionCheck, level: LevelCheck): Word {
  if (isNewlyRefused(definition, level)) return 'refused';
  if (level.refusal !== undefined || level.crd === 'refused') return 'refused, as now';
  return isChanged(level) ? 'changes' : 'unchanged';
}

function detailLines(check: LevelCheck, view: PlanView): string[] {
  const { paint } = view;
  const { refusal, hint, more, revision, crd, schema, pins, held = [], plans, marks } = check;
  const isServed = refusal !== undefined && revision > 0;
  const labelled = plans.flatMap(({ writes }) => writes.filter(({ action }) => action === 'labels'));
  const owners = plans.filter(({ writes }) => writes.some(({ action }) => action === 'labels')).length;
  const changed = plans.filter(
    ({ writes, state }) => state === 'blocked' || writes.some(({ action }) => action !== 'labels'),
  );
  return [
    ...(refusal === undefined ? [] : refusalLines({ refusal, ...(hint === undefined ? {} : { hint }) }, view)),
    ...(more ?? []).flatMap((each) => refusalLines(each, view)),
    ...(isServed ? [`= revision ${revision} stays in force for its instances`] : []),
    ...pins.map(({ revision: of, refusal: because, instances }) =>
      paint.alarm(`! ${instances.join(', ')}: pinned to revision ${of}, which is refused: ${printableLine(because)}`),
    ),
    ...held.map(({ revision: of, refusal: because, instances, follows }) =>
      paint.alarm(
        `! ${instances.join(', ')}: held back at revision ${of}, which is refused, so revision ${follows} takes its place: ${printableLine(because)}`,
      ),
    ),
    ...(crd === 'changed' || crd === 'created' ? [`~ the CustomResourceDefinition is ${crd}`] : []),
    ...schema.map(({ field, description, breaking }) =>
      printableLine(`  ${field}  ${description}${breaking ? '  BREAKING' : ''}`),
    ),
    ...(labelled.length === 0
      ? []
      : [
          `~ in ${count(labelled.length, 'object')} of ${count(owners, 'instance')}, only labels and annotations change: ${marks.join(', ')}`,
        ]),
    ...(changed.length === 0 ? [] : instanceLines({ instances: changed, operation: 'apply' }, view)),
  ];
}

const refusalLines = ({ refusal, hint }: Refusal, { paint }: PlanView): string[] => [
  paint.alarm(`! refused: ${printableLine(refusal)}`),
  ...(hint === undefined ? [] : [`  try: ${printableLine(hint)}`]),
];

function sumLine({ definitions }: UpgradeCheck): string {
  const levels = definitions[0]?.levels ?? [];
  return levels
    .map(({ level }, index) => {
      const all = definitions.flatMap((each) => {
        const check = each.levels[index];
        return check === undefined ? [] : [wordOf(each, check)];
      });
      return `At ${level}: ${sumOf(all)}.`;
    })
    .join('  ');
}

/** Counts the results: `1 unchanged, 2 refused`. */
function sumOf(results: readonly Word[]): string {
  return WORDS.map((word) => ({ word, number: results.filter((each) => each === word).length }))
    .filter(({ number }) => number > 0)
    .map(({ word, number }) => `${number} ${SUM_WORDS[word] ?? word}`)
    .join(', ');
}

const WORDS = ['unchanged', 'changes', 'refused', 'refused, as now'] as const;
type Word = (typeof WORDS)[number];
const SUM_WORDS: Partial<Record<Word, string>> = { changes: 'with changes', 'refused, as now': 'refused as now' };
