import type { Diagnostic, JsonValue, KubeObject } from '@typekro/kit/core';
import { inputPosition, type InputObject } from '@typekro/app/plan';
import { isJsonObject, nearestName, stringifyJson } from '@typekro/kit/core';
import type { Graph, KroCompatibility } from '@typekro/engine/graph';
import { GraphObject, isDefinition, KroLevel, NameText, Path } from '@typekro/engine/graph';
import { type Mismatch, portProblems } from './check-ports.ts';
import type { WrittenObject } from '../inputs/manifest.ts';
import { at, compareTexts, isComputedAt, manifestsOf, mayShareNamespace, textIn } from '../inputs/manifest.ts';
import { type NameReference, namedLike, referencesOf } from './object-references.ts';

/** The result of compiling one definition or one Graph object. */
export interface CompiledInput {
  readonly input: InputObject;
  readonly graph?: Graph;
  /** The CRD of a definition that has errors, but none in the schema of its spec. */
  readonly crd?: KubeObject;
  readonly diagnostics: readonly Diagnostic[];
}

/**
 * Warns about references to names, keys and ports that the files lack: a Service port that no container of its pods
 * has, an Ingress for a missing Service, a missing key of a ConfigMap. Reports only problems that occur in every
 * instance. Accepts a reference with expressions if they can evaluate to the right value, and a reference whose object
 * a custom resource can create. A plain object can refer to objects of the cluster. The reference of a plain object is
 * therefore reported only if the files have objects of the target's kind that can be in the same namespace.
 *
 * @param level the level of kro that finds the expressions of definitions
 */
export function checkReferences(
  inputs: readonly InputObject[],
  compiled: readonly CompiledInput[],
  level: KroCompatibility = KroLevel.DEFAULT,
): Diagnostic[] {
  const all = manifestsOf(inputs, level);
  const isSound = ({ object }: InputObject): boolean =>
    !(isDefinition(object) || GraphObject.is(object)) ||
    compiled.some(({ input, graph }) => input.object === object && graph !== undefined);
  return all
    .filter(({ input }) => isSound(input))
    .flatMap((manifest) =>
      [...referencesOf(manifest).flatMap((each) => problemOf(manifest, each, all)), ...portProblems(manifest, all)].map(
        (mismatch) => warning(manifest, mismatch),
      ),
    );
}

/** Kinds of objects that controllers of custom resources can create. */
const MADE_BY_CUSTOM_RESOURCES = new Set(['ConfigMap', 'Secret', 'Service', 'ServiceAccount', 'PersistentVolumeClaim']);

function problemOf(manifest: WrittenObject, reference: NameReference, all: readonly WrittenObject[]): Mismatch[] {
  const name = textIn(manifest, reference.name);
  if (name === undefined) return [];
  const isKnown = (other: WrittenObject): boolean =>
    other.builtin && other.kind === reference.kind && mayShareNamespace(manifest, other);
  const related = namedLike(reference.kind, name, all)
    .filter(isKnown)
    .map((other) => ({ other, relation: relationOf(manifest, name, other) }));
  const possible = related.filter(({ relation }) => relation !== 'different');
  if (possible.length > 0) {
    const [only] = possible;
    return possible.length === 1 && only?.relation === 'equal' ? missingKey(manifest, reference, only.other) : [];
  }
  const known = all.filter(isKnown);
  const own = known.filter(({ input }) => input === manifest.input);
  const mayBeForeign = manifest.base.length === 0 ? known.length === 0 : !NameText.isConstant(name) && own.length === 0;
  if (mayBeForeign || (MADE_BY_CUSTOM_RESOURCES.has(reference.kind) && hasMakers(reference.kind, all))) return [];
  const names = known.flatMap((other) => shownIn(other, manifest));
  const near = nearestName(NameText.shown(name), names);
  return [
    {
      code: 'input/missing-reference',
      path: reference.path,
      message: `no ${reference.kind} here is named ${NameText.shown(name)}; ${reference.effect}`,
      hint:
        near === undefined
          ? `${names.length === 0 ? '' : `the names are ${names.join(', ')}; `}correct the name, or add the ${reference.kind}${ofCluster(manifest)}`
          : `did you mean ${near}?`,
    },
  ];
}

