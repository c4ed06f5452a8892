import { typeToString } from '@typekro/cel';
import { type JsonObject, type JsonValue, isJsonObject } from '@typekro/kit/core';
import { goJsonKind, goQuote } from '@typekro/kit/golang';
import { analyse } from '../analysis.ts';
import type { ParsedDefinition } from '../parsed-definition.ts';
import { hasBytes } from '../checks/assignability.ts';
import type { FieldSite } from '../resource-draft.ts';
import { type CompiledExpression, compileExpression } from '../expressions/expression.ts';
import type { Language } from '../expressions/language.ts';
import type { PathStep } from '../model.ts';
import { formatPath, parsePath } from '../path.ts';
import type { Problems } from '../problems.ts';
import { statusLeaf } from './status-leaf.ts';
import { literalPaths, statusProperties } from './status-tree.ts';
import type { GraphFeatures } from '../options.ts';
import { type StatusMark, withoutMarkers } from './status-marks.ts';
import { walkFreely } from '../walk.ts';

/** The author's status block: its compiled fields, and the schema that is inferred from their types. */
export interface StatusBlock {
  readonly skeleton: JsonObject;
  readonly fields: readonly CompiledExpression<FieldSite>[];
  readonly properties: JsonObject;
  /** The markers `scale` and `scaleSelector` after expressions; empty without the feature. */
  readonly marks: readonly StatusMark[];
  /** The `conditions` entry, if there is one. */
  readonly conditions: JsonValue | undefined;
}

const PATH = ['spec', 'schema', 'status'];
const PREFIX = 'failed to build instance status schema: ';

/** Reads the status block, checks its expressions and infers the schema of the status. */
export function buildStatus(
  definition: ParsedDefinition,
  language: Language,
  { scale = false }: GraphFeatures,
  problems: Problems,
): StatusBlock {
  const block = definition.schema.status ?? {};
  if (!isJsonObject(block)) {
    problems.error({
      phase: 'status',
      code: 'graph/invalid-definition',
      message: 'status must be an object',
      hint: Array.isArray(block) ? 'write NAME: ${…} for each field, without "- "' : 'write NAME: ${…} for each field',
      place: { path: PATH },
      kro: `failed to unmarshal status schema: error unmarshaling JSON: while decoding JSON: json: cannot unmarshal ${goJsonKind(block)} into Go value of type map[string]interface {}`,
    });
    return { skeleton: {}, fields: [], properties: {}, conditions: undefined, marks: [] };
  }
  const { conditions, ...open } = block;
  const marks: StatusMark[] = [];
  const rest = scale ? (withoutMarkers(open, [], marks) as JsonObject) : open;
  const walked = walkFreely(rest, { base: PATH, level: language.level });
  for (const { steps, kro, message, hint, offset, code } of walked.problems) {
    const path = [...PATH, ...steps];
    const place = offset === undefined ? { path } : { path, offset };
    problems.error({
      phase: 'status',
      code,
      message,
      hint,
      place,
      kro: `${PREFIX}failed to extract CEL expressions from status: ${kro}`,
    });
  }
  const unscanned = walked.problems.map((problem) => formatPath(problem.steps));
  reportLiterals(walked.skeleton, new Set([...walked.fields.map((field) => field.pathText), ...unscanned]), problems);
  const fields = walked.fields.flatMap((site) => checkField(site, language, problems) ?? []);
  for (const field of fields) {
    if (field.ids.length > 0) continue;
    problems.error({
      phase: 'instance',
      code: 'graph/constant-status',
      message: 'a status field must read a resource or schema; this one is constant',
      place: { path: field.site.path },
      kro: `failed to create instance node: instance status field must refer to a resource or schema: status.${field.site.pathText}`,
    });
  }
  for (const { site, type } of fields) {
    if (!hasBytes(type)) continue;
    problems.warn({
      code: 'graph/status-bytes',
      message: `the value has the type ${typeToString(type)}; JSON has no bytes, so the field gets no value`,
      hint: 'write base64.encode(…) around the bytes, or string(…) if they are text',
      place: { path: site.path },
    });
  }
  const leaves = fields.flatMap(({ site, type }) => {
    const steps = schemaSteps(site, problems);
    return steps === undefined ? [] : [{ steps, leaf: statusLeaf(type, language) }];
  });
  const properties = statusProperties(leaves);
  return { skeleton: walked.skeleton as JsonObject, fields, properties, conditions, marks };
}

/**
 * The path of a field in the status schema. Like kro, it parses the formatted path, so a key such as `a[0]` denotes a
 * list.
 */
function schemaSteps({ pathText, path }: FieldSite, problems: Problems): readonly PathStep[] | undefined {
  const parsed = parsePath(pathText);
  if (parsed.ok) return parsed.steps;
  problems.error({
    phase: 'status',
    code: 'graph/invalid-status-path',
    message: 'kro cannot place a status field with this key',
    hint: 'use keys without brackets and quotes',
    place: { path, key: true },
    kro: `${PREFIX}failed to generate status schema from CEL types: failed to parse path ${pathText}: ${parsed.message}`,
  });
  return undefined;
}

function reportLiterals(skeleton: JsonValue, filled: ReadonlySet<string>, problems: Problems): void {
  const literals = literalPaths(skeleton, filled, formatPath);
  const all = literals.map((steps) => formatPath(steps)).join(' ');
  for (const steps of literals) {
    problems.error({
      phase: 'status',
      code: 'graph/status-literal',
      message: 'a status field must be an expression; a literal is the same for every instance',
      hint: 'use ${…} that reads a resource or schema, or remove the field',
      place: { path: [...PATH, ...steps] },
      kro: `${PREFIX}status fields without expressions are not supported: [${all}]`,
    });
  }
}

function checkField(
  site: FieldSite,
  language: Language,
  problems: Problems,
): CompiledExpression<FieldSite> | undefined {
  const shown = site.text.template ?? site.text.cel;
  const analysis = analyse(site, language, { place: 'status' });
  if (!analysis.ok) {
    const { syntax: _syntax, kro, ...refusal } = analysis.refusal;
    const text = `${PREFIX}status field ${goQuote(site.pathText)} expression ${goQuote(shown)}: ${kro}`;
    problems.error({ ...refusal, phase: 'status', kro: text });
    return undefined;
  }
  const result = compileExpression(analysis.value, language.typed, language);
  if (result.ok) return result.value;
  const { syntax: _syntax, kro, ...refusal } = result.refusal;
  const step = result.stage === 'check' ? `${PREFIX}failed to type-check` : 'failed to compile';
  const text = `${step} status expression ${goQuote(shown)} at path ${goQuote(site.pathText)}: ${kro}`;
  problems.error({ ...refusal, phase: 'status', kro: text });
  return undefined;
}
