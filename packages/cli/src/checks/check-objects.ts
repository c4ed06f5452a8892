import type { DryRun, RefusalCause } from '@typekro/cluster';
import { isAtOrInside } from '@typekro/app/instance';
import { inputPosition, type InputObject } from '@typekro/app/plan';
import type { Diagnostic, GroupVersionKind, JsonValue, KubeObject, SourcePosition } from '@typekro/kit/core';
import { definedMembers, formatApiVersion, grouped, isJsonObject, parseApiVersion } from '@typekro/kit/core';
import { compareVersions } from '@typekro/kit/kubernetes';
import { type PathStep, isDefinition, Path } from '@typekro/engine/graph';
import type { Schema, SchemaSource } from '@typekro/engine/schema';
import { RefusalText, RefusedPlace, StructuralSchema, schemaNodeAt, valueAtSteps } from '@typekro/engine/schema';
import { placedCause } from './placed-cause.ts';
import { type UnknownField, correctFields } from './corrected-fields.ts';
import { hintForUnknownField } from './unknown-field-hint.ts';
import { placesOfQuoted, positionAt, textOf } from '../inputs/source-text.ts';

/**
 * Reports the problems for which an API server would refuse an object of the files: unknown fields, values of a wrong
 * type, and violations of validation rules. `served` contains the kinds, and `server` checks the rules. `known`
 * contains the compiler's problems for a definition. If one of them is an error or `graph/refused-by-api-server`, the
 * rules are not checked, because the server would report the same problem again.
 */
export async function checkObject(
  input: InputObject,
  served: SchemaSource,
  server: DryRun,
  known: readonly Diagnostic[] = [],
): Promise<readonly Diagnostic[]> {
  const { apiVersion, kind } = input.object;
  const type = { ...parseApiVersion(apiVersion), kind };
  const schema = served.schemaOf(type);
  if (schema === undefined) return [];
  return [...deprecatedVersion(input, type, served), ...(await checkWithSchema(input, schema, server, known))];
}

/**
 * Warns of a version of a custom resource that is deprecated, in the words of its author, as an API server does.
 *
 * @param base the place in the input of the object that is written in the version. Default: the input itself.
 */
export function deprecatedVersion(
  input: InputObject,
  type: GroupVersionKind,
  served: SchemaSource,
  base: readonly PathStep[] = [],
): Diagnostic[] {
  const warning = served.resourceOf(type)?.deprecated;
  if (warning === undefined) return [];
  const isBetter = ({ group, kind, ...other }: GroupVersionKind): boolean =>
    group === type.group &&
    kind === type.kind &&
    served.resourceOf({ ...other, group, kind })?.deprecated === undefined;
  const [better] = [...served.kinds()].filter(isBetter).sort((a, b) => compareVersions(a.version, b.version));
  const hint = better && `write it in ${formatApiVersion(better)}; typekro explain shows the fields of this version`;
  const place = { steps: [...base, 'apiVersion'], key: false };
  return [
    {
      ...report(input, base.length === 0 ? '' : Path.format(base), place, 'input/deprecated-version', warning, hint),
      severity: 'warning',
    },
  ];
}

/** The cause that the server adds when it stops the validation of an object early. */
const RULES_NOT_CHECKED = 'some validation rules were not checked because the object was invalid';

