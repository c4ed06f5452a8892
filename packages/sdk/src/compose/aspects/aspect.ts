import { isJsonObject } from '@typekro/kit/core';
import type {
  AspectDefinition,
  AspectOperation,
  AspectPatch,
  AspectSelector,
  AspectSurface,
  AspectTarget,
  AspectTargetGroup,
  MetadataChange,
  MetadataSurface,
  OverrideSurface,
  SingleAspectTarget,
} from '../aspect-types.ts';
import { AspectDefinitionError } from '../aspect-types.ts';

/** The target group of all resources that the graph creates. */
export const allResources: AspectTargetGroup<'allResources'> = { kind: 'target-group', name: 'allResources' };
/** The target group of all resources with a `spec`. */
export const resources: AspectTargetGroup<'resources'> = { kind: 'target-group', name: 'resources' };
/** The target group of Deployments, StatefulSets, DaemonSets, ReplicaSets and ReplicationControllers. */
export const workloads: AspectTargetGroup<'workloads'> = { kind: 'target-group', name: 'workloads' };

const SELECTOR_KEYS = new Set(['slot', 'id', 'name', 'namespace', 'kind', 'labels']);

function definition<Target extends AspectTarget, Surface extends AspectSurface>(
  parts: Pick<AspectDefinition<Target, Surface>, 'target' | 'surface' | 'selector' | 'cardinality'>,
): AspectDefinition<Target, Surface> {
  return Object.freeze({
    kind: 'aspect',
    ...parts,
    where(selector: AspectSelector) {
      const wrong = Object.keys(selector).find((key) => !SELECTOR_KEYS.has(key));
      if (wrong !== undefined) throw new AspectDefinitionError('where', `there is no selector "${wrong}"`);
      return definition({ ...parts, selector: { ...parts.selector, ...selector } });
    },
    optional: () => definition({ ...parts, cardinality: 'zero-or-more' }),
    expectOne: () => definition({ ...parts, cardinality: 'exactly-one' }),
  });
}

/** The target of an aspect as a list of targets. */
export function targetsOf(target: AspectTarget): readonly SingleAspectTarget[] {
  return Array.isArray(target) ? (target as readonly SingleAspectTarget[]) : [target as SingleAspectTarget];
}

function isTarget(target: SingleAspectTarget | undefined): boolean {
  return typeof target === 'function' || target?.kind === 'target-group';
}

/** Creates aspects: `aspect.on(workloads, override({ spec: { replicas: replace(1) } }))`. */
export const aspect = {
  /**
   * Creates an aspect for a group of kinds, for the kind that a factory creates, or for each target of a list.
   *
   * @throws AspectDefinitionError when `target` is not a target, or `surface` is not a change (the result of `metadata`
   *   or `override`).
   */
  on<Target extends AspectTarget, Surface extends AspectSurface>(
    target: Target,
    surface: Surface,
  ): AspectDefinition<Target, Surface> {
    const targets = targetsOf(target);
    if (targets.length === 0 || !targets.every(isTarget)) {
      throw new AspectDefinitionError(
        'aspect.on',
        'the target must be a group (workloads, …), a factory, or a list of these',
      );
    }
    if ((surface as AspectSurface | undefined)?.kind !== 'metadata' && surface?.kind !== 'override') {
      throw new AspectDefinitionError(
        'aspect.on',
        'the second argument must be the result of metadata() or override()',
      );
    }
    return definition({ target, surface, selector: {}, cardinality: 'one-or-more' });
  },
} as const;

/**
 * Creates a change that adds labels and annotations, given as objects with string values or as `merge(…)` of such an
 * object. `replace(…)` also removes the existing labels or annotations.
 *
 * @throws AspectDefinitionError for other fields of the metadata and for other operations.
 */
export function metadata(surface: Omit<MetadataSurface, 'kind'>): MetadataSurface {
  for (const [part, change] of Object.entries(surface)) {
    if (part !== 'labels' && part !== 'annotations') {
      throw new AspectDefinitionError('metadata', `"${part}" cannot be changed; labels and annotations can`);
    }
    if (!isTexts(metadataTexts(change))) {
      throw new AspectDefinitionError(
        'metadata',
        `${part} must be an object of strings, or merge(…) or replace(…) of such an object`,
      );
    }
  }
  return { kind: 'metadata', ...surface };
}

/** The labels or annotations that a change adds; `undefined` for an operation that adds no strings. */
export function metadataTexts(change: MetadataChange): Readonly<Record<string, string>> | undefined {
  if (!isOperation(change)) return change;
  const { operation, value } = change as { readonly operation: string; readonly value?: unknown };
  return operation === 'merge' || operation === 'replace' ? (value as Readonly<Record<string, string>>) : undefined;
}

function isTexts(map: unknown): boolean {
  return isJsonObject(map) && Object.values(map).every((value) => typeof value === 'string');
}

/** Creates a change of fields below `spec`. */
export function override(patch: { readonly spec: AspectPatch }): OverrideSurface {
  const wrong = Object.keys(patch).find((key) => key !== 'spec');
  if (wrong !== undefined || !isPatch(patch.spec)) {
    throw new AspectDefinitionError(
      'override',
      wrong === undefined ? 'spec is missing' : `"${wrong}" cannot be changed`,
    );
  }
  checkPatch(patch.spec, 'spec');
  return { kind: 'override', patch };
}

const isPatch = (value: unknown): value is AspectPatch =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

function checkPatch(patch: AspectPatch, path: string): void {
  for (const [key, part] of Object.entries(patch)) {
    if (isOperation(part)) continue;
    if (!isPatch(part))
      throw new AspectDefinitionError('override', `${path}.${key} must be replace(…), merge(…) or append(…)`);
    checkPatch(part, `${path}.${key}`);
  }
}

const operations = new WeakSet<object>();

/** Is the part of a patch an operation, as opposed to an object with deeper fields? */
export function isOperation(part: unknown): part is AspectOperation {
  return typeof part === 'object' && part !== null && operations.has(part);
}

function operation<O extends AspectOperation>(made: O): O {
  operations.add(made);
  return made;
}

/** Replaces the value of a field. */
export function replace(value: unknown): AspectOperation {
  return operation({ operation: 'replace', value });
}

/** Merges fields into the existing object. */
export function merge(value: Readonly<Record<string, unknown>>): AspectOperation {
  return operation({ operation: 'merge', value });
}

/** Appends elements to the existing list. */
export function append(value: readonly unknown[]): AspectOperation {
  if (!Array.isArray(value)) throw new AspectDefinitionError('append', 'the argument must be a list');
  return operation({ operation: 'append', value });
}

/** Replaces the list elements that have the same name as a new element, and appends the remaining new elements. */
export function mergeByName(value: readonly { readonly name: string }[]): AspectOperation {
  return operation({ operation: 'merge-by-name', value });
}

/** Applies changes to each element of the existing list. */
export function patchEach(patch: AspectPatch): AspectOperation {
  return operation({ operation: 'each', patch });
}
