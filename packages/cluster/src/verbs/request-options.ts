import { goParseInt, goQuote } from '@typekro/kit/golang';
import { Problems } from '../errors/field-problems.ts';
import { fromHeader } from '../protocol/reply.ts';
import type { ApiRequest, Query } from '../protocol/request.ts';
import type { FieldError } from '@typekro/kit/kubernetes';
import { badRequest, invalid } from '../errors/api-error.ts';

/** How unknown and duplicate members are treated. */
export type FieldValidation = 'Strict' | 'Warn' | 'Ignore';

/** The options of a write. */
export interface WriteRequestOptions {
  readonly dryRun: boolean;
  /** The manager that will own the changed fields. */
  readonly manager: string;
  readonly fieldValidation: FieldValidation;
  readonly force: boolean;
}

const VALIDATIONS = ['', 'Ignore', 'Strict', 'Warn'];
const MAX_MANAGER_BYTES = 128;

/**
 * Parses and checks the query of a write. Throws 422 when an option is invalid; the error names the kind of the
 * options.
 */
export function writeOptions(
  request: Pick<ApiRequest, 'query' | 'headers'>,
  kind: 'CreateOptions' | 'UpdateOptions' | 'PatchOptions',
  apply = false,
): WriteRequestOptions {
  const { query } = request;
  const problems = new Problems();
  if (kind === 'PatchOptions') {
    if (!apply && query.has('force')) problems.forbidden('force', 'may not be specified for non-apply patch');
    if (apply && query.get('fieldManager') === '') problems.required('fieldManager', 'is required for apply patch');
  }
  checkManager(query.get('fieldManager'), problems);
  checkDryRun(query.all('dryRun'), problems);
  const validation = query.get('fieldValidation');
  problems.requireOneOf('fieldValidation', validation, VALIDATIONS);
  if (problems.length > 0) throw invalid('meta.k8s.io', kind, '', problems);
  return {
    dryRun: query.all('dryRun').length > 0,
    manager: query.get('fieldManager') || managerOf(request.headers['user-agent']),
    fieldValidation: validation === 'Strict' || validation === 'Ignore' ? validation : 'Warn',
    force: query.flag('force'),
  };
}

/** Does Go's `unicode.IsPrint` accept the character? */
const isPrintable = (character: string): boolean =>
  character === '"' || character === '\\' || goQuote(character) === `"${character}"`;

/**
 * The default field manager of a request: the printable characters of the User-Agent before the first slash, truncated
 * to the maximum length; `unknown` if no such characters exist.
 */
function managerOf(userAgent: string | undefined): string {
  const [product = ''] = fromHeader(userAgent ?? '').split('/');
  let name = '';
  let length = 0;
  for (const character of product) {
    if (!isPrintable(character)) continue;
    length += Buffer.byteLength(character);
    if (length > MAX_MANAGER_BYTES) break;
    name += character;
  }
  return name === '' ? 'unknown' : name;
}

function checkManager(manager: string, problems: Problems) {
  if (Buffer.byteLength(manager) > MAX_MANAGER_BYTES) problems.tooLong('fieldManager', MAX_MANAGER_BYTES);
  /** The number of bytes before the character. */
  let position = 0;
  for (const character of manager) {
    if (!isPrintable(character)) {
      const hex = (character.codePointAt(0) ?? 0).toString(16).toUpperCase().padStart(4, '0');
      problems.invalid('fieldManager', manager, `invalid character U+${hex} (at position ${position})`);
    }
    position += Buffer.byteLength(character);
  }
}

function checkDryRun(values: readonly string[], problems: Problems) {
  if (values.some((value) => value !== 'All')) problems.notSupported('dryRun', values, ['All']);
}

/** The options of a deletion, from the body or the query. */
export interface DeleteRequestOptions {
  readonly dryRun: boolean;
  readonly gracePeriodSeconds: number | undefined;
  readonly propagationPolicy: 'Foreground' | 'Background' | 'Orphan' | undefined;
  readonly orphanDependents: boolean | undefined;
  readonly preconditions: { readonly uid?: string; readonly resourceVersion?: string };
}

const POLICIES = ['Foreground', 'Background', 'Orphan'];

