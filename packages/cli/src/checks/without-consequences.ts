import type { CodeInfo, Diagnostic } from '@typekro/kit/core';
import { isAtOrInside } from '@typekro/app/instance';
import { BELOW_SPEC } from './unknown-field-hint.ts';
import { diagnosticCodes } from '@typekro/engine/graph';
import { schemaCodes } from '@typekro/engine/schema';

/** Matches the path of a field that is next to the id of a resource and belongs below its `template`. */
const TEMPLATE_FIELD = /^(spec\.resources\[\d+\])\.(?:apiVersion|kind|metadata|spec|data|type)$/;

/** Replaces several findings that have one cause by a single finding that names this cause. */
function collapsed(diagnostics: readonly Diagnostic[]): readonly Diagnostic[] {
  const unknownFields = new Map<string, Diagnostic>();
  for (const each of diagnostics) {
    const parent = each.code === 'input/unknown-field' ? TEMPLATE_FIELD.exec(each.path ?? '')?.[1] : undefined;
    if (parent !== undefined && !unknownFields.has(parent)) unknownFields.set(parent, each);
  }
  const outside = diagnostics.filter(isOutsideSpec).toSorted((a, b) => (a.source?.line ?? 0) - (b.source?.line ?? 0));
  const classes = new Set(diagnostics.map(({ message }) => /^a class inside a composition: (\w+)$/.exec(message)?.[1]));
  const isType = ({ code, message }: Diagnostic) => code === 'simpleschema/unknown-type' && message.includes('${');
  const expression = diagnostics.find(isType);
  return diagnostics.flatMap((each) => {
    const parent = TEMPLATE_FIELD.exec(each.path ?? '')?.[1];
    const first = parent === undefined ? undefined : unknownFields.get(parent);
    const hasTemplate = (resource: string): boolean =>
      !diagnostics.some(({ code, path }) => code === 'graph/field-combination' && path === resource);
    if (each.code === 'input/unknown-field' && first !== undefined && parent !== undefined)
      return each === first ? [besideTemplate(each, parent, hasTemplate(parent))] : [];
    // Drops the error about the missing field, because the error about the field next to the template has the same
    // cause.
    if (MISSING.has(each.code) && [...unknownFields.keys()].some((resource) => each.path === `${resource}.template`))
      return [];
    if (each.code === 'trace/unknown-name' && classes.has(each.message.replace(/ is not declared$/, ''))) return [];
    if (outside.includes(each)) {
      const same = outside.filter((other) => parentOf(other) === parentOf(each));
      return same[0] === each ? [outsideSpec(each, same.map(nameOf))] : [];
    }
    if (
      each.code === 'cel/unknown-field' &&
      outside.some((other) => each.message === `undefined field '${nameOf(other)}'`)
    )
      return [];
    if (each.code === 'graph/field-combination' && unknownFields.has(each.path ?? '')) return [];
    if (!isType(each)) return [each];
    const message = 'an expression is written where the type of a spec field belongs';
    return each === expression ? [{ ...each, message }] : [];
  });
}

const isOutsideSpec = ({ code, hint }: Diagnostic): boolean =>
  code === 'input/unknown-field' && hint?.startsWith(BELOW_SPEC) === true;

const nameOf = ({ path = '' }: Diagnostic): string => path.slice(path.lastIndexOf('.') + 1);

const parentOf = ({ path = '', source }: Diagnostic): string =>
  `${source?.file ?? ''} ${path.slice(0, Math.max(0, path.lastIndexOf('.')))}`;

/**
 * Makes one finding for several fields outside of the spec, because one wrong indentation is the cause. The finding
 * names all fields.
 */
function outsideSpec(each: Diagnostic, names: readonly string[]): Diagnostic {
  return names.length < 2 ? each : { ...each, message: `${each.message}; likewise ${names.slice(1).join(', ')}` };
}

/** The codes of findings about missing parts of an object. */
const MISSING: ReadonlySet<string> = new Set(['input/refused-template', 'graph/missing-required']);

