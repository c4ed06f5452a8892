import type { KubeObject } from '@typekro/kit/core';
import type { StepOptions } from '@typekro/engine/runtime';
import { DEFAULT_VERSION, keys, readNowSample } from '@typekro/engine/runtime';
import type { DefinitionObject } from './definition-object.ts';
import type { Policies } from './policies.ts';

/** The options of a step that do not depend on the time and the memory. */
export type InstanceStepOptions = Omit<StepOptions, 'now' | 'memory'>;

/**
 * The options of a step that come from the definition, its policies and the instance. They do not include the revision
 * number.
 */
export function instanceStepOptions(
  { uid }: Pick<DefinitionObject, 'uid'>,
  policies: Policies,
  instance: KubeObject,
): InstanceStepOptions {
  const sample = readNowSample(instance);
  return {
    version: instance.metadata.labels?.[keys.VERSION_LABEL] ?? DEFAULT_VERSION,
    definitionUid: uid,
    nodeAdoption: policies.nodeAdoption,
    plainData: true,
    ...(sample === undefined ? {} : { templateNow: sample.template, statusNow: sample.status }),
    ...(policies.adoption === undefined ? {} : { adoption: policies.adoption }),
    ...(policies.budget === undefined ? {} : { budget: policies.budget }),
    ...(policies.namespaces === undefined ? {} : { namespaces: policies.namespaces }),
  };
}
