import { count } from '@typekro/kit/core';
import { printableLine } from '@typekro/app/text';
import { instanceLines } from './instance-lines.ts';
import { type PlanView, objectLines, valueLineText } from './object-lines.ts';
import { signOf } from './paint.ts';
import { type DefinitionPlan, type Plan, UNREAD } from '@typekro/controller/inspect';
import { summaryLines } from './summary-lines.ts';

/** The plan as lines of text: definitions, other objects, instances, the totals, and the limits of the plan. */
export function planLines(plan: Plan, view: PlanView): string[] {
  const { paint } = view;
  const parts = [
    ...plan.definitions.map((definition) => definitionLines(definition, view)),
    plan.objects.length === 0
      ? []
      : [paint.strong('Objects'), ...plan.objects.flatMap((each) => objectLines(each, view, 2))],
    instanceLines(plan, view),
    summaryLines(plan, view),
  ].filter((lines) => lines.length > 0);
  return parts.flatMap((lines, index) => [...(index === 0 ? [] : ['']), ...lines]);
}

function definitionLines(plan: DefinitionPlan, view: PlanView): string[] {
  const { paint } = view;
  const { name, kind, place } = plan;
  const sign = paint.sign(signOf(plan));
  const head = `${paint.strong('Definition')}  ${sign} ${name}  (${kind})  ${revisionText(plan)}  ${paint.faint(place)}`;
  return [head, ...changeLines(plan, view)];
}

/** What changes in a definition. */
export type DefinitionChange = Pick<DefinitionPlan, 'schema' | 'nodes' | 'other' | 'notes'> & Partial<DefinitionPlan>;

/** The changes of a definition as lines, below a line that names it. */
export function changeLines(plan: DefinitionChange, { paint }: Pick<PlanView, 'paint'>): string[] {
  const { schema, nodes, other, canary, refusal, remedy, notes } = plan;
  const lines: string[] = [];
  const section = (title: string, rows: readonly string[]) =>
    rows.forEach((row, index) => lines.push(`  ${(index === 0 ? title : '').padEnd(8)}${row}`));
  section(
    'schema',
    schema.map(({ change, field, description, breaking, setBy, lackedBy }) => {
      const concerned = lackedBy === undefined ? instancesText(setBy, SET) : instancesText(lackedBy, LACK);
      const effect = breaking ? paint.alarm(`BREAKING${concerned}`) : paint.faint('compatible');
      return `${paint.sign(CHANGES[change])} ${printableLine(field)}  ${printableLine(description)}  ${effect}`;
    }),
  );
  section(
    'nodes',
    nodes.flatMap(({ change, id, kind: of, fields }) => [
      `${paint.sign(CHANGES[change])} ${printableLine(id)}  (${printableLine(of)})`,
      ...fields.map((field) => `    ${valueLineText(field)}`),
    ]),
  );
  section(
    'other',
    other.map((line) => `${paint.sign('~')} ${valueLineText(line)}`),
  );
  if (canary !== undefined) {
    const first = `${count(canary.instances.length, 'instance')} of ${canary.of}`;
    section('canary', [
      canary.phase === 'held'
        ? `held back: only ${first} ${canary.instances.length === 1 ? 'follows' : 'follow'} the revision`
        : `${first} first (${canary.instances.map((key) => key.replace(/^\//, '')).join(', ')}), the others when ${canary.instances.length === 1 ? 'it is' : 'these are'} ready`,
    ]);
  }
  if (refusal !== undefined) section('refused', [paint.alarm(`! ${printableLine(refusal)}`)]);
  if (remedy !== undefined) section('try', [printableLine(remedy)]);
  section('note', [...(plan.unread === undefined ? [] : [UNREAD]), ...notes.map(printableLine)]);
  return lines;
}

const CHANGES = { added: '+', removed: '-', changed: '~' } as const;

function revisionText({ revision: { from, to }, action }: DefinitionPlan): string {
  if (action === 'delete') return from === 0 ? '' : `revision ${from}`;
  if (from === to) return `revision ${to}, unchanged`;
  return from === 0 ? `revision ${to}` : `revision ${from} → ${to}`;
}

/** The maximum number of instances that are listed by name. `-o json` lists all. */
const MAX_NAMED_INSTANCES = 3;

/** Verbs in the singular and the plural. */
const SET = ['sets', 'set'] as const;
const LACK = ['lacks', 'lack'] as const;

function instancesText(instances: readonly string[], [one, several]: readonly [one: string, several: string]): string {
  if (instances.length === 0) return '';
  const more = instances.length > MAX_NAMED_INSTANCES ? ', …' : '';
  const verb = instances.length === 1 ? one : several;
  const names = instances.slice(0, MAX_NAMED_INSTANCES).join(', ');
  return `: ${count(instances.length, 'instance')} ${verb} it (${names}${more})`;
}