async function checkWithSchema(
  input: InputObject,
  schema: Schema,
  server: DryRun,
  known: readonly Diagnostic[],
): Promise<Diagnostic[]> {
  // Objects of files and modules are plain JSON here.
  const value = input.object;
  const pruned = StructuralSchema.prune(schema, value);
  const misnamed = pruned.unknown.length === 0 ? [] : correctFields(schema, value).unknown;
  // An object instead of a list is one error, not one error per member.
  const reportedUnknown = misnamed.map((field) => unknownField(input, schema, field));
  const byPlace = grouped(reportedUnknown, ({ path, message }) => `${path ?? ''}\0${message}`);
  const unknown = [...byPlace.values()].flatMap(([first]) => first ?? []);
  if (isDefinition(input.object)) {
    // The server's check is skipped after a misspelling, because it would also report the correct field as missing. It
    // is also skipped if it would repeat an error that the compiler has found.
    if (
      unknown.length > 0 ||
      known.some(({ code, severity }) => severity === 'error' || code === 'graph/refused-by-api-server')
    )
      return unknown;
    // A create drops such a null, and server-side apply refuses it.
    const nulls = StructuralSchema.validate(schema, pruned.value).filter(({ message }) => message.endsWith(': "null"'));
    const reported = nulls.length > 0 ? nulls : await server.check(pruned.value as KubeObject);
    return [...unknown, ...refusals(input, reported), ...(await wrongAnnotations(input))];
  }
  const holders = new Map(
    pruned.unknown.map((field) => {
      const parent = RefusedPlace.stepsIn(value, field).slice(0, -1);
      return [Path.format(parent), valueAtSteps(value, parent)];
    }),
  );
  // A missing field can be a consequence of a misspelt field. A problem of a whole object can be a consequence of a
  // wrong field in it.
  const follows = ({ field, message }: RefusalCause): boolean => {
    if (message.includes(RULES_NOT_CHECKED)) return true;
    if (!/^(?:Required|Invalid) value/.test(message)) return false;
    const place = RefusedPlace.stepsIn(value, field);
    const holder = Path.format(message.startsWith('Required') ? place.slice(0, -1) : place);
    const parent = holders.get(holder);
    return holders.has(holder) && !(isJsonObject(parent) && Object.hasOwn(parent, String(place.at(-1) ?? '')));
  };
  const wrong = StructuralSchema.validate(schema, StructuralSchema.applyDefaults(schema, pruned.value)).filter(
    (cause) => !follows(cause),
  );
  const causes = wrong.length > 0 ? wrong : await server.check(pruned.value as KubeObject);
  // Unknown members inside a list that should be an object are a consequence of the wrong type.
  const fields = new Set(causes.map(({ field }) => field));
  const inList = ({ path = '' }: Diagnostic) =>
    [...path.matchAll(/\[/g)].some(({ index }) => fields.has(path.slice(0, index)));
  return [
    ...unknown.filter((each) => !inList(each)),
    ...refusals(
      input,
      causes.filter((cause) => !follows(cause)),
      schema,
    ),
  ];
}

/**
 * Reports the annotations that the controller refuses in a definition. A dry run does not find them, because the API
 * server accepts any string. The controller's code is loaded only for definitions with an annotation `typekro.dev/…`.
 */
async function wrongAnnotations(input: InputObject): Promise<Diagnostic[]> {
  const { annotations = {} } = input.object.metadata;
  if (!Object.keys(annotations).some((name) => name.startsWith('typekro.dev/'))) return [];
  // The check of the object already reports an annotation that is not a string.
  if (Object.values(annotations).some((value) => typeof value !== 'string')) return [];
  const { readPolicies } = await import('@typekro/controller/controller');
  return readPolicies(input.object).invalid.map(({ annotation, message }) =>
    report(
      input,
      `metadata.annotations[${annotation}]`,
      { steps: ['metadata', 'annotations', annotation], key: false },
      'input/invalid-field',
      `the controller refuses the annotation: ${message}`,
      'correct the value, or leave the annotation out (docs/reference/labels.md)',
    ),
  );
}

/** Makes a diagnostic for each cause. Leaves out causes that are consequences of other causes. */
function refusals(input: InputObject, causes: readonly RefusalCause[], schema?: Schema): Diagnostic[] {
  const value = input.object;
  return withoutFollowUps(
    causes.map((cause) => placedCause(value, cause)),
    value,
  ).map(({ field, message }) => {
    const place = RefusedPlace.of(value, field, message);
    const written = valueAtSteps(value, place.steps);
    const text = RefusalText.of(message, written, field, writtenText(input, place.steps));
    const at = schema === undefined ? undefined : schemaNodeAt(schema, place.steps);
    const shape =
      at === undefined || written === undefined || !text.message.includes(' is written where ')
        ? undefined
        : RefusalText.shapeHint(at, written, place.steps);
    const hint = boundedHint(at, written) ?? shape ?? text.hint;
    return report(input, field, place, 'input/invalid-field', text.message, hint);
  });
}

/** Returns the text of a scalar as the author wrote it: `1.20` for 1.2. */
function writtenText({ document, givenBy }: InputObject, steps: readonly PathStep[]): string | undefined {
  const option = givenBy?.(steps);
  return option === undefined ? document?.written?.(steps)?.text : /=([\w.+-]+)$/.exec(option)?.[1];
}

/**
 * Leaves out causes at fields that the given object does not set, if there are other causes. A server sets defaults
 * before it validates, so it reports an error both in the given field and in fields whose defaults are copied from it.
 */
export function withoutFollowUps(causes: readonly RefusalCause[], value: JsonValue): readonly RefusalCause[] {
  const isOwn = ({ field, message }: RefusalCause): boolean =>
    !message.startsWith('Invalid value') ||
    valueAtSteps(value, RefusedPlace.of(value, field, message).steps) ===
      valueAtSteps(value, RefusedPlace.stepsIn(value, field)) ||
    !RefusedPlace.of(value, field, message).key;
  const own = causes.filter(isOwn);
  const kept = [
    ...new Map((own.length > 0 ? own : causes).map((cause) => [`${cause.field}\0${cause.message}`, cause])).values(),
  ];
  const ofField = grouped(kept, ({ field }) => field);
  return kept.filter((cause) => !isFollowUp(cause, kept, ofField.get(cause.field) ?? []));
}

/**
 * Does another cause report the same mistake more precisely: at a field instead of the whole object, or by a stricter
 * rule? `same` has the causes at the same field.
 */
function isFollowUp(
  { field, message }: RefusalCause,
  all: readonly RefusalCause[],
  same: readonly RefusalCause[],
): boolean {
  if (message.includes(RULES_NOT_CHECKED)) return all.length > 1;
  // The server repeats a field's message for the whole object.
  if (isWhole(field)) {
    const named = (COMBINED_SCHEMAS.exec(message) ?? NUMBER_OF_ANOTHER_TYPE.exec(message))?.[1];
    const repeats = (other: RefusalCause): boolean =>
      message === other.message || (named !== undefined && isAtOrUnder(other.field, named));
    if (all.some((other) => !isWhole(other.field) && repeats(other))) return true;
  }
  // An invalid name is reported only once, by the stricter rule.
  if (message.includes('a valid label')) return same.some((other) => other.message.includes('RFC 1123'));
  // An item that is not an object has another cause at the same field.
  if (message.includes('must be an object for an array of list-type map')) return same.length > 1;
  // The server reports an invalid selector in general, and each invalid part of it.
  return (
    message.endsWith('invalid label selector') &&
    all.some((other) => other.field !== field && isAtOrUnder(other.field, field))
  );
}

/** Matches the cause of a value that does not satisfy `anyOf`, `oneOf` or `allOf`. The cause quotes the field. */
const COMBINED_SCHEMAS = /"([^"]*)" must validate (?:at least one schema|one and only one schema|all the schemas)/;

