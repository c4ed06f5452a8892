import type { JsonValue } from '@typekro/kit/core';
import type { FieldFacts, TypeFacts, TypeTable } from './builtin-types.ts';

/**
 * Built-in types that are missing from `types.json`: aggregation, device allocation and flow control. A section begins
 * with a line `@ package group version`. Each type has one line of `field:type` pairs; an indented line continues the
 * previous line. `*` marks a required field, `!` a kind, `.X` a type of the same package, `[]` a list, `{}` a map,
 * `/a,b` the keys of a map list. The code adds `apiVersion`, `kind` and `metadata` to each kind, and adds a list kind
 * for it.
 */
const TYPES = `
@ apiregistration.v1 apiregistration.k8s.io v1
!APIService spec:.APIServiceSpec status:.APIServiceStatus
APIServiceSpec caBundle:bytes group:string groupPriorityMinimum*:int32 insecureSkipTLSVerify:bool
  service:.ServiceReference version:string versionPriority*:int32
ServiceReference name:string namespace:string port:int32
APIServiceStatus conditions:.APIServiceCondition[]/type
APIServiceCondition lastTransitionTime:Time message:string reason:string status*:string type*:string
@ resource.v1 resource.k8s.io v1
!DeviceClass spec*:.DeviceClassSpec
DeviceClassSpec config:.DeviceClassConfiguration[] extendedResourceName:string selectors:.DeviceSelector[]
DeviceClassConfiguration opaque:.OpaqueDeviceConfiguration
OpaqueDeviceConfiguration driver*:string parameters*:RawExtension
DeviceSelector cel:.CELDeviceSelector
CELDeviceSelector expression*:string
!ResourceClaim spec*:.ResourceClaimSpec status:.ResourceClaimStatus
ResourceClaimSpec devices:.DeviceClaim
DeviceClaim config:.DeviceClaimConfiguration[] constraints:.DeviceConstraint[] requests:.DeviceRequest[]
DeviceClaimConfiguration opaque:.OpaqueDeviceConfiguration requests:string[]
DeviceConstraint distinctAttribute:string matchAttribute:string requests:string[]
DeviceRequest exactly:.ExactDeviceRequest firstAvailable:.DeviceSubRequest[] name*:string
ExactDeviceRequest adminAccess:bool allocationMode:string capacity:.CapacityRequirements count:int64
  deviceClassName*:string selectors:.DeviceSelector[] tolerations:.DeviceToleration[]
CapacityRequirements requests:Quantity{}
DeviceToleration effect:string key:string operator:string tolerationSeconds:int64 value:string
DeviceSubRequest allocationMode:string capacity:.CapacityRequirements count:int64 deviceClassName*:string
  name*:string selectors:.DeviceSelector[] tolerations:.DeviceToleration[]
ResourceClaimStatus allocation:.AllocationResult devices:.AllocatedDeviceStatus[]/driver,device,pool,shareID
  reservedFor:.ResourceClaimConsumerReference[]/uid
AllocationResult allocationTimestamp:Time devices:.DeviceAllocationResult nodeSelector:core.v1.NodeSelector
DeviceAllocationResult config:.DeviceAllocationConfiguration[] results:.DeviceRequestAllocationResult[]
DeviceAllocationConfiguration opaque:.OpaqueDeviceConfiguration requests:string[] source*:string
DeviceRequestAllocationResult adminAccess:bool bindingConditions:string[] bindingFailureConditions:string[]
  consumedCapacity:Quantity{} device*:string driver*:string pool*:string request*:string shareID:string
  tolerations:.DeviceToleration[]
AllocatedDeviceStatus conditions:meta.v1.Condition[]/type data:RawExtension device*:string driver*:string
  networkData:.NetworkDeviceData pool*:string shareID:string
NetworkDeviceData hardwareAddress:string interfaceName:string ips:string[]
ResourceClaimConsumerReference apiGroup:string name*:string resource*:string uid*:string
!ResourceClaimTemplate spec*:.ResourceClaimTemplateSpec
ResourceClaimTemplateSpec metadata:meta.v1.ObjectMeta spec*:.ResourceClaimSpec
!ResourceSlice spec*:.ResourceSliceSpec
ResourceSliceSpec allNodes:bool devices:.Device[] driver*:string nodeName:string
  nodeSelector:core.v1.NodeSelector perDeviceNodeSelection:bool pool*:.ResourcePool
  sharedCounters:.CounterSet[]
Device allNodes:bool allowMultipleAllocations:bool attributes:.DeviceAttribute{} bindingConditions:string[]
  bindingFailureConditions:string[] bindsToNode:bool capacity:.DeviceCapacity{}
  consumesCounters:.DeviceCounterConsumption[] name*:string nodeName:string nodeSelector:core.v1.NodeSelector
  taints:.DeviceTaint[]
DeviceAttribute bool:bool int:int64 string:string version:string
DeviceCapacity requestPolicy:.CapacityRequestPolicy value*:Quantity
CapacityRequestPolicy default:Quantity validRange:.CapacityRequestPolicyRange validValues:Quantity[]
CapacityRequestPolicyRange max:Quantity min*:Quantity step:Quantity
DeviceCounterConsumption counterSet*:string counters*:.Counter{}
Counter value*:Quantity
DeviceTaint effect*:string key*:string timeAdded:Time value:string
ResourcePool generation*:int64 name*:string resourceSliceCount*:int64
CounterSet counters*:.Counter{} name*:string
@ flowcontrol.v1 flowcontrol.apiserver.k8s.io v1
!FlowSchema spec:.FlowSchemaSpec status:.FlowSchemaStatus
FlowSchemaSpec distinguisherMethod:.FlowDistinguisherMethod matchingPrecedence:int32
  priorityLevelConfiguration*:.PriorityLevelConfigurationReference rules:.PolicyRulesWithSubjects[]
FlowDistinguisherMethod type*:string
PriorityLevelConfigurationReference name*:string
PolicyRulesWithSubjects nonResourceRules:.NonResourcePolicyRule[] resourceRules:.ResourcePolicyRule[]
  subjects*:.Subject[]
NonResourcePolicyRule nonResourceURLs*:string[] verbs*:string[]
ResourcePolicyRule apiGroups*:string[] clusterScope:bool namespaces:string[] resources*:string[]
  verbs*:string[]
Subject group:.GroupSubject kind*:string serviceAccount:.ServiceAccountSubject user:.UserSubject
GroupSubject name*:string
ServiceAccountSubject name*:string namespace*:string
UserSubject name*:string
FlowSchemaStatus conditions:.FlowSchemaCondition[]/type
FlowSchemaCondition lastTransitionTime:Time message:string reason:string status:string type:string
!PriorityLevelConfiguration spec:.PriorityLevelConfigurationSpec status:.PriorityLevelConfigurationStatus
PriorityLevelConfigurationSpec exempt:.ExemptPriorityLevelConfiguration
  limited:.LimitedPriorityLevelConfiguration type*:string
ExemptPriorityLevelConfiguration lendablePercent:int32 nominalConcurrencyShares:int32
LimitedPriorityLevelConfiguration borrowingLimitPercent:int32 lendablePercent:int32
  limitResponse:.LimitResponse nominalConcurrencyShares:int32
LimitResponse queuing:.QueuingConfiguration type*:string
QueuingConfiguration handSize:int32 queueLengthLimit:int32 queues:int32
PriorityLevelConfigurationStatus conditions:.PriorityLevelConfigurationCondition[]/type
PriorityLevelConfigurationCondition lastTransitionTime:Time message:string reason:string status:string
  type:string
`;