/**
 * Compares a name with the name of another object. In the same definition, a constant name counts as different from a
 * name that varies by instance, because they are equal for at most one instance.
 */
function relationOf(manifest: WrittenObject, name: NameText, other: WrittenObject): ReturnType<typeof compareTexts> {
  const value = at(other.object, 'metadata', 'name');
  const relation = compareTexts(manifest, name, other, textIn(other, value));
  if (relation !== 'open' || other.frame !== manifest.frame || !NameText.isConstant(name)) return relation;
  const text = textIn(other, value);
  return text !== undefined && NameText.variesByInstance(text) ? 'different' : relation;
}

/** Can an object of the files create an object of this kind? */
function hasMakers(kind: string, all: readonly WrittenObject[]): boolean {
  const own = new Set(all.flatMap(({ input }) => madeKind(input)));
  return all.some((manifest) => {
    const { object, builtin, kind: other, base } = manifest;
    const claims = ['spec', 'volumeClaimTemplates'];
    return (
      (!builtin && !(own.has(other) && base.length === 0) && other !== 'ResourceGraphDefinition') ||
      (kind === 'PersistentVolumeClaim' &&
        (at(object, ...claims) !== undefined || isComputedAt(manifest, ...claims))) ||
      (kind === 'Secret' && at(object, 'type') === 'kubernetes.io/service-account-token')
    );
  });
}

function madeKind({ object }: InputObject): string[] {
  const kind = isDefinition(object) ? at(object, 'spec', 'schema', 'kind') : undefined;
  return typeof kind === 'string' ? [kind] : [];
}

/** Returns the end of the hint: how a definition or a Graph refers to an existing object. */
function ofCluster({ base, input }: WrittenObject): string {
  if (base.length === 0) return '';
  return `, with ${GraphObject.is(input.object) ? 'ref' : 'externalRef'} if the cluster has it already`;
}

function shownIn(other: WrittenObject, reader: WrittenObject): string[] {
  const name = textIn(other, at(other.object, 'metadata', 'name'));
  return name === undefined || (!NameText.isConstant(name) && other.frame !== reader.frame)
    ? []
    : [NameText.shown(name)];
}

function missingKey(manifest: WrittenObject, { key, kind }: NameReference, holder: WrittenObject): Mismatch[] {
  if (key === undefined || holder.external) return [];
  const name = textIn(manifest, key.name);
  const keys = keysOf(holder);
  if (name === undefined || !NameText.isConstant(name) || keys === undefined || keys.includes(NameText.shown(name)))
    return [];
  const near = nearestName(NameText.shown(name), keys);
  const known = keys.length === 0 ? `the ${kind} has no key` : `the keys are ${keys.join(', ')}`;
  return [
    {
      code: 'input/missing-key',
      path: key.path,
      message: `the ${kind} has no key ${NameText.shown(name)}; the pods cannot start without this key`,
      hint: near === undefined ? `${known}; correct the key, or add it to the ${kind}` : `did you mean ${near}?`,
    },
  ];
}

/** Returns the keys of a ConfigMap or a Secret, or `undefined` when an expression can add other keys. */
function keysOf(holder: WrittenObject): readonly string[] | undefined {
  const fields = ['data', 'stringData', 'binaryData'];
  const parts = fields.map((field): JsonValue | undefined => holder.object[field]);
  const known =
    !fields.some((field) => isComputedAt(holder, field)) &&
    parts.every((part) => part === undefined || isJsonObject(part));
  return known ? parts.flatMap((part) => (isJsonObject(part) ? Object.keys(part) : [])) : undefined;
}

function warning({ input, base, object, kind }: WrittenObject, { code, path, message, hint }: Mismatch): Diagnostic {
  const whole = [...base, ...path];
  const source = inputPosition(input, whole);
  const id = base.length === 0 ? undefined : at(input.object, ...base.slice(0, -1), 'id');
  const name = id === undefined ? at(object, 'metadata', 'name') : stringifyJson(id);
  const text = `${kind} ${typeof name === 'string' ? name : ''}: ${message}`;
  return {
    code,
    severity: 'warning',
    message: source === undefined ? `${input.file}: ${text}` : text,
    path: Path.format(whole),
    hint,
    ...(source === undefined ? {} : { source }),
  };
}
