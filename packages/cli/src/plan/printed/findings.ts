import { objectName } from '@typekro/kit/core';
import { allWrites, withoutNames } from '@typekro/app/plan';
import { type InstancePlan, type Plan, recreatedText } from '@typekro/controller/inspect';
import { workflowCommand } from '@typekro/app/text';

/** A part of a plan that a reviewer must notice. */
export interface Finding {
  readonly rule: 'breaking-change' | 'refused' | 'blocked' | 'replace' | 'not-seen';
  readonly level: 'error' | 'warning';
  readonly message: string;
  /**
   * The file of the definition. For a finding about instances, the file of their definition. Absent for other findings,
   * and when the definition is not in a file.
   */
  readonly file?: string;
  /** The line of the definition in the file, from 1. */
  readonly line?: number;
}

/** The placeholders for the name and namespace in a finding about several instances. */
const STAND_INS = { name: 'NAME', namespace: 'NAMESPACE' };

/**
 * Lists refusals, blocked instances, breaking changes, replacements, and the limits of the plan. Merges equal findings
 * of several instances.
 */
export function findingsOf({ definitions, instances, objects, limits }: Plan): Finding[] {
  const findings: Finding[] = [];
  for (const { name, place, refusal, schema } of definitions) {
    const at = placeOf(place);
    if (refusal !== undefined)
      findings.push({ rule: 'refused', level: 'error', message: `${name}: ${refusal}`, ...at });
    for (const { change, breaking, field, description, setBy, lackedBy } of schema) {
      if (!breaking) continue;
      const set = setBy.length === 0 ? 'no instance sets it' : `set by ${setBy.join(', ')}`;
      const lacked = lackedBy?.length === 0 ? 'no instance lacks it' : `missing in ${lackedBy?.join(', ')}`;
      const concerned = field.startsWith('version.') ? '' : `; ${lackedBy === undefined ? set : lacked}`;
      const message = `${name}: ${field} (${description}) is ${change}${concerned}`;
      findings.push({ rule: 'breaking-change', level: 'warning', message, ...at });
    }
  }
  for (const { object, refusal, action } of objects) {
    const name = objectName(object);
    if (refusal !== undefined) findings.push({ rule: 'refused', level: 'error', message: `${name}: ${refusal}` });
    else if (action === 'replace')
      findings.push({ rule: 'replace', level: 'warning', message: `${name}: ${REPLACED}` });
  }
  for (const each of instanceFindings(instances, new Map(definitions.map(({ name, place }) => [name, placeOf(place)]))))
    findings.push(each);
  return [...findings, ...limits.map((message) => ({ rule: 'not-seen', level: 'warning', message }) as const)];
}

const REPLACED = 'a field cannot change, so the object must be deleted and created again';

/**
 * Returns the findings about instances. Merges equal findings, and appends the names of the instances to the message.
 */
function instanceFindings(
  instances: readonly InstancePlan[],
  places: ReadonlyMap<string, Pick<Finding, 'file' | 'line'>>,
): Finding[] {
  const counted = new Map<string, { readonly finding: Finding; readonly shared: string; readonly names: string[] }>();
  for (const plan of instances) {
    const { instance, definition, because, state, recreated = [] } = plan;
    const blocked = [...(plan.meanwhile?.blocked ?? []), ...plan.blocked];
    const add = (rule: Finding['rule'], level: Finding['level'], message: string) => {
      const shared = withoutNames(message, instance, STAND_INS);
      const key = `${definition} ${rule} ${shared}`;
      const known = counted.get(key);
      const finding = { rule, level, message, ...places.get(definition) };
      if (known === undefined) counted.set(key, { finding, shared, names: [objectName(instance)] });
      // An instance can have the same problem for several objects of a collection.
      else if (!known.names.includes(objectName(instance))) known.names.push(objectName(instance));
    };
    if (state === 'blocked' && because !== undefined) add('blocked', 'error', because);
    for (const { node, reason } of blocked) add('blocked', 'error', `${node} ${reason}`);
    for (const { action, node, object, refusal } of allWrites(plan)) {
      if (refusal !== undefined) add('refused', 'error', `${node}: ${object.kind}: ${refusal}`);
      else if (action === 'replace') add('replace', 'warning', `${node}: ${object.kind}: ${REPLACED}`);
    }
    for (const object of recreated) add('replace', 'warning', `${objectName(object)}: ${recreatedText(plan)}`);
  }
  return [...counted.values()].map(({ finding, shared, names }) => ({
    ...finding,
    message: `${names.length === 1 ? finding.message : shared} (${names.join(', ')})`,
  }));
}

/** Splits a place such as `app.yaml:12` or `app.ts:12:3` into file and line. */
function placeOf(place: string): Pick<Finding, 'file' | 'line'> {
  const match = /^(.*?):(\d+)(?::\d+)?$/.exec(place);
  return match === null ? { file: place } : { file: match[1] ?? place, line: Number(match[2]) };
}

/** Returns the findings of a plan as workflow commands of GitHub Actions, one per line. */
export function githubAnnotations(plan: Plan): string[] {
  return findingsOf(plan).map(({ level, rule, message, file, line }) =>
    workflowCommand({ level, title: `typekro plan: ${rule}`, text: message, file, line }),
  );
}
