import type { JsonValue, KubeObject } from '@typekro/kit/core';
import type { RuleChecker } from '../../schema/structural/structural.ts';
import { crdErrors } from '../../schema/crd/crd-errors.ts';
import { RefusalText } from '../../schema/index.ts';
import { stepsIn, valueAtSteps } from '../../schema/refused-place.ts';
import { defaultOffset } from '../../schema/simple/marker-advice.ts';
import type { PathStep } from '../model.ts';
import { defaultRules, USES_OLD } from './check-rules.ts';
import type { Problems } from '../problems.ts';

const SCHEMA = ['spec', 'schema'];

/** The origins of the parts of the CRD: a pattern of field paths in the CRD, and the path below `spec.schema`. */
const ORIGINS: readonly (readonly [prefix: RegExp, path: readonly PathStep[]])[] = [
  [/^spec\.group/, ['group']],
  [/^spec\.names\.shortNames/, ['shortNames']],
  [/^spec\.names\.categories/, ['categories']],
  [/^spec\.names|^metadata\.name/, ['kind']],
  [/additionalPrinterColumns/, ['additionalPrinterColumns']],
  [/^spec\.versions?(?:\[0\]\.name)?$/, ['apiVersion']],
];

/** Matches the paths of the names that kro derives from the kind. */
const MADE_FROM_KIND = /^spec\.names\.(?:listKind|plural|singular)$/;

/**
 * Reports rules that read `oldSelf` in an element of a list without keys, because such an element has no stored
 * counterpart. `check-rules.ts` makes all other checks of the rules.
 */
const noCounterpart: RuleChecker = (_schema, rules, path, uncorrelatable) =>
  uncorrelatable === undefined
    ? []
    : rules.flatMap(({ rule }, index) => {
        if (!USES_OLD.test(rule)) return [];
        const message = `oldSelf cannot be used inside ${uncorrelatable}, whose elements cannot be matched with stored ones; immutable=true uses it too`;
        return [{ reason: 'FieldValueInvalid', field: `${path}[${index}].rule`, message }];
      });

/** Warns of each reason for which an API server refuses the CRD of the definition. */
export function checkCrd(crd: KubeObject, definition: JsonValue, problems: Problems): void {
  checkNameLabel(definition, problems);
  const seen = new Set<string>();
  const checks = { checkRules: noCounterpart, evaluateRules: defaultRules(), refusesRepeated: true };
  for (const { reason, field, message } of crdErrors(crd, checks)) {
    const path = originOf(field);
    const refusal = RefusalText.of(message, valueOf(crd, field), field);
    const isDefault = DEFAULT.test(field);
    const written = isDefault ? valueAtSteps(definition, path) : undefined;
    const offset = typeof written === 'string' ? defaultOffset(written) : undefined;
    const what = offset === undefined ? `${field}: ${refusal.message}` : defaultText(path, refusal.message);
    const isLater = isDefault && reason === 'FieldValueDuplicate';
    const text = `the API server will refuse ${isLater ? 'each instance with the default' : 'the CustomResourceDefinition'}: ${what}`;
    if (seen.has(text)) continue;
    seen.add(text);
    const hint = isDefault
      ? 'correct the default, or the marker that it breaks'
      : MADE_FROM_KIND.test(field)
        ? refusal.hint?.replace(/^shorten it to/, 'shorten the kind, so that this name has at most')
        : refusal.hint;
    problems.warn({
      code: 'graph/refused-crd',
      message: text,
      place: offset === undefined ? { path } : { path, offset },
      hint,
    });
  }
}

/** Matches the path of a default, and the path of a value inside a default. */
const DEFAULT = /\.default(?:\.|\[|$)/;

/**
 * The value of the CRD at a field path of an API server's message. In these messages, the schema of a CRD's only
 * version has the path `spec.validation`.
 */
function valueOf(crd: JsonValue, field: string): JsonValue | undefined {
  const path = field.replace(/^spec\.validation\./, 'spec.versions[0].schema.');
  return valueAtSteps(crd, stepsIn(crd, path));
}

/**
 * Warns of a name that is too long for the value of a label. The CRD and each object of the graph have a label with the
 * name of the definition.
 */
function checkNameLabel(definition: JsonValue, problems: Problems): void {
  const path = ['metadata', 'name'];
  const name = valueAtSteps(definition, path);
  if (typeof name !== 'string' || name.length <= MAX_LABEL_VALUE_LENGTH) return;
  problems.warn({
    code: 'graph/refused-crd',
    message: `the API server will refuse the CustomResourceDefinition: the name of the definition has ${name.length} characters, and is the value of the label kro.run/resource-graph-definition-name`,
    place: { path },
    hint: `shorten the name to at most ${MAX_LABEL_VALUE_LENGTH} characters`,
  });
}

const MAX_LABEL_VALUE_LENGTH = 63;

/** The message about a field's default, with the name that the field has in the definition. */
function defaultText(path: readonly PathStep[], message: string): string {
  const [, given, allowed] = /^Unsupported value: (.*): supported values: (.*)$/s.exec(message) ?? [];
  const name = String(path.at(-1));
  if (given !== undefined) return `the default ${given} of ${name} is not one of ${allowed ?? ''}`;
  const [, value, rule] = /^Invalid value: (.*?): (?:\S* ?in body )?(.*)$/s.exec(message) ?? [];
  return value === undefined ? `the default of ${name}: ${message}` : `the default ${value} of ${name} ${rule ?? ''}`;
}

/**
 * The path in the definition from which a part of the CRD comes. For a path in the CRD's schema, this is the field of
 * `spec` or `status`. The first version of the CRD is the hub; each other one is an entry of `versions`.
 */
function originOf(field: string): readonly PathStep[] {
  const [, digits = '0', member = ''] = /^spec\.versions\[(\d+)\]\.?(\w*)/.exec(field) ?? [];
  const root = digits === '0' ? SCHEMA : [...SCHEMA, 'versions', Number(digits) - 1];
  const members = [...field.matchAll(/properties\[([^\]]*)\]/g)].map((match) => match[1] ?? '');
  if (members[0] === 'spec' || members[0] === 'status') return [...root, ...members];
  if (root !== SCHEMA) return member === 'schema' ? root : [...root, member];
  return [...SCHEMA, ...(ORIGINS.find(([prefix]) => prefix.test(field))?.[1] ?? [])];
}
