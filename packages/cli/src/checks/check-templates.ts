import type { DryRun } from '@typekro/cluster';
import { isAtOrInside } from '@typekro/app/instance';
import { inputPosition, type InputObject } from '@typekro/app/plan';
import type { Diagnostic, JsonObject, JsonValue, KubeObject } from '@typekro/kit/core';
import { formatApiVersion, isJsonObject, stringifyJson, definedMembers } from '@typekro/kit/core';
import type { Graph, Hole, KroCompatibility, PathStep, TypedNode } from '@typekro/engine/graph';
import { Nodes, Path, scanExpressions } from '@typekro/engine/graph';
import type { Schema, SchemaSource } from '@typekro/engine/schema';
import {
  builtinSource,
  RefusalText,
  RefusedPlace,
  StructuralSchema,
  schemaNodeAt,
  valueAtSteps,
} from '@typekro/engine/schema';
import { placedCause } from './placed-cause.ts';
import { deprecatedVersion, withoutFollowUps } from './check-objects.ts';

/**
 * Reports the problems for which an API server would refuse objects that the templates of a graph create. Fields with
 * expressions get sample values, and problems that depend on a sample value are dropped. Checks only built-in kinds. For
 * all kinds of `served`, warns of deprecated versions. `known` contains the compiler's findings, which are not reported
 * again.
 */
export async function checkTemplates(
  input: InputObject,
  graph: Graph,
  served: SchemaSource,
  server: DryRun,
  known: readonly Diagnostic[],
): Promise<Diagnostic[]> {
  const found: Diagnostic[] = [];
  const kinds = builtinSource();
  for (const node of Nodes.typed(graph)) {
    if (!Nodes.ownsObjects(node)) continue;
    const [base, schema] = [placeOf(graph, node), kinds.schemaOf(node.type)];
    found.push(...deprecatedVersion(input, node.type, served, base));
    if (schema === undefined) continue;
    found.push(
      ...(await checkNode(input, node, base, schema, server, known)),
      ...(await checkNameParts(input, node, base, schema, server, graph.kroCompatibility)),
    );
  }
  return found;
}

/** Returns the path of a node's template, also for a node in a subgraph. */
function placeOf({ definedBy, nodes }: Graph, { id, index }: TypedNode): readonly PathStep[] {
  if (definedBy === 'definition') return ['spec', 'resources', index, 'template'];
  const parts = id.split('/');
  const frames = parts.slice(0, -1).flatMap((_, at): PathStep[] => {
    const frame = nodes.get(parts.slice(0, at + 1).join('/'));
    return [frame?.index ?? 0, 'graph', 'nodes'];
  });
  return ['spec', 'nodes', ...frames, index, 'template'];
}

/**
 * Checks the constant parts of names with expressions. Some constant parts make a name invalid for any value of its
 * expressions.
 */
async function checkNameParts(
  input: InputObject,
  node: TypedNode,
  base: readonly PathStep[],
  schema: Schema,
  server: DryRun,
  level: KroCompatibility,
): Promise<Diagnostic[]> {
  const { skeleton, holes } = node.template;
  const found: Diagnostic[] = [];
  for (const { path, expression } of holes) {
    const { template } = expression;
    const isName = path.length === 2 && path[0] === 'metadata' && (path[1] === 'name' || path[1] === 'namespace');
    const scanned = isName && template !== undefined ? scanExpressions(template, level) : undefined;
    const parts = scanned?.ok === true ? scanned.parts : [];
    const wrong = parts.find(({ kind, text }) => kind === 'text' && /[^a-z0-9.-]/.test(text));
    if (wrong === undefined) continue;
    const value = fill(skeleton, holes, schema);
    const metadata = value['metadata'];
    const field = String(path[1]);
    if (isJsonObject(metadata))
      metadata[field] = parts.map(({ kind, text }) => (kind === 'text' ? text : 'x')).join('');
    const object = { ...value, apiVersion: formatApiVersion(node.type), kind: node.type.kind } as KubeObject;
    // Some kinds allow any characters in names.
    if (!(await server.check(object)).some((cause) => cause.field === `metadata.${field}`)) continue;
    const corrected = parts
      .map(({ kind, text }) => (kind === 'text' ? text.toLowerCase().replaceAll(/[^a-z0-9.-]+/g, '-') : `\${${text}}`))
      .join('');
    const steps = [...base, ...path];
    const source = inputPosition(input, steps);
    const text = `${node.type.kind} "${node.id}": metadata.${field}: ${JSON.stringify(wrong.text)} cannot be part of a ${field}; the API server will refuse it`;
    found.push({
      code: 'input/refused-template',
      severity: 'error',
      message: source === undefined ? `${input.file}: ${input.object.metadata.name ?? 'definition'}: ${text}` : text,
      path: Path.format(steps),
      hint: `use small letters, digits and "-": write ${corrected}`,
      ...(source === undefined ? {} : { source }),
    });
  }
  return found;
}

