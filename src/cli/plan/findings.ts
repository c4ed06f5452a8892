import { objectName } from '../../core/index.ts';
import type { Plan } from './plan.ts';

/** A part of a plan that a reviewer must see. */
export interface Finding {
  readonly rule: 'breaking-change' | 'refused' | 'blocked' | 'replace' | 'not-seen';
  readonly level: 'error' | 'warning';
  readonly message: string;
  /** The file of the definition. Absent when no file has it. */
  readonly file?: string;
  /** The line of the definition in the file, from 1. */
  readonly line?: number;
}

/**
 * Lists what is refused, blocked, breaking or replaced, and what could not be read. Equal findings of several instances
 * are merged.
 */
export function findingsOf({ definitions, instances, objects, limits }: Plan): Finding[] {
  const findings: Finding[] = [];
  for (const { name, place, refusal, schema } of definitions) {
    const at = placeOf(place);
    if (refusal !== undefined)
      findings.push({ rule: 'refused', level: 'error', message: `${name}: ${refusal}`, ...at });
    for (const { change, breaking, field, description, setBy } of schema) {
      if (!breaking) continue;
      const set = setBy.length === 0 ? 'no instance sets it' : `set by ${setBy.join(', ')}`;
      const message = `${name}: ${field} (${description}) is ${change}; ${set}`;
      findings.push({ rule: 'breaking-change', level: 'warning', message, ...at });
    }
  }
  for (const { object, refusal } of objects) {
    if (refusal !== undefined)
      findings.push({ rule: 'refused', level: 'error', message: `${objectName(object)}: ${refusal}` });
  }
  const places = new Map(definitions.map(({ name, place }) => [name, placeOf(place)]));
  const counted = new Map<string, { readonly finding: Finding; readonly names: string[] }>();
  const add = (finding: Finding, name: string) => {
    const key = `${finding.rule} ${finding.message}`;
    const known = counted.get(key);
    if (known === undefined) counted.set(key, { finding, names: [name] });
    else known.names.push(name);
  };
  for (const { instance, definition, because, state, blocked, writes } of instances) {
    const at = places.get(definition) ?? {};
    const name = objectName(instance);
    if (state === 'blocked' && because !== undefined)
      add({ rule: 'blocked', level: 'error', message: because, ...at }, name);
    for (const { node, reason } of blocked) {
      const message = `${node} ${reason.replaceAll(instance.name, 'NAME')}`;
      add({ rule: 'blocked', level: 'error', message, ...at }, name);
    }
    for (const { action, node, object } of writes) {
      if (action !== 'replace') continue;
      const message = `${node}: the ${object.kind} has to be deleted and created again`;
      add({ rule: 'replace', level: 'warning', message, ...at }, name);
    }
  }
  for (const { finding, names } of counted.values()) {
    findings.push({ ...finding, message: `${finding.message} (${names.join(', ')})` });
  }
  return [...findings, ...limits.map((message) => ({ rule: 'not-seen', level: 'warning', message }) as const)];
}

/** Splits a place such as `app.yaml:12` or `app.ts:12:3` into file and line. */
function placeOf(place: string): Pick<Finding, 'file' | 'line'> {
  const match = /^(.*?):(\d+)(?::\d+)?$/.exec(place);
  return match === null ? { file: place } : { file: match[1] ?? place, line: Number(match[2]) };
}
