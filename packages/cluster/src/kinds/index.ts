import { type Strategy, plainStrategy } from './strategy.ts';
import {
  budgetStrategy,
  claimStrategy,
  leaseStrategy,
  podTemplateStrategy,
  priorityClassStrategy,
  revisionStrategy,
  runtimeClassStrategy,
} from './cluster-kinds.ts';
import {
  mutatingBindingStrategy,
  mutatingPolicyStrategy,
  validatingBindingStrategy,
  validatingPolicyStrategy,
} from './admission-policies.ts';
import { apiServiceStrategy } from './api-service.ts';
import {
  attachmentStrategy,
  attributesClassStrategy,
  csiNodeStrategy,
  driverStrategy,
  storageCapacityStrategy,
} from './storage/csi.ts';
import { configMapStrategy, secretStrategy, serviceAccountStrategy } from './config.ts';
import { crdStrategy } from './crd-strategy.ts';
import { endpointSliceStrategy, endpointsStrategy } from './network/endpoint-strategies.ts';
import { coreEventStrategy, eventStrategy } from './event.ts';
import { limitRangeStrategy } from './quota/limit-range.ts';
import { autoscalerStrategy } from './autoscaler-strategy.ts';
import { ingressClassStrategy, ingressStrategy, networkPolicyStrategy } from './network/networking.ts';
import { nodeStrategy } from './node-strategy.ts';
import { podStrategy } from './pods/pod.ts';
import {
  deviceClaimStrategy,
  deviceClaimTemplateStrategy,
  deviceClassStrategy,
  deviceSliceStrategy,
} from './storage/devices.ts';
import { flowSchemaStrategy, priorityLevelStrategy } from './flow-control.ts';
import { ipAddressStrategy, serviceCidrStrategy } from './network/address-kinds.ts';
import { quotaStrategy } from './quota/quota-strategy.ts';
import { bindingStrategy, roleStrategy } from './rbac.ts';
import { storageClassStrategy, volumeStrategy } from './storage/storage-strategies.ts';
import { webhookStrategy } from './webhook-strategy.ts';
import { serviceStrategy } from './network/service-strategy.ts';
import { signingRequestStrategy } from './signing-request-strategy.ts';
import { statusChecks } from './status-checks.ts';
import { cronJobStrategy, jobStrategy } from './jobs/jobs.ts';
import {
  daemonSetStrategy,
  deploymentStrategy,
  replicaSetStrategy,
  replicationControllerStrategy,
  statefulSetStrategy,
} from './workload-strategies.ts';
import { namespaceStrategy } from './namespace-strategy.ts';

/** The strategy of a built-in kind. */
export function strategyOf(group: string, plural: string, hasStatus: boolean): Strategy {
  const key = `${group}/${plural}`;
  const base: Strategy = {
    ...plainStrategy,
    hasStatus,
    hasGeneration: WITH_GENERATION.has(key),
    createOnUpdate: CREATE_ON_UPDATE.has(key),
    unconditionalUpdate: !VERSIONED_UPDATE.has(key) && group !== 'admissionregistration.k8s.io',
    returnsDeleted: RETURNS_DELETED.has(key),
  };
  const own = { ...base, ...specialRules.get(key) };
  const check = statusChecks.get(key);
  if (check === undefined) return own;
  const { validateUpdate = (object, old, problems, context) => own.validate?.(object, problems, context, old) } = own;
  return {
    ...own,
    validateUpdate(object, old, problems, context) {
      if (context.subresource === 'status') check(object, old, problems);
      validateUpdate(object, old, problems, context);
    },
  };
}