function besideTemplate(each: Diagnostic, parent: string, hasTemplate: boolean): Diagnostic {
  const field = nameOf(each);
  if (hasTemplate) {
    return {
      ...each,
      message: `${field} is written next to template, but belongs to the object below template`,
      hint: `indent ${field} and the lines below it by two more spaces`,
    };
  }
  return {
    ...each,
    code: 'graph/invalid-definition',
    path: parent,
    message: 'the object of this resource is written next to its id, not below template',
    hint: 'write template: before the object, and indent its lines by two more spaces',
  };
}

/** The codes of findings about the structure of a definition. A wrong structure hides names and fields. */
const BROKEN_SHAPE: ReadonlySet<string> = new Set([
  'graph/invalid-id',
  'graph/invalid-definition',
  'input/unknown-field',
]);

/** The maximum number of findings that are compared with each other. The time grows with the square of the number. */
const MAX_COMPARED = 1000;

/**
 * Returns the findings about one object, without those that are consequences of others. A finding about another object
 * has another cause, even at the same path, so the function is called once per object. For a module that could not be
 * loaded, the objects are unknown, and the function is called once per file. The most important rules are these. A
 * field that is reported as misspelt is not also reported as missing. While a part that declares names is broken, no
 * name is reported as unknown. A value has only one problem. Findings after the first 1,000 are all returned.
 */
export function withoutConsequences(found: readonly Diagnostic[]): readonly Diagnostic[] {
  if (found.length > MAX_COMPARED)
    return [...withoutConsequences(found.slice(0, MAX_COMPARED)), ...found.slice(MAX_COMPARED)];
  const diagnostics = withTexts(collapsed(found));
  const broken = diagnostics.filter(({ code, path = '' }) => BROKEN_SHAPE.has(code) || isBrokenLoop(code, path));
  const named = broken.filter((each) => !isMisnamedId(each, broken));
  return diagnostics.flatMap((each) => {
    if (broken.includes(each)) return isCause(each, named) ? [withMeantName(each, diagnostics)] : [];
    if (
      each.code === 'graph/unknown-identifier' &&
      [...broken, ...diagnostics.filter(isLost)].some(({ path = '' }) => hidesNames(path))
    )
      return [];
    if (each.code === 'simpleschema/unknown-type' && diagnostics.some(isMisplacedTypes)) return [];
    if (each.code === 'graph/external-metadata' && diagnostics.some((other) => isNameBeside(other, each))) return [];
    const misnamed = each.code === 'graph/field-combination' && broken.some((other) => isFieldOf(other, each));
    if (misnamed) return [];
    if (ONE_PER_PLACE.has(each.code) && isReportedBefore(each, diagnostics)) return [];
    if (each.code === 'graph/missing-required' && diagnostics.some((other) => isMeantFor(other, each))) return [];
    const typed = diagnostics.find(({ code, path }) => code === 'graph/literal-type' && path === each.path);
    return typed !== undefined && typed !== each && each.code.startsWith('cel/') ? [] : [each];
  });
}

/**
 * Is the unknown field a misspelling of the missing field, according to the hint of the finding about the unknown
 * field?
 */
