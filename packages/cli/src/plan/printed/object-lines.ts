import { objectName, stringifyJson, printable } from '@typekro/kit/core';
import { printableLine } from '@typekro/app/text';
import { Secrets } from '@typekro/engine/runtime';
import { type Paint, signOf } from './paint.ts';
import { type ObjectPlan, type ValueLine, writeNotes } from '@typekro/controller/inspect';

/** Options of the output of a plan. */
export interface PlanView {
  readonly paint: Paint;
  /** True to list every instance. Otherwise, only the first of several instances with equal plans is printed. */
  readonly all: boolean;
}

/**
 * Prints one write: its fields, its notes (such as the nodes that it waits for), its refusal and its remedy.
 *
 * @param home the namespace of the instance. An object in this namespace is printed without its namespace
 */
export function objectLines(
  plan: ObjectPlan,
  { paint }: Pick<PlanView, 'paint'>,
  indent: number,
  home?: string,
): string[] {
  const { object, fields, refusal, remedy, node } = plan;
  const lead = ' '.repeat(indent);
  const { namespace, ...unplaced } = object;
  const shown = namespace === home ? unplaced : object;
  const sign = refusal === undefined ? signOf(plan) : '!';
  const notes = writeNotes(plan);
  const notesText = notes.length === 0 ? '' : paint.faint(`  ${printableLine(notes.join('; '))}`);
  const [only, ...others] = fields;
  const isShort = only !== undefined && others.length === 0 && refusal === undefined && notes.length === 0;
  const inline = isShort ? `  ${valueLineText(only)}` : '';
  const id = node === '' ? '' : paint.faint(`  (${node})`);
  return [
    `${lead}${paint.sign(sign)} ${printableLine(objectName(shown))}${id}${inline}${notesText}`,
    ...(isShort ? [] : fields.map((field) => `${lead}    ${valueLineText(field)}`)),
    ...(refusal === undefined ? [] : [`${lead}    ${paint.alarm(`refused: ${printableLine(refusal)}`)}`]),
    ...(remedy === undefined ? [] : [`${lead}    try: ${printableLine(remedy)}`]),
  ];
}

/** Prints the change of a value: `spec.replicas 2 → 3`. */
export function valueLineText({ path, from, to, secret, immutable }: ValueLine): string {
  const end = immutable === true ? '  (immutable)' : '';
  if (secret === true) return `${printableLine(path)}  ${Secrets.MASK}${end}`;
  if (from === undefined) return `${printableLine(path)}  + ${valueText(to)}${end}`;
  if (to === undefined) return `${printableLine(path)}  - ${valueText(from)}${end}`;
  return `${printableLine(path)}  ${valueText(from)} → ${valueText(to)}${end}`;
}

/** A value is printed up to this number of characters. `-o json` prints the whole value. */
const MAX_VALUE_LENGTH = 200;

function valueText(value: ValueLine['to']): string {
  if (value === undefined) return '';
  const text = printable(stringifyJson(value));
  if (text.length <= MAX_VALUE_LENGTH) return text;
  return `${text.slice(0, MAX_VALUE_LENGTH)}… (${text.length} characters; plan -o json shows all)`;
}