/** Defaults that the published schemas have and the data files lack, for fields that are keys of map lists. */
const DEFAULTS: readonly (readonly [type: string, field: string, value: JsonValue])[] = [
  ['core.v1.ContainerPort', 'protocol', 'TCP'],
  ['core.v1.ServicePort', 'protocol', 'TCP'],
];

/** Adds the missing types and defaults to the table of the data files. */
export function withSupplement(table: TypeTable): TypeTable {
  const lines = supplementLines(TYPES);
  return {
    names: () => new Set([...lines.keys(), ...table.names()]),
    facts(name) {
      const facts = table.facts(name);
      if (facts !== undefined) return withDefaults(name, facts);
      const line = lines.get(name);
      return line === undefined ? undefined : factsOfLine(line);
    },
  };
}

function withDefaults(name: string, facts: TypeFacts): TypeFacts {
  let { fields } = facts;
  for (const [type, field, value] of DEFAULTS) {
    const stated = type === name ? fields[field] : undefined;
    if (stated !== undefined) fields = { ...fields, [field]: { ...stated, default: value } };
  }
  return fields === facts.fields ? facts : { ...facts, fields };
}

/** The unparsed line of a type or of a list kind. A look-up of the type parses the line. */
interface SupplementLine {
  readonly prefix: string;
  readonly words: string;
  /** Set for a kind. */
  readonly gvk?: readonly [group: string, version: string, kind: string];
  /** Set for a list kind: the type of the items. */
  readonly items?: string;
}