function isMeantFor(unknown: Diagnostic, missing: Diagnostic): boolean {
  const lacking = /([^.\s]+); the API server/.exec(missing.message)?.[1] ?? '';
  const name = missing.path === undefined ? undefined : unknown.path?.slice(missing.path.length);
  return (
    unknown.code === 'graph/unknown-field' &&
    unknown.path?.startsWith(missing.path ?? '') === true &&
    /^\.[^.[]+$/.test(name ?? '') &&
    (/^write (?:- )?\{/.test(unknown.hint ?? '') || unknown.hint === `did you mean "${lacking}"?`) &&
    unknown.source?.file === missing.source?.file
  );
}

/** The codes of refusals of a string that should be an expression. */
const REFUSED_TEXT: ReadonlySet<string> = new Set([
  'input/refused-template',
  'graph/literal-type',
  'graph/invalid-literal',
  'graph/status-literal',
]);

/**
 * Raises the finding about a string that is probably meant as an expression (`graph/foreign-expression`) to an error
 * when another finding says that the API server refuses the string. Drops that other finding.
 */
function withTexts(diagnostics: readonly Diagnostic[]): readonly Diagnostic[] {
  const isText = ({ code }: Diagnostic) => code === 'graph/foreign-expression';
  const at = ({ path, source }: Diagnostic) => `${source?.file ?? ''} ${path ?? ''}`;
  const texts = new Set(diagnostics.filter(isText).map(at));
  const refused = new Set(diagnostics.filter(({ code }) => REFUSED_TEXT.has(code)).map(at));
  return diagnostics.flatMap((each) => {
    if (isText(each) && refused.has(at(each))) return [{ ...each, severity: 'error' as const }];
    return REFUSED_TEXT.has(each.code) && texts.has(at(each)) ? [] : [each];
  });
}

const isBrokenLoop = (code: string, path: string): boolean =>
  code === 'graph/not-standalone' && /\.forEach\[\d+\]/.test(path);

/** The codes of findings that are left out if an earlier finding has the same place. */
const ONE_PER_PLACE: ReadonlySet<string> = new Set(['graph/not-standalone', 'graph/dependent-iterators']);

function isReportedBefore(each: Diagnostic, all: readonly Diagnostic[]): boolean {
  return all
    .slice(0, all.indexOf(each))
    .some(
      ({ path, code, source }) =>
        code.startsWith('graph/') &&
        code !== each.code &&
        path === each.path &&
        source?.file === each.source?.file &&
        source?.line === each.source?.line,
    );
}

/** Is the finding about a resource that the compiler skipped, so that its id is unknown? */
const isLost = ({ code, path = '' }: Diagnostic): boolean =>
  code === 'graph/duplicate-id' ||
  code === 'graph/field-combination' ||
  (code === 'graph/invalid-template' && path.endsWith('.template'));

/** Does a finding report custom types outside of the schema, where they declare no types? */
const isMisplacedTypes = ({ code, path }: Diagnostic): boolean =>
  code === 'input/unknown-field' && (path === 'spec.types' || path === 'types');

/** Does a finding report the name of an external object beside its metadata, which are missing? */
const isNameBeside = ({ code, path }: Diagnostic, missing: Diagnostic): boolean =>
  code === 'input/unknown-field' && path === missing.path?.replace(/metadata$/, 'name');

/** Is the path in resources or loops, which declare the names that expressions read? */
const hidesNames = (path: string): boolean =>
  /^spec\.schema\.resources$|^spec\.resources(?:$|\[\d+\](?:$|\.(?:id|name|forEach|template)\b))/.test(path);

const isFieldOf = ({ code, path = '' }: Diagnostic, { path: parent = '' }: Diagnostic): boolean =>
  code === 'input/unknown-field' && path.startsWith(`${parent}.`) && !path.slice(parent.length + 1).includes('.');

/**
 * Is the finding a cause? Of several findings about one broken part, only the first is a cause. The list `broken` has no
 * missing fields whose misspelling is reported, because the misspelt field is their cause.
 */
function isCause(each: Diagnostic, broken: readonly Diagnostic[]): boolean {
  const { source, path = '' } = each;
  if (!broken.includes(each)) return false;
  const first = broken.find(
    (other) =>
      !areTwoFields(each, other) &&
      other.source !== undefined &&
      other.source.file === source?.file &&
      other.source.line === source?.line &&
      other.source.column === source.column,
  );
  const isInside = broken.some(
    (other) =>
      other !== each &&
      other.code === 'graph/invalid-definition' &&
      path.startsWith(`${other.path ?? ''}${/\[\d+\]$/.test(other.path ?? '') ? '.forEach' : ''}.`),
  );
  return (first === undefined || first === each) && !isInside;
}

/**
 * Are the two findings about different unknown fields? For an object that code created, several fields have the same
 * position.
 */
const areTwoFields = (one: Diagnostic, other: Diagnostic): boolean =>
  one.code === 'input/unknown-field' &&
  other.code === 'input/unknown-field' &&
  !isAtOrInside(one.path ?? '', other.path ?? '') &&
  !isAtOrInside(other.path ?? '', one.path ?? '');

const isMisnamedId = (each: Diagnostic, broken: readonly Diagnostic[]): boolean =>
  each.code === 'graph/invalid-id' &&
  broken.some((other) => isFieldOf(other, { ...each, path: (each.path ?? '').replace(/\.id$/, '') }));

/**
 * Adds a hint to an unknown field of a resource without id or template, because such a field is usually a misspelling
 * of the missing one.
 */
function withMeantName(each: Diagnostic, all: readonly Diagnostic[]): Diagnostic {
  const parent = /^(spec\.resources\[\d+\])\.[^.[\]]+$/.exec(each.path ?? '')?.[1];
  if (each.code !== 'input/unknown-field' || parent === undefined || each.hint?.startsWith('did you mean') === true)
    return each;
  const lacks = (code: string, path: string) => all.some((other) => other.code === code && other.path === path);
  const meant = lacks('graph/invalid-id', `${parent}.id`)
    ? 'id'
    : lacks('graph/field-combination', parent)
      ? 'template'
      : undefined;
  return meant === undefined ? each : { ...each, hint: `did you mean "${meant}"? ${each.hint ?? ''}`.trim() };
}

/** Returns the diagnostics, each with its own remedy or else the remedy of its code. */
export async function withRemedies(diagnostics: readonly Diagnostic[]): Promise<readonly Diagnostic[]> {
  // Only compositions have codes of the tracer, so the check of YAML files does not load the tracer.
  const isTraced = diagnostics.some(({ code }) => code.startsWith('trace/'));
  const traceCodes = isTraced ? (await import('@typekro/sdk/compose')).traceCodes : [];
  const codes = new Map([...diagnosticCodes, ...schemaCodes, ...traceCodes].map((each) => [each.code, each]));
  return Promise.all(
    diagnostics.map(async (each) => {
      const hint = each.hint ?? (each.code === 'cel/no-overload' ? await callHint(each.message) : undefined);
      return hint === undefined ? withRemedyOf(codes.get(each.code), each) : { ...each, hint };
    }),
  );
}

/** The hint for a call of a function with values that it does not take: its signatures. */
async function callHint(message: string): Promise<string | undefined> {
  const call = /^found no matching overload for '([\w.]+)' applied to '(?:(.*)\.)?\(.*\)'$/s.exec(message);
  if (call === null) return undefined;
  const [, name = '', receiver] = call;
  const { functionsNamed } = await import('@typekro/editor');
  const signatures = functionsNamed(name, receiver).flatMap((each) => each.signatures);
  const value = receiver?.startsWith('optional_type(') === true ? '; take the value out with .orValue(…) first' : '';
  return signatures.length === 0 ? undefined : `it exists as ${signatures.slice(0, 4).join(', or ')}${value}`;
}

/** The hint for a kind that a cluster does not have. */
export const IN_CLUSTER =
  'install its CustomResourceDefinition in the cluster, put it into one of the files, or correct apiVersion and kind';

/** Replaces the hints that name the option `--crds`, for a command or an editor that does not have it. */
export const withPlaceOfKinds = (diagnostics: readonly Diagnostic[], hint: string): readonly Diagnostic[] =>
  diagnostics.map((each) => (each.hint?.includes('--crds') === true ? { ...each, hint } : each));

function withRemedyOf(code: CodeInfo | undefined, diagnostic: Diagnostic): Diagnostic {
  const { remedy } = code ?? {};
  return remedy === undefined
    ? diagnostic
    : { ...diagnostic, hint: `${remedy.charAt(0).toLowerCase()}${remedy.slice(1)}` };
}
