import type { CelType, Library, Overload, Value } from '@typekro/cel';
import { BOOL, fail, opaqueType, OpaqueValue, STRING } from '@typekro/cel';
import { dnsLabel, dnsSubdomain } from '@typekro/kit/kubernetes';
import type { AuthorizationDecision, Attributes } from '../auth/authorizer.ts';
import type { UserInfo } from '../cluster-options.ts';

/** Decides whether a user may perform an action. */
export type Decide = (user: UserInfo, attributes: Attributes) => AuthorizationDecision;

const NAME = 'kubernetes.authorization';

/** The type of the variable `authorizer`. */
export const AUTHORIZER: CelType = opaqueType(`${NAME}.Authorizer`);
const PATH_CHECK: CelType = opaqueType(`${NAME}.PathCheck`);
const GROUP_CHECK: CelType = opaqueType(`${NAME}.GroupCheck`);
/** The type of the variable `authorizer.requestResource`. */
export const RESOURCE_CHECK: CelType = opaqueType(`${NAME}.ResourceCheck`);
const DECISION: CelType = opaqueType(`${NAME}.Decision`);

/** A value of the library. A value is equal only to itself. */
class LibraryValue<T> extends OpaqueValue {
  readonly typeName: string;
  readonly content: T;
  constructor({ name }: CelType, content: T) {
    super();
    this.typeName = name;
    this.content = content;
  }

  equals(other: Value): boolean {
    return other === this;
  }
}

type Decision = LibraryValue<AuthorizationDecision>;

/** The value of the variable `authorizer`. It checks the permissions of one user. */
export class AuthorizerValue extends LibraryValue<{ readonly user: UserInfo; readonly decide: Decide }> {
  constructor(user: UserInfo, decide: Decide) {
    super(AUTHORIZER, { user, decide });
  }
}

type Facts = Omit<Attributes, 'verb'>;

const NO_FACTS: Facts = { group: '', resource: '', subresource: '', namespace: '', name: '' };

/** A permission check of a path, a group or a resource. */
class Check extends LibraryValue<Facts> {
  readonly authorizer: AuthorizerValue;
  constructor(type: CelType, authorizer: AuthorizerValue, facts: Partial<Facts>) {
    super(type, { ...NO_FACTS, ...facts });
    this.authorizer = authorizer;
  }

  /** A copy as a check of a resource, in which some fields have new values. */
  with(facts: Partial<Facts>): ResourceCheck {
    return new ResourceCheck(this.authorizer, { ...this.content, ...facts });
  }

  decide(verb: string): Decision {
    const { user, decide } = this.authorizer.content;
    return new LibraryValue(DECISION, decide(user, { ...this.content, verb }));
  }
}

/** The value of the variable `authorizer.requestResource`. */
export class ResourceCheck extends Check {
  constructor(authorizer: AuthorizerValue, facts: Partial<Facts>) {
    super(RESOURCE_CHECK, authorizer, facts);
  }
}

const decide = (check: Check, verb: string): Decision => check.decide(verb);

const filled = (text: string, what: string): string => (text.trim() === '' ? fail(`${what} must not be empty`) : text);

function accountOf(authorizer: AuthorizerValue, namespace: string, name: string): AuthorizerValue {
  const [problem] = dnsSubdomain(name);
  if (problem !== undefined) return fail(`Invalid service account name`);
  if (dnsLabel(namespace).length > 0) return fail(`Invalid service account namespace`);
  const groups = ['system:serviceaccounts', `system:serviceaccounts:${namespace}`, 'system:authenticated'];
  return new AuthorizerValue({ name: `system:serviceaccount:${namespace}:${name}`, groups }, authorizer.content.decide);
}

const method = (
  id: string,
  params: readonly CelType[],
  result: CelType,
  call: Overload['call'],
): { name: string; overloads: readonly Overload[] } => ({
  name: id.slice(id.indexOf('_') + 1),
  overloads: [{ id, member: true, params, result, call }],
});

/** A function that has the given methods as overloads. The overload IDs are independent of the function's name. */
const named = (name: string, ...methods: readonly ReturnType<typeof method>[]) => ({
  name,
  overloads: methods.flatMap(({ overloads }) => overloads),
});

/**
 * The functions of the variable `authorizer`. Policies and match conditions use them to check the permissions of users.
 */
export const authorizerLibrary: Library = {
  name: 'kubernetes.authz',
  functions: [
    method(
      'authorizer_path',
      [AUTHORIZER, STRING],
      PATH_CHECK,
      (authorizer: AuthorizerValue, path: string) => new Check(PATH_CHECK, authorizer, { path: filled(path, 'path') }),
    ),
    method(
      'authorizer_group',
      [AUTHORIZER, STRING],
      GROUP_CHECK,
      (authorizer: AuthorizerValue, group: string) => new Check(GROUP_CHECK, authorizer, { group }),
    ),
    named('serviceAccount', method('authorizer_serviceaccount', [AUTHORIZER, STRING, STRING], AUTHORIZER, accountOf)),
    method('groupcheck_resource', [GROUP_CHECK, STRING], RESOURCE_CHECK, (check: Check, resource: string) =>
      check.with({ resource: filled(resource, 'resource') }),
    ),
    ...(['subresource', 'namespace', 'name'] as const).map((fact) =>
      method(`resourcecheck_${fact}`, [RESOURCE_CHECK, STRING], RESOURCE_CHECK, (check: Check, value: string) =>
        check.with({ [fact]: value }),
      ),
    ),
    // RBAC rules have no selectors, so selectors in a check do not change the decision.
    ...['fieldSelector', 'labelSelector'].map((name) =>
      named(
        name,
        method(`authorizer_${name.toLowerCase()}`, [RESOURCE_CHECK, STRING], RESOURCE_CHECK, (check: Check) => check),
      ),
    ),
    named(
      'check',
      method('pathcheck_check', [PATH_CHECK, STRING], DECISION, decide),
      method('resourcecheck_check', [RESOURCE_CHECK, STRING], DECISION, decide),
    ),
    method('decision_allowed', [DECISION], BOOL, ({ content }: Decision) => content.allowed),
    method('decision_reason', [DECISION], STRING, ({ content }: Decision) => content.reason),
    // Authorization by roles never fails.
    method('decision_errored', [DECISION], BOOL, () => false),
    method('decision_error', [DECISION], STRING, () => ''),
  ],
};
