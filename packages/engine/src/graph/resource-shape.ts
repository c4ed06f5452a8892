import { type JsonValue, isJsonObject, stringifyJson } from '@typekro/kit/core';
import { goJsonKind } from '@typekro/kit/golang';
import { valueAtSteps } from '../schema/index.ts';
import type { PathStep } from './model.ts';
import type { GraphFeatures } from './options.ts';
import type { ResourceBlock } from './parsed-definition.ts';

/** A problem in the shape of a resource. `kro` is kro's message without its prefix. */
export interface ShapeProblem {
  readonly code: string;
  readonly path: readonly PathStep[];
  readonly kro: string;
  readonly message: string;
  readonly hint?: string | undefined;
  readonly key?: boolean | undefined;
}

/**
 * The reason why the shape of a resource is refused; undefined for a valid shape. A valid resource has exactly one of
 * `template`, `externalRef` and, with the feature gate `Variables`, `variable`. The value of this member is an object.
 */
export function shapeProblem(block: ResourceBlock, features: GraphFeatures): ShapeProblem | undefined {
  return (
    payloadProblem(block, features) ??
    deletionPolicyProblem(block, features) ??
    externalFieldsProblem(block, features) ??
    optionalProblem(block, features) ??
    propagationProblem(block, features)
  );
}

/**
 * The problem of `propagateWhen` if its gate is off, or if the controller does not write the objects of the resource.
 */
function propagationProblem(block: ResourceBlock, features: GraphFeatures): ShapeProblem | undefined {
  const { template, propagateWhen } = block;
  if (propagateWhen.length === 0) return undefined;
  if (features.propagateWhen !== true) return gateProblem(block, ['propagateWhen'], 'propagateWhen', 'PropagateWhen');
  if (template !== undefined) return undefined;
  const message = 'the controller writes nothing for this resource, so propagateWhen has no effect';
  const hint = 'move the condition to the resource that must wait; that resource needs a template';
  return refusal(block, 'graph/propagate-when', ['propagateWhen'], message, hint, true);
}

function payloadProblem(block: ResourceBlock, { variables }: GraphFeatures): ShapeProblem | undefined {
  if (block.variable !== undefined && variables === true) return variableProblem(block);
  const { id, template, externalRef, forEach, path } = block;
  const combination = (kro: string, message: string, hint: string): ShapeProblem => {
    const text = `invalid combination of resource fields: resource "${id}": ${kro}`;
    return { code: 'graph/field-combination', path, kro: text, message, hint, key: true };
  };
  if (template === undefined && externalRef === undefined) {
    if (block.variable !== undefined) return gateProblem(block, [], 'variable', 'Variables');
    const message = 'a resource needs either a template or an externalRef';
    return combination('exactly one of template or externalRef must be provided', message, 'add template');
  }
  if (template !== undefined && externalRef !== undefined) {
    const message = 'a resource has either a template or an externalRef';
    return combination('cannot use externalRef with template', message, 'remove one of the two');
  }
  if (externalRef !== undefined && forEach.length > 0) {
    const message = 'an externalRef reads what exists; it cannot have forEach';
    return combination('cannot use externalRef with forEach', message, 'remove one of the two');
  }
  if (externalRef !== undefined || isJsonObject(template)) return undefined;
  return {
    code: 'graph/invalid-template',
    path: [...path, 'template'],
    kro: `failed to unmarshal resource ${id}: error unmarshaling JSON: while decoding JSON: json: cannot unmarshal ${goJsonKind(template)} into Go value of type map[string]interface {}`,
    message: 'the template must be an object',
    hint:
      typeof template === 'string' && template.includes('\n')
        ? 'remove the "|" after template:, so that its lines are an object and not a string'
        : typeof template === 'string' && /\.(?:ya?ml|json)$/.test(template)
          ? `files are not read here: put the contents of ${template} below template:`
          : undefined,
  };
}

/** The problem of a part of a resource that needs a feature gate which is off. */
function gateProblem(block: ResourceBlock, at: readonly PathStep[], part: string, gate: string): ShapeProblem {
  const message = `${part} requires the ${gate} feature gate to be enabled`;
  const hint = `start the controller with --feature-gates=${gate}=true`;
  return refusal(block, 'graph/feature-gate', at, message, hint, true);
}

/** A problem for which kro's message names the resource. `key`: the problem is in the key at the path, not in its value. */
function refusal(
  { id, path }: ResourceBlock,
  code: string,
  at: readonly PathStep[],
  message: string,
  hint: string,
  key = false,
): ShapeProblem {
  const kro = `resource "${id}": ${message}`;
  return { code, path: [...path, ...at], kro, message, hint, ...(key ? { key } : {}) };
}