/** Checks the options of a deletion. Throws 422 with the kind `DeleteOptions` when an option is invalid. */
export function checkDeleteOptions(options: {
  readonly dryRun: readonly string[];
  readonly gracePeriodSeconds: number | undefined;
  readonly propagationPolicy: string | undefined;
  readonly orphanDependents: boolean | undefined;
  readonly preconditions: { readonly uid?: string; readonly resourceVersion?: string };
}): DeleteRequestOptions {
  const problems = new Problems();
  const { propagationPolicy, orphanDependents } = options;
  if (propagationPolicy !== undefined && orphanDependents !== undefined) {
    problems.invalid(
      'propagationPolicy',
      propagationPolicy,
      'orphanDependents and deletionPropagation cannot be both set',
    );
  }
  if (propagationPolicy !== undefined && !POLICIES.includes(propagationPolicy)) {
    problems.notSupported('propagationPolicy', propagationPolicy, [...POLICIES, 'nil']);
  }
  checkDryRun(options.dryRun, problems);
  if (problems.length > 0) throw invalid('meta.k8s.io', 'DeleteOptions', '', problems);
  return {
    ...options,
    dryRun: options.dryRun.length > 0,
    propagationPolicy: propagationPolicy as DeleteRequestOptions['propagationPolicy'],
  };
}

/** The options of a list or watch. */
export interface ListRequestOptions {
  readonly labelSelector: string;
  readonly fieldSelector: string;
  readonly shardSelector: string;
  readonly watch: boolean;
  readonly resourceVersion: string;
  readonly resourceVersionMatch: string;
  readonly sendInitialEvents: boolean | undefined;
  readonly allowWatchBookmarks: boolean;
  readonly limit: number;
  readonly continue: string;
  readonly timeoutSeconds: number | undefined;
}

/**
 * Parses and checks the query of a list or watch. Throws 400 for a malformed integer, and 422 with the kind
 * `ListOptions` when an option is invalid or does not fit the others.
 */
export function listOptions(query: Query, watch = query.flag('watch')): ListRequestOptions {
  const options: ListRequestOptions = {
    labelSelector: query.get('labelSelector'),
    fieldSelector: query.get('fieldSelector'),
    shardSelector: query.get('shardSelector'),
    watch,
    resourceVersion: query.get('resourceVersion'),
    resourceVersionMatch: query.get('resourceVersionMatch'),
    sendInitialEvents: query.has('sendInitialEvents') ? query.flag('sendInitialEvents') : undefined,
    allowWatchBookmarks: query.flag('allowWatchBookmarks'),
    limit: integer(query, 'limit') ?? 0,
    continue: query.get('continue'),
    timeoutSeconds: integer(query, 'timeoutSeconds'),
  };
  const problems = watch ? checkWatch(options) : checkList(options);
  if (problems.length > 0) throw invalid('meta.k8s.io', 'ListOptions', '', problems);
  return options;
}

/** An integer in the query; `undefined` when it is absent. Throws 400 for text that is not an integer. */
export function integer(query: Query, name: string): number | undefined {
  const text = query.get(name);
  if (text === '') return undefined;
  const parsed = goParseInt(text);
  if (!parsed.ok) throw badRequest(parsed.error);
  return Number(parsed.value);
}

const WITH_CONTINUE = 'resourceVersionMatch is forbidden when continue is provided';

function checkList(options: ListRequestOptions): FieldError[] {
  const problems = new Problems();
  const { resourceVersion, resourceVersionMatch: match } = options;
  if (match !== '') {
    if (resourceVersion === '') {
      problems.forbidden(
        'resourceVersionMatch',
        'resourceVersionMatch is forbidden unless resourceVersion is provided',
      );
    }
    if (options.continue !== '') problems.forbidden('resourceVersionMatch', WITH_CONTINUE);
    if (match !== 'Exact' && match !== 'NotOlderThan') {
      problems.notSupported('resourceVersionMatch', match, ['Exact', 'NotOlderThan', '']);
    }
    if (match === 'Exact' && resourceVersion === '0') {
      problems.forbidden('resourceVersionMatch', 'resourceVersionMatch "exact" is forbidden for resourceVersion "0"');
    }
  }
  if (options.sendInitialEvents !== undefined) {
    problems.forbidden('sendInitialEvents', 'sendInitialEvents is forbidden for list');
  }
  return problems;
}

function checkWatch(options: ListRequestOptions): FieldError[] {
  const problems = new Problems();
  const refuse = (problem: string) => problems.forbidden('resourceVersionMatch', problem);
  const match = options.resourceVersionMatch;
  const initial = options.sendInitialEvents !== undefined;
  // A watch without a resource version or with version 0 begins with the current state, like a watch with
  // `sendInitialEvents`.
  const startsWithState = !initial && match === '' && ['', '0'].includes(options.resourceVersion);
  if (startsWithState && options.continue !== '') refuse(WITH_CONTINUE);
  if (initial && match !== 'NotOlderThan')
    refuse('sendInitialEvents requires setting resourceVersionMatch to NotOlderThan');
  if (match === '') return problems;
  if (!initial) refuse('resourceVersionMatch is forbidden for watch unless sendInitialEvents is provided');
  if (match !== 'NotOlderThan') problems.notSupported('resourceVersionMatch', match, ['NotOlderThan']);
  if (options.continue !== '') refuse(WITH_CONTINUE);
  return problems;
}
