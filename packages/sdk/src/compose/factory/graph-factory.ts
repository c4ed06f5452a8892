import { type JsonObject, type KubeObject, assertMayDeploy, failsAtCaller, TypeKroError } from '@typekro/kit/core';
import { GraphObject } from '@typekro/engine/graph';
import { graphYaml } from '../composition-yaml.ts';
import type { DeployCallOptions, DeployEngine, DeployTarget, Mode } from '../deploy-engine.ts';
import { manifestsOfResources } from './direct-manifests.ts';
import { evaluateTraced } from '../evaluate-composition.ts';
import { eventsOf } from './events-of-call.ts';
import { type CompositionApiOptions, deployTarget, targetReadiness } from './factory.ts';
import { checkedCall, checkGraphFactoryOptions, checkMode } from './factory-options.ts';
import type { GraphCore } from '../graph-core.ts';
import type { GraphFactory, GraphFactoryOptions } from '../graph-type.ts';
import { sharedInstance, SINGLETON_NAMESPACE, singletonsOf } from '../singleton.ts';

/** A graph has no spec. */
const NO_SPEC: JsonObject = {};

/** Makes a factory, which deploys a graph. Methods that need a cluster load the deploy engine first. */
export function createGraphFactory(
  given: GraphCore,
  mode: Mode,
  options: GraphFactoryOptions,
  api: CompositionApiOptions,
): GraphFactory {
  checkMode(mode, `graph ${given.name}`, given.options.supportedModes);
  checkGraphFactoryOptions(options);
  const namespace = options.namespace ?? given.options.namespace ?? 'default';
  const core = given.inNamespace(namespace);
  if (mode === 'direct') refusePatches(core);
  const target = graphTarget(core, mode, namespace, options);
  const instance = () => target.instance(NO_SPEC);
  const engine = (): Promise<DeployEngine> => api.loadDeploy();
  const writer = (call: string): Promise<DeployEngine> => {
    assertMayDeploy(call);
    return engine();
  };
  return {
    mode,
    name: core.name,
    namespace,
    toYaml: failsAtCaller(() =>
      mode === 'direct'
        ? manifestsOfResources(core, evaluateTraced(core, undefined, {}).resources, namespace)
        : graphYaml(core, options.target ?? 'stock'),
    ),
    deploy: failsAtCaller(async (call?: DeployCallOptions) =>
      (await writer('deploy()')).deploy(target, instance(), checkedCall(call)),
    ),
    get: failsAtCaller(async () => (await (await engine()).getInstances(target))[0]),
    getStatus: failsAtCaller(async () => (await engine()).getStatus(target)),
    delete: failsAtCaller(async (call?: DeployCallOptions) =>
      (await writer('delete()')).deleteInstance(target, core.name, checkedCall(call)),
    ),
    rollback: failsAtCaller(async () => (await writer('rollback()')).rollback(target, core.name)),
    toDryRun: failsAtCaller(async () => (await engine()).toDryRun(target, instance())),
    plan: failsAtCaller(async () => (await engine()).plan(target, instance())),
    deployEvents: (call) =>
      eventsOf(checkedCall(call), async (own) => (await writer('deployEvents()')).deploy(target, instance(), own)),
    dispose: async () => (await engine()).dispose(target),
  };
}

function graphTarget(core: GraphCore, mode: Mode, namespace: string, options: GraphFactoryOptions): DeployTarget {
  return {
    mode,
    form: 'graph',
    name: core.name,
    namespace,
    options,
    get diagnostics() {
      return core.diagnostics;
    },
    get compiled() {
      return core.options.types === undefined ? core.write('typekro').graph : undefined;
    },
    definition: (of) => core.write(of).definition,
    instance: () =>
      mode === 'direct'
        ? { ...GraphObject.KIND, metadata: { name: core.name, namespace }, spec: NO_SPEC }
        : (core.write(options.target ?? 'stock').definition as KubeObject),
    namespaces: () => [],
    get singletons() {
      return singletonsOf(core).map((shared) => ({
        target: deployTarget(shared.core, 'kro', SINGLETON_NAMESPACE, options),
        instance: sharedInstance(shared),
      }));
    },
    evaluate: () => evaluateTraced(core, undefined, {}),
    readiness: targetReadiness(core),
  };
}

/** Refuses patches in direct mode: the record of a deploy cannot store the fields that a deletion must release. */
function refusePatches(core: GraphCore): void {
  const patches = core.variants.records.filter(({ node }) => node === 'patch').map(({ id }) => id);
  if (patches.length === 0) return;
  throw new TypeKroError(
    `graph ${core.name} has patches (${patches.join(', ')}), and mode direct cannot undo patches`,
    { code: 'compose/mode', remedy: "use factory('kro'), or put the patches into another graph" },
  );
}