function supplementLines(text: string): ReadonlyMap<string, SupplementLine> {
  const lines = new Map<string, SupplementLine>();
  let [prefix, group, version] = ['', '', ''];
  for (const line of text.trim().replaceAll(/\n +/g, ' ').split('\n')) {
    const [head = ''] = line.split(' ', 1);
    const words = line.slice(head.length + 1);
    if (head === '@') {
      [prefix = '', group = '', version = ''] = words.split(' ');
      continue;
    }
    const isKind = head.startsWith('!');
    const name = isKind ? head.slice(1) : head;
    const type = `${prefix}.${name}`;
    if (!isKind) {
      lines.set(type, { prefix, words });
      continue;
    }
    lines.set(type, { prefix, words, gvk: [group, version, name] });
    lines.set(`${type}List`, { prefix, words: '', gvk: [group, version, `${name}List`], items: type });
  }
  return lines;
}

function factsOfLine({ prefix, words, gvk, items }: SupplementLine): TypeFacts {
  if (gvk === undefined) return parseType(words.split(' '), prefix);
  if (items !== undefined) return { fields: { ...LIST, items: { t: `${items}[]` } }, required: ['items'], gvk: [gvk] };
  const type = parseType(words.split(' '), prefix);
  return { ...type, fields: { ...OBJECT, ...type.fields }, gvk: [gvk] };
}

const TYPE_META: Record<string, FieldFacts> = { kind: { t: 'string' }, apiVersion: { t: 'string' } };
const OBJECT: Record<string, FieldFacts> = { ...TYPE_META, metadata: { t: 'meta.v1.ObjectMeta' } };
const LIST: Record<string, FieldFacts> = { ...TYPE_META, metadata: { t: 'meta.v1.ListMeta' } };

function parseType(words: readonly string[], prefix: string): TypeFacts {
  const fields: Record<string, FieldFacts> = {};
  const required: string[] = [];
  for (const word of words) {
    const [label = '', typed = ''] = word.split(':');
    const name = label.replace('*', '');
    const [type = '', keys] = typed.split('/');
    if (label.endsWith('*')) required.push(name);
    const t = type.startsWith('.') ? prefix + type : type;
    const list = t.endsWith('[]') ? ({ list: keys === undefined ? 'atomic' : 'map' } as const) : {};
    fields[name] = { t, ...list, ...(keys === undefined ? {} : { keys: keys.split(',') }) };
  }
  return required.length === 0 ? { fields } : { fields, required };
}
