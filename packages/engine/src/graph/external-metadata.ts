import { type JsonObject, type JsonValue, isJsonObject } from '@typekro/kit/core';
import { labelSelectorProblems } from '@typekro/kit/kubernetes';
import { type CelType, DYN, listType, mapType, STRING } from '@typekro/cel';
import type { Schema } from '../schema/index.ts';
import type { KroCompatibility } from './kro-compatibility.ts';
import type { PathStep } from './model.ts';
import { formatPath } from './path.ts';
import { joinParts, scanExpressions, unclosedAt } from './expressions/scan.ts';
import { TemplatePlace } from './template-place.ts';
import { type WalkProblem, walkWithSchema } from './walk.ts';

const TEXT: Schema = { type: 'string' };
const SELECTOR: Schema = {
  type: 'object',
  properties: {
    matchLabels: { type: 'object', additionalProperties: TEXT },
    matchExpressions: {
      type: 'array',
      items: { type: 'object', properties: { key: TEXT, operator: TEXT, values: { type: 'array', items: TEXT } } },
    },
  },
};

/**
 * Does the metadata of an external reference select objects by their labels? A selector with the value null counts as
 * absent.
 */
export function hasSelector(metadata: JsonObject): boolean {
  const selector = Object.hasOwn(metadata, 'selector') ? metadata['selector'] : undefined;
  return selector !== undefined && selector !== null;
}

/**
 * The problems in the metadata of an external reference, according to the rules of kro since 0.9.4. The selector may be
 * a LabelSelector, or one bare expression that evaluates to a LabelSelector. The API server does not check the
 * selector, so the compiler does. The `steps` of each problem begin with `metadata`. Operators and label values are
 * checked only in a selector without expressions; any other selector is checked when it is evaluated.
 */
export function externalMetadataProblems(metadata: JsonObject, level?: KroCompatibility): readonly WalkProblem[] {
  const { name, selector } = metadata;
  const isNamed = typeof name === 'string' && name.trim() !== '';
  if (isNamed === hasSelector(metadata)) {
    const message = isNamed
      ? 'an externalRef has either a name or a selector, not both'
      : 'an externalRef needs the name of an object, or a selector';
    const kro = 'exactly one of name or selector must be provided';
    return [{ code: 'graph/external-metadata', steps: ['metadata'], kro, message, key: true }];
  }
  return isNamed || selector === undefined ? [] : selectorProblems(selector, level);
}

const SHAPE = 'selector must be a Kubernetes LabelSelector object or a CEL expression that resolves to one';

function selectorProblems(selector: JsonValue, level: KroCompatibility | undefined): readonly WalkProblem[] {
  const steps: readonly PathStep[] = ['metadata', 'selector'];
  const wrong = (kro: string, hint?: string): readonly WalkProblem[] => [
    {
      code: 'graph/external-selector',
      steps,
      kro,
      message: 'a selector is an object with matchLabels or matchExpressions, or one bare ${…} that returns one',
      hint,
    },
  ];
  if (typeof selector === 'string') {
    const scanned = scanExpressions(selector, level);
    if (!scanned.ok) return wrong(`invalid selector expression: ${scanned.message}`);
    const joined = joinParts(selector, scanned.parts);
    if (joined !== undefined && joined.template === undefined) return [];
    return wrong(SHAPE, unclosedAt(scanned.parts) === undefined ? undefined : 'close the expression with "}"');
  }
  if (!isJsonObject(selector)) return wrong(SHAPE);
  const root = new TemplatePlace().below('metadata').below('selector');
  const walked = walkWithSchema(selector, SELECTOR, { base: [], root, ...(level === undefined ? {} : { level }) });
  if (walked.problems.length > 0 || walked.fields.length > 0) return walked.problems;
  return labelSelectorProblems(selector).map(({ path, message }) => {
    const at = [...steps, ...path];
    const kro = `invalid label selector: [${formatPath(at)}: ${message}]`;
    return { code: 'graph/external-selector', steps: at, kro, message: `this is not a label selector: ${message}` };
  });
}

/**
 * The type that an expression at a path of a selector must have, as in kro. Undefined for other paths: outside a
 * selector, inside a requirement, and for a label whose key has a dot (its path ends with `["key"]`). The controller
 * checks the values at such paths after it has evaluated the selector.
 */
export function selectorFieldType(path: string): CelType | undefined {
  switch (path) {
    case 'metadata.selector':
      return mapType(STRING, DYN);
    case 'metadata.selector.matchLabels':
      return mapType(STRING, STRING);
    case 'metadata.selector.matchExpressions':
      return listType(DYN);
    default:
      return path.startsWith('metadata.selector.matchLabels.') ? STRING : undefined;
  }
}