/**
 * Matches the cause of a number outside the range of its type. The cause is at the whole object; only its message names
 * the field.
 */
const NUMBER_OF_ANOTHER_TYPE = /Checked value must be of type .* in (\S+)$/;

/** Is the field of a cause the whole object? */
const isWhole = (field: string): boolean => field === '' || field === '<nil>';

/** Is `field` the same field as `parent`, or inside it? An empty `parent` is the whole object. */
const isAtOrUnder = (field: string, parent: string): boolean => parent === '' || isAtOrInside(field, parent);

function unknownField(input: InputObject, schema: Schema, { steps, meant }: UnknownField): Diagnostic {
  const name = String(steps.at(-1) ?? '');
  const field = StructuralSchema.fieldPath(steps);
  const outside = name === 'id' && steps.length === 1 && input.document === undefined;
  if (outside) return madeOutside(input, steps);
  const above = steps.slice(0, -1);
  const around = valueAtSteps(input.object, above);
  const list = schemaNodeAt(schema, meant.slice(0, -1));
  // For a definition, the compiler already reports an object instead of a list.
  if (list?.type === 'array' && isJsonObject(around) && !isDefinition(input.object)) {
    const path = field.slice(0, field.lastIndexOf(`.${name}`));
    const hint =
      RefusalText.shapeHint(list, around, above) ?? 'begin each entry with "- ", also when there is only one';
    const message = 'an object is written where a list is expected';
    return report(input, path, { steps: above, key: false }, 'input/invalid-field', message, hint);
  }
  const hint = hintForUnknownField(schema, meant, isDefinition(input.object));
  return report(
    input,
    field,
    { steps, key: true },
    'input/unknown-field',
    `unknown field "${name}"`,
    hint ?? 'remove it: an API server drops it or refuses the object',
  );
}