function deletionPolicyProblem(block: ResourceBlock, features: GraphFeatures): ShapeProblem | undefined {
  const { template, deletionPolicy } = block;
  const at = ['deletionPolicy'] as const;
  if (deletionPolicy === undefined) return undefined;
  if (features.deletionPolicy !== true) return gateProblem(block, at, 'deletionPolicy', 'DeletionPolicy');
  const refuse = (message: string, hint: string, key = false): ShapeProblem =>
    refusal(block, 'graph/invalid-deletion-policy', at, message, hint, key);
  if (template === undefined)
    return refuse('deletionPolicy can only be set with a template', 'remove it: there is no object to delete', true);
  if (deletionPolicy === 'Delete' || deletionPolicy === 'Orphaned') return undefined;
  const hint = 'write Orphaned to keep the object, or Delete to have it deleted';
  return refuse(`deletionPolicy must be Delete or Orphaned, not ${stringifyJson(deletionPolicy)}`, hint);
}

/** The steps of an entry of `externalFields`, the names of fields with dots between them. */
export const externalFieldSteps = (field: JsonValue): string[] => (typeof field === 'string' ? field.split('.') : []);

/** Names the fields that identify an object. The controller must always send them. */
const IDENTITY: ReadonlySet<string> = new Set([
  'apiVersion',
  'kind',
  'metadata',
  'metadata.name',
  'metadata.namespace',
]);

function externalFieldsProblem(block: ResourceBlock, features: GraphFeatures): ShapeProblem | undefined {
  const { template, externalFields } = block;
  if (externalFields === undefined) return undefined;
  const at = ['externalFields'] as const;
  if (features.externalFields !== true) return gateProblem(block, at, 'externalFields', 'ExternalFields');
  const refuse = (below: readonly PathStep[], message: string, hint: string): ShapeProblem =>
    refusal(block, 'graph/invalid-external-field', [...at, ...below], message, hint);
  const hint = 'write paths such as spec.replicas: fields of the template, outside of lists';
  if (!Array.isArray(externalFields)) return refuse([], 'externalFields must be a list of paths', hint);
  if (template === undefined) return refuse([], 'externalFields can only be set with a template', hint);
  const wrong = externalFields.findIndex(
    (field) =>
      typeof field !== 'string' ||
      IDENTITY.has(field) ||
      valueAtSteps(template, externalFieldSteps(field)) === undefined,
  );
  if (wrong < 0) return undefined;
  const shown = stringifyJson(externalFields[wrong] ?? null);
  return refuse([wrong], `externalFields: the template has no field ${shown} that another manager may own`, hint);
}

function optionalProblem(block: ResourceBlock, features: GraphFeatures): ShapeProblem | undefined {
  const { template, optional } = block;
  if (optional === undefined) return undefined;
  if (features.optionalResources !== true)
    return gateProblem(block, ['optional'], 'optional', 'DeferredSchemaResolution');
  const message =
    template === undefined
      ? 'optional can only be set with a template'
      : typeof optional === 'boolean'
        ? undefined
        : `optional must be true or false, not ${stringifyJson(optional)}`;
  if (message === undefined) return undefined;
  const hint = 'write optional: true below the resource whose kind may be missing, or remove it';
  return refusal(block, 'graph/invalid-optional', ['optional'], message, hint);
}

function variableProblem(block: ResourceBlock): ShapeProblem | undefined {
  const { id, template, externalRef, variable } = block;
  const refuse = (at: readonly PathStep[], message: string, hint: string, key = false): ShapeProblem =>
    refusal(block, 'graph/invalid-variable', at, message, hint, key);
  const other = template !== undefined ? 'template' : externalRef !== undefined ? 'externalRef' : undefined;
  if (other !== undefined)
    return refuse([], `a variable has no object, so it cannot have ${other}`, 'make two resources of it', true);
  if (!isJsonObject(variable)) {
    const hint = `give the value a name: below "variable:", write "value: ${typeof variable === 'string' ? variable : '…'}"`;
    return refuse(['variable'], 'variable must be an object', hint);
  }
  if (!Object.hasOwn(variable, id)) return undefined;
  const message = `the variable "${id}" has a key of the same name`;
  return refuse(['variable', id], message, `rename the key: it is read as \${${id}.NAME}`, true);
}
