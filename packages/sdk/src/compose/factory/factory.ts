import { type JsonObject, assertMayDeploy, failsAtCaller } from '@typekro/kit/core';
import { ALLOW_BREAKING_CHANGES } from '@typekro/engine/graph';
import type { CompositionCore } from '../composition.ts';
import { definitionYaml, instanceYaml } from '../composition-yaml.ts';
import type {
  DeployCallOptions,
  DeployEngine,
  DeployOptions,
  DeployTarget,
  Factory,
  FactoryOptions,
  InstanceName,
  Mode,
  VersionedPlace,
} from '../deploy-engine.ts';
import { sharedInstance, SINGLETON_NAMESPACE, singletonsOf } from '../singleton.ts';
import { checkedCall, checkedName, checkFactoryOptions, checkMode } from './factory-options.ts';
import { directManifests } from './direct-manifests.ts';
import { evaluateInstance } from '../evaluate-composition.ts';
import { eventsOf } from './events-of-call.ts';
import type { TracedCore } from '../traced-core.ts';

/** The dependency of the composition API: the engine behind `factory().deploy()`. */
export interface CompositionApiOptions {
  /** Loads the deploy engine; called when a factory first needs a cluster. */
  readonly loadDeploy: () => Promise<DeployEngine>;
}

type AnyFactory = Factory<JsonObject, JsonObject, JsonObject>;

/** Makes a factory, which deploys a composition. Methods that need a cluster load the deploy engine first. */
export function createFactory(
  core: CompositionCore,
  mode: Mode,
  options: FactoryOptions,
  api: CompositionApiOptions,
): AnyFactory {
  checkMode(mode, `composition ${core.name}`, core.options.supportedModes);
  checkFactoryOptions(options);
  const namespace = options.namespace ?? 'default';
  // In direct mode, no object represents the instance. Therefore `instanceNamespace` does not apply.
  const place = mode === 'kro' ? (options.instanceNamespace ?? namespace) : namespace;
  const target = deployTarget(core, mode, place, options);
  const engine = (): Promise<DeployEngine> => api.loadDeploy();
  const writer = (call: string): Promise<DeployEngine> => {
    assertMayDeploy(call);
    return engine();
  };
  return {
    mode,
    name: core.name,
    namespace,
    rgdName: core.name,
    toYaml: failsAtCaller((spec?: JsonObject, named?: InstanceName) =>
      mode === 'direct'
        ? directManifests(core, spec ?? {}, { ...named, namespace })
        : spec === undefined
          ? definitionYaml(core, options.target ?? 'stock')
          : instanceYaml(core, spec, { ...named, namespace: place }),
    ),
    deploy: failsAtCaller(async (spec: JsonObject, { name, version, ...call }: DeployOptions & VersionedPlace = {}) =>
      (await writer('deploy()')).deploy(target, target.instance(spec, { name, version }), checkedCall(call)),
    ),
    getInstances: failsAtCaller(async () => (await engine()).getInstances(target)),
    getStatus: failsAtCaller(async () => (await engine()).getStatus(target)),
    deleteInstance: failsAtCaller(async (name: string, call?: DeployCallOptions) =>
      (await writer('deleteInstance()')).deleteInstance(
        target,
        checkedName(name, 'deleteInstance()'),
        checkedCall(call),
      ),
    ),
    rollback: failsAtCaller(async (name?: string) =>
      (await writer('rollback()')).rollback(target, name === undefined ? name : checkedName(name, 'rollback()')),
    ),
    toDryRun: failsAtCaller(async (spec: JsonObject, named?: InstanceName) =>
      (await engine()).toDryRun(target, target.instance(spec, named)),
    ),
    plan: failsAtCaller(async (spec: JsonObject, named?: InstanceName) =>
      (await engine()).plan(target, target.instance(spec, named)),
    ),
    deployEvents: (spec, { name, ...call } = {}) =>
      eventsOf(checkedCall(call), async (options) =>
        (await writer('deployEvents()')).deploy(target, target.instance(spec, { name }), options),
      ),
    getRGDStatus: failsAtCaller(async () => (await engine()).getDefinitionStatus(target)),
    dispose: async () => (await engine()).dispose(target),
  };
}

/** The composition in the form that the deploy engine takes. */
export function deployTarget(
  core: CompositionCore,
  mode: Mode,
  namespace: string,
  options: FactoryOptions,
): DeployTarget {
  return {
    mode,
    form: 'definition',
    name: core.name,
    namespace,
    options,
    get diagnostics() {
      return core.diagnostics;
    },
    get compiled() {
      return core.options.types === undefined ? core.write('typekro').graph : undefined;
    },
    definition: (of) => permitted(core.write(of).definition, options.allowBreakingChanges === true),
    instance(spec, named) {
      const instance = core.instance(spec, { ...named, namespace });
      return mode === 'direct' ? core.atHub(instance) : instance;
    },
    namespaces: (instance) => core.namespaces(instance),
    get singletons() {
      return singletonsOf(core).map((shared) => ({
        target: deployTarget(shared.core, 'kro', SINGLETON_NAMESPACE, options),
        instance: sharedInstance(shared),
      }));
    },
    evaluate: (instance) => evaluateInstance(core, instance),
    readiness: targetReadiness(core),
  };
}

/** If `breaking` is true, adds to a definition the annotation of kro that permits breaking changes of the schema. */
function permitted(definition: JsonObject, breaking: boolean): JsonObject {
  if (!breaking) return definition;
  const metadata = definition['metadata'] as JsonObject;
  const annotations = { ...(metadata['annotations'] as JsonObject | undefined), [ALLOW_BREAKING_CHANGES]: 'true' };
  return { ...definition, metadata: { ...metadata, annotations } };
}

/** The readiness functions of the author, by resource id. */
export function targetReadiness(core: TracedCore): DeployTarget['readiness'] {
  const found = new Map<string, NonNullable<(typeof core.variants.records)[number]['readiness']>>();
  for (const record of core.variants.records)
    if (record.readiness !== undefined) found.set(record.id, record.readiness);
  return found;
}