async function checkNode(
  input: InputObject,
  node: TypedNode,
  base: readonly PathStep[],
  schema: Schema,
  server: DryRun,
  known: readonly Diagnostic[],
): Promise<Diagnostic[]> {
  const { skeleton, holes } = node.template;
  const value = fill(skeleton, holes, schema);
  const object = { ...value, apiVersion: formatApiVersion(node.type), kind: node.type.kind } as KubeObject;
  const refused = await server.check(object);
  // On invalid base64, the server stops decoding and does not report the field.
  const undecoded = refused.some(({ field, message }) => field === '' && message.includes('illegal base64'));
  const bytes = undecoded
    ? StructuralSchema.validate(schema, value).filter(({ message }) => /must be of type byte/.test(message))
    : [];
  const allCauses = [...refused, ...bytes].map((cause) => placedCause(value, cause));
  const causes = withoutFollowUps(allCauses, value);
  // If a name or a label is an expression without a sample value, the server reports that the name or label is missing.
  const unfilled = holes.filter(({ path }) => valueAtSteps(value, path) === undefined);
  const open = unfilled.length > 0;
  const unselected = valueAtSteps(value, ['spec', 'selector']) === undefined;
  const mismatched = known.some(
    ({ code, path = '' }) => code === 'graph/selector-mismatch' && path.startsWith(`${Path.format(base)}.`),
  );
  return causes.flatMap((cause) => {
    const found = RefusedPlace.of(value, cause.field, cause.message);
    const place = constantPlace(value, skeleton, found.steps, cause.message) ?? found;
    if (open && cause.message.startsWith('Not found')) return [];
    if ((unselected || mismatched) && /does not match template/.test(cause.message)) return [];
    // Only an expression at the missing field or at an ancestor of it could set the field.
    const absent = place.key && cause.message.startsWith('Required');
    const steps = absent ? RefusedPlace.stepsIn(value, cause.field) : place.steps;
    // An expression without a sample value can yield the missing field.
    if (absent && unfilled.some(({ path }) => place.steps.every((step, index) => step === path[index]))) return [];
    const isOpen = !presenceOnly(found.steps, cause.message, holes) && dependsOnHole(steps, cause.message, holes);
    // The refusal of a policy or webhook of a cluster names no field. If the template has expressions, the policy or
    // webhook may have refused a sample value. Therefore its refusal is reported only for a template without
    // expressions.
    const isDenied = cause.field === '' && holes.length === 0 && server.namesAdmission === true;
    if ((cause.field === '' && !isDenied) || isOpen) return [];
    const path = [...base, ...place.steps];
    const { file, document, object: definition } = input;
    if (isKnown(Path.format(path), known)) return [];
    const written = valueAtSteps(value, place.steps);
    const { message, hint } =
      ownTemplate(written) ?? RefusalText.of(cause.message, written, cause.field, document?.written?.(path)?.text);
    const source = inputPosition(input, path, place.key);
    const text = `${node.type.kind} "${node.id}": ${isDenied ? '' : `${cause.field}: `}${message}; the API server will refuse it`;
    return [
      {
        code: 'input/refused-template',
        severity: 'error' as const,
        message: source === undefined ? `${file}: ${definition.metadata.name ?? 'definition'}: ${text}` : text,
        path: Path.format(path),
        ...definedMembers({ hint, source }),
      },
    ];
  });
}

