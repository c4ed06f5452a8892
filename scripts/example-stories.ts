import { readFileSync } from 'node:fs';
import { parse } from 'yaml';
import { type JsonObject, type JsonValue, isJsonObject, jsonEquals, stringifyJson } from '@typekro/kit/core';

/** One deployment of an example, from the header of its file. */
export interface Story {
  /** The exported name of the composition. Empty for a file of YAML documents. */
  readonly exported: string;
  readonly spec: JsonObject;
  /** For each kind whose controller does not run in the test: the status that this controller would report. */
  readonly reports: ReadonlyMap<string, JsonObject>;
  /** The final status of the instance. A `*` in a string matches any non-empty string. */
  readonly gives: JsonObject;
}

const LINE = /^(?:With (\w+)|(\w+) reports|Gives): (.*)$/;

/**
 * The deployments that a header describes, in order. A deployment without `Gives` is left out:
 *
 *     // With app: { name: hello }              a spec for an exported composition
 *     // Bucket reports: { arn: x }             the status that a missing controller would report
 *     // Gives: { ready: true }                 the status at the end
 *
 * Values are YAML. A line with three blanks after its `//` or `#` continues the previous line.
 *
 * @throws Error when a value is not an object, or when a `With` line is below the reports of its deployment.
 */
export function storiesOf(path: URL): readonly Story[] {
  const header = /^(?:(?:\/\/|#).*\n)*/.exec(readFileSync(path, 'utf8'))?.[0] ?? '';
  const lines = header.replace(/\n(?:\/\/|#) {3}/g, ' ').split('\n');
  const stories: Story[] = [];
  let next = opening('');
  for (const line of lines) {
    const [, exported, kind, value] = LINE.exec(line.replace(/^(?:\/\/|#) ?/, '')) ?? [];
    if (value === undefined) continue;
    const object = parse(value) as JsonValue;
    if (!isJsonObject(object)) throw new Error(`${path.pathname}: ${line} has no object`);
    if (exported !== undefined) {
      const above = [...next.reports.keys()];
      if (next.exported === '' && above.length > 0) {
        throw new Error(`${path.pathname}: ${line} is below the reports of ${above.join(', ')}`);
      }
      next = { ...opening(exported), spec: object };
    } else if (kind !== undefined) next.reports.set(kind, object);
    else {
      stories.push({ ...next, gives: object });
      next = opening('');
    }
  }
  return stories;
}

const opening = (exported: string) => ({ exported, spec: {} as JsonObject, reports: new Map<string, JsonObject>() });

/** The spec with each `${composition.field}` replaced by this field in the reported status of the composition. */
export function filledIn(spec: JsonObject, statuses: ReadonlyMap<string, JsonObject>): JsonObject {
  const fill = (value: JsonValue | undefined): JsonValue | undefined => {
    const [, exported = '', field = ''] = typeof value === 'string' ? (/^\$\{(\w+)\.(\w+)\}$/.exec(value) ?? []) : [];
    if (exported !== '') return statuses.get(exported)?.[field];
    if (Array.isArray(value)) return value.map((item) => fill(item) ?? null);
    return isJsonObject(value) ? filledIn(value, statuses) : value;
  };
  return Object.fromEntries(Object.entries(spec).map(([name, value]) => [name, fill(value)]));
}

/**
 * The differences between a status and the status in the header, which may name only some members. A `*` in a string
 * matches any non-empty string.
 */
export function differences(expected: JsonValue, actual: JsonValue | undefined, path = 'status'): readonly string[] {
  if (isJsonObject(expected) && (actual === undefined || isJsonObject(actual))) {
    return Object.entries(expected).flatMap(([name, value]) =>
      differences(value as JsonValue, actual?.[name], `${path}.${name}`),
    );
  }
  if (Array.isArray(expected) && Array.isArray(actual) && expected.length === actual.length) {
    return expected.flatMap((item, index) => differences(item, actual[index], `${path}[${index}]`));
  }
  if (typeof expected === 'string' && typeof actual === 'string' && expected.includes('*')) {
    const parts = expected.split('*').map((part) => part.replace(/[.*+?^${}()|[\]\\]/g, '\\$&'));
    if (new RegExp(`^${parts.join('.+')}$`, 's').test(actual)) return [];
  }
  if (jsonEquals(expected, actual)) return [];
  return [`${path} is ${actual === undefined ? 'undefined' : stringifyJson(actual)}, not ${stringifyJson(expected)}`];
}
