import { type JsonObject, type KubeObject, definedMembers } from '@typekro/kit/core';
import type { DefinitionRights, ServiceAccountRef } from '@typekro/controller/controller';
import { controllerRules, definitionRoles, parseControllerFlags, rightsOfFlags } from '@typekro/controller/controller';
import type { KubernetesApi } from '@typekro/kube';
import { objectAt, objectsAt, textAt } from '@typekro/kit/kubernetes';
import { type ControllerDeployment, accountOfPod } from '../controllers/running-controllers.ts';
import { type Right, grantedActions } from './cluster-facts.ts';

/** The number of reviews that are sent at the same time. */
const MAX_CONCURRENT_REVIEWS = 8;

/**
 * Reviews each right that the running TypeKro controllers and the definitions need (SubjectAccessReview). The rights of
 * definitions are exactly those of `typekro rbac`. Each right is reviewed once.
 *
 * @throws KubeError 403 when this user may not create reviews.
 */
export async function readRights(
  api: KubernetesApi,
  controllers: readonly ControllerDeployment[],
  definitions: readonly DefinitionRights[],
  signal: AbortSignal,
): Promise<Right[]> {
  const wanted = new Map<string, NeededRight>();
  for (const controller of controllers) {
    if (controller.project !== 'typekro' || controller.replicas === 0) continue;
    for (const right of neededRights(controller, definitions)) {
      const { neededBy: _neededBy, controller: _controller, ...key } = right;
      const text = JSON.stringify(key);
      if (!wanted.has(text)) wanted.set(text, right);
    }
  }
  const answers = await reviewRights(api, [...wanted.values()], signal);
  return answers.toSorted((a, b) => order(a).localeCompare(order(b), 'en'));
}

/** Reviews rights concurrently. The results are in the same order as the rights. */
export async function reviewRights(
  api: KubernetesApi,
  rights: readonly NeededRight[],
  signal: AbortSignal,
): Promise<Right[]> {
  // The workers share one iterator. Each result is stored at the index of its right, so the order of the responses has
  // no effect.
  const queue = rights.entries();
  const answers: Right[] = [];
  const worker = async () => {
    for (const [index, right] of queue) answers[index] = { ...right, allowed: await isAllowed(api, right, signal) };
  };
  await Promise.all(Array.from({ length: MAX_CONCURRENT_REVIEWS }, worker));
  return answers;
}

const order = ({ account, neededBy, group, resource }: Right): string =>
  JSON.stringify([account, neededBy, group, resource]);

/** A right of an account, before its review. The caller adds the controller. */
type AccountRight = Omit<Right, 'allowed' | 'controller'>;

/** A right before its review. */
export type NeededRight = Omit<Right, 'allowed'>;

/** The rights of a controller's account, and of the accounts that definitions name. */
function neededRights(controller: ControllerDeployment, definitions: readonly DefinitionRights[]): NeededRight[] {
  const account = accountOfPod(controller);
  const rules = controllerRules(rightsOfFlags(parseControllerFlags(controller.flags)));
  const own = rightsOf(rules as unknown as readonly JsonObject[], account, 'the controller itself');
  return [...ofController(own, account), ...definitionRights(account, definitions)];
}

/**
 * The rights that definitions need: rights of the controller's account, and rights of the accounts that the definitions
 * name.
 */
export function definitionRights(
  controller: ServiceAccountRef,
  definitions: readonly DefinitionRights[],
): NeededRight[] {
  const rights = definitions.flatMap((definition) => {
    const { objects } = definitionRoles([definition], { name: 'doctor', controller });
    return boundRights(objects, controller, `ResourceGraphDefinition ${definition.graph.name}`);
  });
  return ofController(rights, controller);
}

const ofController = (rights: readonly AccountRight[], { namespace, name }: ServiceAccountRef): NeededRight[] =>
  rights.map((right) => ({ ...right, controller: `${namespace}/${name}` }));

/**
 * Returns the rights in roles, each with the account to which a binding grants it. A role without a binding is
 * aggregated into the role of the controller.
 */
function boundRights(objects: readonly KubeObject[], controller: ServiceAccountRef, neededBy: string) {
  const bindings = objects.filter(({ kind }) => kind.endsWith('Binding'));
  return objects
    .filter(({ kind }) => kind === 'ClusterRole' || kind === 'Role')
    .flatMap((role) => {
      const { kind, metadata } = role;
      const { name, namespace } = metadata;
      const binding = bindings.find(
        (each) =>
          textAt(objectAt(each, 'roleRef'), 'name') === name && textAt(objectAt(each, 'roleRef'), 'kind') === kind,
      );
      const [subject] = objectsAt(binding, 'subjects');
      const account =
        subject === undefined ? controller : { namespace: textAt(subject, 'namespace'), name: textAt(subject, 'name') };
      return rightsOf(objectsAt(role, 'rules'), account, neededBy, namespace);
    });
}

function rightsOf(
  rules: readonly JsonObject[],
  { namespace: home, name: accountName }: ServiceAccountRef,
  neededBy: string,
  namespace?: string,
): AccountRight[] {
  return grantedActions(rules).map((action) => ({
    account: `${home}/${accountName}`,
    ...action,
    ...(namespace === undefined ? {} : { namespace }),
    neededBy,
  }));
}

async function isAllowed(api: KubernetesApi, right: NeededRight, signal: AbortSignal): Promise<boolean> {
  const { account, verb, group, name, namespace } = right;
  const [resource = '', subresource] = right.resource.split('/');
  const [home = '', accountName = ''] = account.split('/');
  const resourceAttributes = { verb, group, resource, ...definedMembers({ subresource, name, namespace }) };
  const user = `system:serviceaccount:${home}:${accountName}`;
  const groups = ['system:serviceaccounts', `system:serviceaccounts:${home}`, 'system:authenticated'];
  const { text } = await api.raw({
    method: 'POST',
    path: '/apis/authorization.k8s.io/v1/subjectaccessreviews',
    body: {
      apiVersion: 'authorization.k8s.io/v1',
      kind: 'SubjectAccessReview',
      spec: { user, groups, resourceAttributes },
    },
    signal,
  });
  return (JSON.parse(text) as { readonly status?: { readonly allowed?: boolean } }).status?.allowed === true;
}
