import { printableLine } from '../printable.ts';
import { instanceLines } from '../plan/instance-lines.ts';
import { padded } from '../layout.ts';
import type { PlanView } from '../plan/object-lines.ts';
import { count } from '../up/print-diagnostics.ts';
import type { DefinitionCheck, LevelCheck, Refusal, UpgradeCheck } from './upgrade-check.ts';
import { isChanged, isNewlyRefused } from './upgrade-check.ts';

/** Prints the check as lines: a table of definitions, the details of each, then the totals. */
export function upgradeLines(check: UpgradeCheck, view: PlanView): string[] {
  const { paint } = view;
  const { source, definitions, version, limits } = check;
  const from = `${source.kind}: ${source.name}${source.version === undefined ? '' : ` (${source.version})`}`;
  const head = `${paint.strong('Upgrade check')}  controller of typekro ${version}   ${from}`;
  if (definitions.length === 0) return [head, '', 'There are no definitions.', ...limitLines(limits)];
  const levels = definitions[0]?.levels.map(({ level }) => level) ?? [];
  const rows = [
    ['DEFINITION', 'KIND', 'INSTANCES', ...levels.map((level) => `AT ${level}`), 'ACCEPTED BY'],
    ...definitions.map((each) => [
      each.name,
      each.kind,
      String(each.instances),
      ...each.levels.map((level) => wordOf(each, level)),
      each.acceptedBy.length === 0 ? 'none' : each.acceptedBy.join(', '),
    ]),
  ].map((row) => row.map(printableLine));
  const widths = rows[0]?.map((_, column) => Math.max(...rows.map((row) => row[column]?.length ?? 0))) ?? [];
  const table = rows.map((row) =>
    row
      .map((cell, column) => padded(cell, widths[column] ?? 0))
      .join('   ')
      .trimEnd(),
  );
  const details = definitions.flatMap((each) =>
    each.levels.flatMap((level) => {
      const lines = detailLines(level, view);
      return lines.length === 0
        ? []
        : ['', paint.strong(`${each.name} at ${level.level}`), ...lines.map((line) => `  ${line}`)];
    }),
  );
  return [head, '', ...table, ...details, '', sumLine(check), ...limitLines(limits)];
}

const limitLines = (limits: readonly string[]): string[] =>
  limits.length === 0 ? [] : ['', 'Not seen', ...limits.map((limit) => `  ${printableLine(limit)}`)];

function wordOf(definition: DefinitionCheck, level: LevelCheck): string {
  if (isNewlyRefused(definition, level)) return 'refused';
  if (level.refusal !== undefined || level.crd === 'refused') return 'refused, as now';
  return isChanged(level) ? 'changes' : 'unchanged';
}

function detailLines(check: LevelCheck, view: PlanView): string[] {
  const { paint } = view;
  const { refusal, hint, more, revision, crd, schema, pins, plans, marks } = check;
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
    ...(crd === 'changed' || crd === 'created' ? [`~ the CustomResourceDefinition is ${crd}`] : []),
    ...schema.map(({ field, description, breaking }) =>
      printableLine(`  ${field}  ${description}${breaking ? '  BREAKING' : ''}`),
    ),
    ...(labelled.length === 0
      ? []
      : [
          `~ ${count(labelled.length, 'object')} of ${count(owners, 'instance')} written only to change labels and annotations: ${marks.join(', ')}`,
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
      const sums = WORDS.map((word) => ({ word, number: all.filter((each) => each === word).length }))
        .filter(({ number }) => number > 0)
        .map(({ word, number }) => `${number} ${SUM_WORDS[word] ?? word}`);
      return `At ${level}: ${sums.join(', ')}.`;
    })
    .join('  ');
}

const WORDS = ['unchanged', 'changes', 'refused', 'refused, as now'] as const;
const SUM_WORDS: Readonly<Record<string, string>> = { changes: 'with changes', 'refused, as now': 'refused as now' };
