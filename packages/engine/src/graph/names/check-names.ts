import type { ParsedDefinition, ResourceBlock } from '../parsed-definition.ts';
import type { KroCompatibility } from '../kro-compatibility.ts';
import type { PathStep } from '../model.ts';
import { formatPath } from '../path.ts';
import { isLowerCamelCase, isReservedWord, isUpperCamelCase, suggestId } from './naming.ts';
import type { Problems } from '../problems.ts';

const PREFIX = 'failed to validate resourcegraphdefinition: ';

/** The caller's limits, and the level of kro whose rules apply. */
interface NameRules {
  readonly maxDimensions: number;
  readonly level: KroCompatibility;
}

/** Checks the kind, the resource ids and the names of forEach iterators. */
export function checkNames(
  definition: ParsedDefinition,
  { maxDimensions, level }: NameRules,
  problems: Problems,
): void {
  const report = (code: string, path: readonly PathStep[], kro: string, message: string, hint?: string): void => {
    problems.error({ phase: 'naming', code, message, place: { path }, hint, kro: PREFIX + kro });
  };
  checkKind(definition.schema.kind, report);
  const ids = new Map<string, ResourceBlock>();
  for (const resource of definition.resources) {
    checkId(resource, ids.get(resource.id), level, report);
    ids.set(resource.id, resource);
  }
  for (const resource of definition.resources) checkIterators(resource, ids, { maxDimensions, level }, report);
}

type Report = (code: string, path: readonly PathStep[], kro: string, message: string, hint?: string) => void;

const CONVENTION = 'naming convention violation: ';

function checkKind(kind: string, report: Report): void {
  if (isUpperCamelCase(kind)) return;
  report(
    'graph/invalid-kind-name',
    ['spec', 'schema', 'kind'],
    `${CONVENTION}kind '${kind}' is not a valid KRO kind name: must be UpperCamelCase`,
    kind === ''
      ? 'the schema has no kind'
      : `the kind "${kind}" must begin with an uppercase letter and contain only ASCII letters and digits`,
    suggestKind(kind),
  );
}

function suggestKind(kind: string): string {
  const name = kind.replaceAll(/[^A-Za-z0-9]+(.?)/g, (_match, next: string) => next.toUpperCase()).replace(/^\d+/, '');
  return name === ''
    ? 'add kind: with a name such as "WebApp"'
    : `for example "${name.charAt(0).toUpperCase()}${name.slice(1)}"`;
}

function checkId(
  resource: ResourceBlock,
  same: ResourceBlock | undefined,
  level: KroCompatibility,
  report: Report,
): void {
  const { id } = resource;
  const path = [...resource.path, 'id'];
  if (isReservedWord(id, level)) {
    const kro = `${CONVENTION}id ${id} is a reserved keyword in KRO`;
    report('graph/reserved-name', path, kro, `the id "${id}" is a reserved word`, 'choose another id');
  } else if (!isLowerCamelCase(id)) {
    const kro = `${CONVENTION}id ${id} is not a valid KRO resource id: must be lower camelCase`;
    const message =
      id === ''
        ? 'the resource has no id'
        : `the id "${id}" must begin with a lowercase letter and contain only ASCII letters and digits`;
    const suggestion = suggestId(id);
    report(
      'graph/invalid-id',
      path,
      kro,
      message,
      id === ''
        ? 'add id: a name of letters and digits, by which expressions read this resource'
        : suggestion === undefined
          ? undefined
          : `for example "${suggestion}"`,
    );
  } else if (same !== undefined) {
    const kro = `${CONVENTION}found duplicate resource IDs ${id}`;
    report(
      'graph/duplicate-id',
      path,
      kro,
      `another resource has the id "${id}" too: ${formatPath(same.path)}`,
      'give each resource its own id',
    );
  }
}

function checkIterators(
  resource: ResourceBlock,
  ids: ReadonlyMap<string, ResourceBlock>,
  { maxDimensions: max, level }: NameRules,
  report: Report,
): void {
  const prefix = `resource "${resource.id}": `;
  if (resource.forEach.length > max) {
    const kro = `${prefix}forEach cannot have more than ${max} dimensions, got ${resource.forEach.length}`;
    const message = `forEach has ${resource.forEach.length} dimensions; at most ${max} are allowed`;
    report('graph/too-many-dimensions', [...resource.path, 'forEach'], kro, message);
  }
  const seen = new Set<string>();
  for (const { name, path } of resource.forEach) {
    const quoted = `forEach iterator name "${name}"`;
    if (!isLowerCamelCase(name)) {
      const suggestion = suggestId(name);
      const hint = suggestion === undefined ? undefined : `for example "${suggestion}"`;
      const message = `the iterator name "${name}" must begin with a lowercase letter and contain only ASCII letters and digits`;
      report(
        'graph/invalid-iterator-name',
        path,
        `${prefix}${quoted} is not valid: must be lowerCamelCase`,
        message,
        hint,
      );
    } else if (isReservedWord(name, level)) {
      const message = `the iterator name "${name}" is a reserved word`;
      report('graph/reserved-name', path, `${prefix}${quoted} is a reserved keyword`, message, 'choose another name');
    } else if (ids.has(name)) {
      const message = `the iterator name "${name}" is also the id of a resource`;
      report('graph/iterator-conflict', path, `${prefix}${quoted} conflicts with resource ID`, message);
    } else if (seen.has(name)) {
      const message = `two dimensions of this forEach are named "${name}"`;
      report('graph/iterator-conflict', path, `${prefix}duplicate forEach iterator name "${name}"`, message);
    }
    seen.add(name);
  }
}
