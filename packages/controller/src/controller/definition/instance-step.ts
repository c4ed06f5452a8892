import type { KubeObject } from '@typekro/kit/core';
import { type StepOptions, keys, NowSample } from '@typekro/engine/runtime';
import { serviceAccountUser } from '../acting-identity.ts';
import type { DefinitionObject } from './definition-object.ts';
import { type ControllerSettings, stepOptionsOf } from '../settings.ts';
import type { Policies } from './definition-policies.ts';

/** The options of a step that do not depend on the time and the memory. */
export type InstanceStepOptions = Omit<StepOptions, 'now' | 'memory'>;

/**
 * The options of a step that come from the controller, the definition, its policies and the instance. They do not
 * include the revision number.
 */
export function instanceStepOptions(
  { uid }: Pick<DefinitionObject, 'uid'>,
  policies: Policies,
  instance: KubeObject,
  settings: ControllerSettings,
): InstanceStepOptions {
  const sample = NowSample.read(instance);
  const { namespace } = instance.metadata;
  const { instanceServiceAccount: name } = settings;
  const common = name === undefined || namespace === undefined ? undefined : { namespace, name };
  const account = policies.serviceAccount ?? common;
  return {
    ...stepOptionsOf(settings, policies),
    version: instance.metadata.labels?.[keys.VERSION_LABEL] ?? keys.DEFAULT_VERSION,
    definitionUid: uid,
    ...(account === undefined ? {} : { account: serviceAccountUser(account) }),
    ...(sample === undefined ? {} : { templateNow: sample.template, statusNow: sample.status }),
  };
}