/**
 * Reports an object whose factory was called outside a composition. Such an object has the field `id`, which only
 * resources of a composition may have.
 */
function madeOutside(input: InputObject, steps: readonly PathStep[]): Diagnostic {
  return report(
    input,
    '',
    { steps, key: true },
    'input/unknown-field',
    'it is made by a factory outside of a composition, and belongs to no graph',
    'call the factory inside the function of kubernetesComposition, or export a plain object: { apiVersion, kind, metadata, … }',
  );
}

/** Returns the hint for a quoted number that is also out of bounds. The hint must correct both errors. */
function boundedHint(schema: Schema | undefined, value: JsonValue | undefined): string | undefined {
  const { minimum = -Infinity, maximum = Infinity, type } = schema ?? {};
  if (type !== 'integer' || typeof value !== 'string' || !/^-?\d+$/.test(value)) return undefined;
  if (Number(value) >= minimum && Number(value) <= maximum) return undefined;
  const low = Number.isFinite(minimum) ? ` from ${minimum}` : '';
  const high = Number.isFinite(maximum) ? ` up to ${maximum}` : '';
  return `write a whole number${low}${high}, without quotes`;
}

/**
 * Returns the position of the wrong value in the code, if exactly one line contains the value in quotes. If not, looks
 * for the name of the object in the same way.
 */
function quotedIn(
  { object, file, document, locate }: InputObject,
  steps: ReturnType<typeof RefusedPlace.of>['steps'],
): SourcePosition | undefined {
  if (document !== undefined || locate !== undefined) return undefined;
  const texts = [valueAtSteps(object, steps), object.metadata.name];
  const text = textOf(file);
  for (const wanted of texts) {
    const found = typeof wanted === 'string' && wanted !== '' ? placesOfQuoted(text, wanted) : [];
    const [first, ...others] = found.map((offset) => positionAt(file, text, offset));
    if (first !== undefined && others.every(({ line }) => line === first.line)) return first;
  }
  return undefined;
}

function report(
  input: InputObject,
  field: string,
  { steps, key }: ReturnType<typeof RefusedPlace.of>,
  code: string,
  text: string,
  hint: string | undefined,
): Diagnostic {
  const { object, file } = input;
  const option = input.givenBy?.(steps);
  const source = option === undefined ? (inputPosition(input, steps, key) ?? quotedIn(input, steps)) : undefined;
  const what = `${object.kind} ${object.metadata.name ?? ''}: ${field === '' || field === '<nil>' ? '' : `${field}: `}${text}`;
  return {
    code,
    severity: 'error',
    message: source === undefined ? `${option ?? file}: ${what}` : what,
    path: Path.format(steps),
    ...definedMembers({ hint, source }),
  };
}