/** Returns the message for a Helm template in a definition, with a hint for the equivalent expression. */
function ownTemplate(written: JsonValue | undefined): ReturnType<typeof RefusalText.of> | undefined {
  const found = typeof written === 'string' ? /\{\{-?\s*(?:\.Values\.)?([\w.]*)[^}]*\}\}/.exec(written) : null;
  if (found === null || typeof written !== 'string') return undefined;
  const [braces, name = ''] = found;
  const field = name === '' || name.startsWith('.') ? 'name' : name;
  return {
    message: `the string ${stringifyJson(written)} has braces of Helm, but a definition has expressions instead`,
    hint: `write ${written.replace(braces, () => `\${schema.spec.${field}}`)}`,
  };
}

/**
 * Did the compiler report a finding at or below this path? Findings with the code `graph/foreign-expression` do not
 * count.
 */
function isKnown(path: string, known: readonly Diagnostic[]): boolean {
  return known.some(({ code, path: other = '' }) => code !== 'graph/foreign-expression' && isAtOrInside(other, path));
}

/**
 * Returns the place of a constant that the server's message quotes. The message can name another field, into which the
 * server copied the constant as a default.
 */
function constantPlace(
  value: JsonObject,
  skeleton: JsonObject,
  steps: readonly PathStep[],
  message: string,
): { readonly steps: readonly PathStep[]; readonly key: boolean } | undefined {
  const quoted = /^(?:Invalid|Unsupported) value: "([^"\\]+)"/.exec(message)?.[1];
  if (quoted === undefined || typeof valueAtSteps(value, steps) !== 'object') return undefined;
  const places = placesOf(valueAtSteps(skeleton, steps), quoted, steps);
  return places.length === 1 && places[0] !== undefined ? { steps: places[0], key: false } : undefined;
}

function placesOf(value: JsonValue | undefined, text: string, at: readonly PathStep[]): (readonly PathStep[])[] {
  if (value === text) return [at];
  if (Array.isArray(value)) return value.flatMap((item, index) => placesOf(item, text, [...at, index]));
  return isJsonObject(value)
    ? Object.entries(value).flatMap(([name, item]) => placesOf(item, text, [...at, name]))
    : [];
}

/** Is a refusal about the presence of members, so that the values of expressions do not matter? */
function presenceOnly(steps: readonly PathStep[], message: string, holes: readonly Hole[]): boolean {
  const isAbout = /\bboth\b|mutually exclusive|more than (?:1|one) /.test(message);
  return isAbout && !holes.some(({ path }) => path.every((step, index) => step === steps[index]));
}

/** Does a refusal depend on the value of an expression? */
function dependsOnHole(steps: readonly PathStep[], message: string, holes: readonly Hole[]): boolean {
  const selector = /selector/i.test(message) && !message.includes('not a valid selector operator');
  return holes.some(({ path }) => {
    const shared = Math.min(path.length, steps.length);
    if (path.slice(0, shared).every((step, index) => step === steps[index])) return true;
    // The server compares labels and selectors with each other, so an expression in one of them can cause the refusal
    // of the other.
    return selector && path.some((step) => step === 'selector' || step === 'labels' || step === 'matchLabels');
  });
}

/**
 * Returns the template with a sample value of the right type for each expression. Equal expressions get equal values.
 */
function fill(skeleton: JsonObject, holes: readonly Hole[], schema: Schema): JsonObject {
  const value = structuredClone(skeleton);
  const texts = new Map<string, string>();
  for (const { path, expression } of holes) {
    const text = expression.template ?? expression.cel;
    const name = texts.get(text) ?? `x${texts.size}`;
    texts.set(text, name);
    const filled = standIn(schemaNodeAt(schema, path), expression.template !== undefined, name);
    const parent = valueAtSteps(value, path.slice(0, -1));
    const last = path.at(-1);
    if (Array.isArray(parent) && typeof last === 'number') parent[last] = filled ?? null;
    else if (isJsonObject(parent) && last !== undefined) {
      if (filled === undefined) delete parent[String(last)];
      else parent[String(last)] = filled;
    }
  }
  return value;
}

function standIn(schema: Schema | undefined, isText: boolean, name: string): JsonValue | undefined {
  if (isText || schema?.['x-kubernetes-int-or-string'] === true) return name;
  const [allowed] = schema?.enum ?? [];
  if (allowed !== undefined) return allowed;
  switch (schema?.type) {
    case 'string':
      return name;
    case 'integer':
    case 'number':
      return 1;
    case 'boolean':
      return false;
    default:
      return undefined;
  }
}
