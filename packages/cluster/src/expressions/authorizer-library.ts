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
abstract class LibraryValue extends OpaqueValue {
  equals(other: Value): boolean {
    return other === this;
  }
}

/** The value of the variable `authorizer`. It checks the permissions of one user. */
export class AuthorizerValue extends LibraryValue {
  readonly typeName: string = AUTHORIZER.name;
  readonly user: UserInfo;
  readonly decide: Decide;
  constructor(user: UserInfo, decide: Decide) {
    super();
    this.user = user;
    this.decide = decide;
  }
}

class PathCheck extends LibraryValue {
  readonly typeName: string = PATH_CHECK.name;
  readonly authorizer: AuthorizerValue;
  readonly path: string;
  constructor(authorizer: AuthorizerValue, path: string) {
    super();
    this.authorizer = authorizer;
    this.path = path;
  }
}

class GroupCheck extends LibraryValue {
  readonly typeName: string = GROUP_CHECK.name;
  readonly authorizer: AuthorizerValue;
  readonly group: string;
  constructor(authorizer: AuthorizerValue, group: string) {
    super();
    this.authorizer = authorizer;
    this.group = group;
  }
}

type ResourceFacts = Omit<Attributes, 'path' | 'verb'>;

/**
 * A permission check for a resource. In an expression, methods such as `namespace()` return a copy in which one field
 * has a new value.
 */
export class ResourceCheck extends LibraryValue {
  readonly typeName: string = RESOURCE_CHECK.name;
  readonly authorizer: AuthorizerValue;
  readonly facts: ResourceFacts;
  constructor(authorizer: AuthorizerValue, facts: ResourceFacts) {
    super();
    this.authorizer = authorizer;
    this.facts = facts;
  }

  with(facts: Partial<ResourceFacts>): ResourceCheck {
    return new ResourceCheck(this.authorizer, { ...this.facts, ...facts });
  }
}

class Decision extends LibraryValue {
  readonly typeName: string = DECISION.name;
  readonly decision: AuthorizationDecision;
  constructor(decision: AuthorizationDecision) {
    super();
    this.decision = decision;
  }
}

const NO_FACTS = { subresource: '', namespace: '', name: '' };

const filled = (text: string, what: string): string => (text.trim() === '' ? fail(`${what} must not be empty`) : text);

function accountOf(authorizer: AuthorizerValue, namespace: string, name: string): AuthorizerValue {
  const [problem] = dnsSubdomain(name);
  if (problem !== undefined) return fail(`Invalid service account name`);
  if (dnsLabel(namespace).length > 0) return fail(`Invalid service account namespace`);
  const groups = ['system:serviceaccounts', `system:serviceaccounts:${namespace}`, 'system:authenticated'];
  return new AuthorizerValue({ name: `system:serviceaccount:${namespace}:${name}`, groups }, authorizer.decide);
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
      (authorizer: AuthorizerValue, path: string) => new PathCheck(authorizer, filled(path, 'path')),
    ),
    method(
      'authorizer_group',
      [AUTHORIZER, STRING],
      GROUP_CHECK,
      (authorizer: AuthorizerValue, group: string) => new GroupCheck(authorizer, group),
    ),
    named('serviceAccount', method('authorizer_serviceaccount', [AUTHORIZER, STRING, STRING], AUTHORIZER, accountOf)),
    method(
      'groupcheck_resource',
      [GROUP_CHECK, STRING],
      RESOURCE_CHECK,
      ({ authorizer, group }: GroupCheck, resource: string) =>
        new ResourceCheck(authorizer, { ...NO_FACTS, group, resource: filled(resource, 'resource') }),
    ),
    method(
      'resourcecheck_subresource',
      [RESOURCE_CHECK, STRING],
      RESOURCE_CHECK,
      (check: ResourceCheck, subresource: string) => check.with({ subresource }),
    ),
    method(
      'resourcecheck_namespace',
      [RESOURCE_CHECK, STRING],
      RESOURCE_CHECK,
      (check: ResourceCheck, namespace: string) => check.with({ namespace }),
    ),
    method('resourcecheck_name', [RESOURCE_CHECK, STRING], RESOURCE_CHECK, (check: ResourceCheck, name: string) =>
      check.with({ name }),
    ),
    // RBAC rules have no selectors, so selectors in a check do not change the decision.
    named(
      'fieldSelector',
      method('authorizer_fieldselector', [RESOURCE_CHECK, STRING], RESOURCE_CHECK, (check: ResourceCheck) => check),
    ),
    named(
      'labelSelector',
      method('authorizer_labelselector', [RESOURCE_CHECK, STRING], RESOURCE_CHECK, (check: ResourceCheck) => check),
    ),
    named(
      'check',
      method(
        'pathcheck_check',
        [PATH_CHECK, STRING],
        DECISION,
        ({ authorizer, path }: PathCheck, verb: string) =>
          new Decision(authorizer.decide(authorizer.user, { ...NO_FACTS, group: '', resource: '', verb, path })),
      ),
      method(
        'resourcecheck_check',
        [RESOURCE_CHECK, STRING],
        DECISION,
        ({ authorizer, facts }: ResourceCheck, verb: string) =>
          new Decision(authorizer.decide(authorizer.user, { ...facts, verb })),
      ),
    ),
    method('decision_allowed', [DECISION], BOOL, ({ decision }: Decision) => decision.allowed),
    method('decision_reason', [DECISION], STRING, ({ decision }: Decision) => decision.reason),
    // Authorization by roles never fails.
    method('decision_errored', [DECISION], BOOL, () => false),
    method('decision_error', [DECISION], STRING, () => ''),
  ],
};