const specialRules = new Map<string, Partial<Strategy>>([
  ['/configmaps', configMapStrategy],
  ['/endpoints', endpointsStrategy],
  ['/events', coreEventStrategy],
  ['/limitranges', limitRangeStrategy],
  ['/namespaces', namespaceStrategy],
  ['/nodes', nodeStrategy],
  ['/persistentvolumeclaims', claimStrategy],
  ['/persistentvolumes', volumeStrategy],
  ['/pods', podStrategy],
  ['/podtemplates', podTemplateStrategy],
  ['/replicationcontrollers', replicationControllerStrategy],
  ['/resourcequotas', quotaStrategy],
  ['/secrets', secretStrategy],
  ['/serviceaccounts', serviceAccountStrategy],
  ['/services', serviceStrategy],
  ['admissionregistration.k8s.io/mutatingadmissionpolicies', mutatingPolicyStrategy],
  ['admissionregistration.k8s.io/mutatingadmissionpolicybindings', mutatingBindingStrategy],
  ['admissionregistration.k8s.io/mutatingwebhookconfigurations', webhookStrategy(true)],
  ['admissionregistration.k8s.io/validatingadmissionpolicies', validatingPolicyStrategy],
  ['admissionregistration.k8s.io/validatingadmissionpolicybindings', validatingBindingStrategy],
  ['admissionregistration.k8s.io/validatingwebhookconfigurations', webhookStrategy(false)],
  ['apiextensions.k8s.io/customresourcedefinitions', crdStrategy],
  ['apiregistration.k8s.io/apiservices', apiServiceStrategy],
  ['apps/controllerrevisions', revisionStrategy],
  ['apps/daemonsets', daemonSetStrategy],
  ['apps/deployments', deploymentStrategy],
  ['apps/replicasets', replicaSetStrategy],
  ['apps/statefulsets', statefulSetStrategy],
  ['autoscaling/horizontalpodautoscalers', autoscalerStrategy],
  ['batch/cronjobs', cronJobStrategy],
  ['batch/jobs', jobStrategy],
  ['certificates.k8s.io/certificatesigningrequests', signingRequestStrategy],
  ['coordination.k8s.io/leases', leaseStrategy],
  ['discovery.k8s.io/endpointslices', endpointSliceStrategy],
  ['events.k8s.io/events', eventStrategy],
  ['flowcontrol.apiserver.k8s.io/flowschemas', flowSchemaStrategy],
  ['flowcontrol.apiserver.k8s.io/prioritylevelconfigurations', priorityLevelStrategy],
  ['networking.k8s.io/ipaddresses', ipAddressStrategy],
  ['networking.k8s.io/servicecidrs', serviceCidrStrategy],
  ['networking.k8s.io/ingressclasses', ingressClassStrategy],
  ['networking.k8s.io/ingresses', ingressStrategy],
  ['networking.k8s.io/networkpolicies', networkPolicyStrategy],
  ['node.k8s.io/runtimeclasses', runtimeClassStrategy],
  ['policy/poddisruptionbudgets', budgetStrategy],
  ['rbac.authorization.k8s.io/clusterrolebindings', bindingStrategy(false)],
  ['rbac.authorization.k8s.io/clusterroles', roleStrategy(false)],
  ['rbac.authorization.k8s.io/rolebindings', bindingStrategy(true)],
  ['rbac.authorization.k8s.io/roles', roleStrategy(true)],
  ['resource.k8s.io/deviceclasses', deviceClassStrategy],
  ['resource.k8s.io/resourceclaims', deviceClaimStrategy],
  ['resource.k8s.io/resourceclaimtemplates', deviceClaimTemplateStrategy],
  ['resource.k8s.io/resourceslices', deviceSliceStrategy],
  ['scheduling.k8s.io/priorityclasses', priorityClassStrategy],
  ['storage.k8s.io/csidrivers', driverStrategy],
  ['storage.k8s.io/csinodes', csiNodeStrategy],
  ['storage.k8s.io/csistoragecapacities', storageCapacityStrategy],
  ['storage.k8s.io/storageclasses', storageClassStrategy],
  ['storage.k8s.io/volumeattachments', attachmentStrategy],
  ['storage.k8s.io/volumeattributesclasses', attributesClassStrategy],
]);

const WITH_GENERATION = new Set([
  'apps/deployments',
  'apps/statefulsets',
  'apps/daemonsets',
  'apps/replicasets',
  'batch/jobs',
  'batch/cronjobs',
  '/pods',
  '/replicationcontrollers',
  'networking.k8s.io/ingresses',
  'networking.k8s.io/ingressclasses',
  'networking.k8s.io/networkpolicies',
  'discovery.k8s.io/endpointslices',
  'scheduling.k8s.io/priorityclasses',
  'policy/poddisruptionbudgets',
  'apiextensions.k8s.io/customresourcedefinitions',
  'admissionregistration.k8s.io/mutatingwebhookconfigurations',
  'admissionregistration.k8s.io/validatingwebhookconfigurations',
  'admissionregistration.k8s.io/validatingadmissionpolicies',
  'admissionregistration.k8s.io/validatingadmissionpolicybindings',
  'admissionregistration.k8s.io/mutatingadmissionpolicies',
  'admissionregistration.k8s.io/mutatingadmissionpolicybindings',
  'flowcontrol.apiserver.k8s.io/flowschemas',
  'flowcontrol.apiserver.k8s.io/prioritylevelconfigurations',
  'resource.k8s.io/deviceclasses',
  'resource.k8s.io/resourceslices',
]);

const CREATE_ON_UPDATE = new Set([
  'coordination.k8s.io/leases',
  'rbac.authorization.k8s.io/roles',
  'rbac.authorization.k8s.io/rolebindings',
  'rbac.authorization.k8s.io/clusterroles',
  'rbac.authorization.k8s.io/clusterrolebindings',
  '/endpoints',
  '/services',
  '/events',
  'events.k8s.io/events',
  '/limitranges',
  'node.k8s.io/runtimeclasses',
]);

/**
 * Resources for which a PUT must contain the current resourceVersion. All resources of admissionregistration.k8s.io
 * have the same rule.
 */
const VERSIONED_UPDATE = new Set([
  'apiextensions.k8s.io/customresourcedefinitions',
  'apiregistration.k8s.io/apiservices',
  'coordination.k8s.io/leases',
  'node.k8s.io/runtimeclasses',
  'policy/poddisruptionbudgets',
  'storage.k8s.io/csidrivers',
  'storage.k8s.io/csinodes',
  'storage.k8s.io/csistoragecapacities',
  'storage.k8s.io/volumeattachments',
]);

const RETURNS_DELETED = new Set(
  `/services /serviceaccounts /pods /persistentvolumeclaims /persistentvolumes /replicationcontrollers
/resourcequotas /podtemplates resource.k8s.io/deviceclasses resource.k8s.io/resourceclaims
resource.k8s.io/resourceclaimtemplates storage.k8s.io/csidrivers storage.k8s.io/csinodes
storage.k8s.io/storageclasses storage.k8s.io/volumeattachments`.split(/\s/),
);
