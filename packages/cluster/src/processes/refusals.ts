import type { JsonObject, KubeObject } from '@typekro/kit/core';
import { goQuote } from '@typekro/kit/golang';
import { listAt, numberAt, objectAt, objectsAt, optionalAt, textAt } from '@typekro/kit/kubernetes';
import { signalNumber } from './container-settings.ts';

/** The system on which processes run. */
export interface HostSystem {
  readonly platform: string;
  /** The user and the group of the cluster's process. `undefined` on a system without numeric users. */
  readonly uid: number | undefined;
  readonly gid: number | undefined;
}

/** The supported volume sources, which can be written as folders. */
const VOLUME_SOURCES = new Set(['emptyDir', 'configMap', 'secret', 'projected', 'downwardAPI']);

/**
 * The reasons why the containers of a pod cannot be local processes. A process runs as the user of the cluster, with
 * this user's permissions and on the machine's file system. A pod that requests other permissions or folders is
 * refused. The list is empty when the containers can be local processes.
 */
export function processRefusals({ spec }: KubeObject, system: HostSystem): string[] {
  if (system.platform === 'win32') return ['local processes run on Linux and macOS only'];
  const problems = [...userProblems('spec.securityContext', objectAt(spec, 'securityContext'), system)];
  for (const list of ['initContainers', 'containers']) {
    for (const container of objectsAt(spec, list)) {
      const path = `spec.${list}[${textAt(container, 'name')}]`;
      problems.push(...containerProblems(path, container, system));
    }
  }
  for (const member of ['hostPID', 'hostIPC'] as const) {
    if (spec?.[member] === true) problems.push(`spec.${member}: a local process gets no additional rights`);
  }
  for (const volume of objectsAt(spec, 'volumes')) {
    const source = Object.keys(volume).find((key) => key !== 'name' && optionalAt(volume, key) !== undefined);
    if (source !== undefined && !VOLUME_SOURCES.has(source)) {
      const allowed = [...VOLUME_SOURCES].join(', ');
      problems.push(`spec.volumes[${textAt(volume, 'name')}]: ${source} is not one of ${allowed}`);
    }
  }
  return problems;
}

function* containerProblems(path: string, container: JsonObject, system: HostSystem): Generator<string> {
  const context = objectAt(container, 'securityContext');
  yield* userProblems(`${path}.securityContext`, context, system);
  if (context['privileged'] === true)
    yield `${path}.securityContext.privileged: a local process gets no additional rights`;
  const added = listAt(context, 'capabilities', 'add');
  if (added.length > 0) {
    yield `${path}.securityContext.capabilities.add: a local process does not get ${added.map(String).join(', ')}`;
  }
  const signal = textAt(container, 'lifecycle', 'stopSignal');
  if (signal !== '' && signalNumber(signal, system.platform) === undefined) {
    yield `${path}.lifecycle.stopSignal: this system has no signal ${goQuote(signal)}`;
  }
  if (objectsAt(container, 'volumeDevices').length > 0) yield `${path}.volumeDevices: a local process has no devices`;
}

function* userProblems(path: string, context: JsonObject, { uid, gid }: HostSystem): Generator<string> {
  const user = numberAt(context, 'runAsUser');
  if (user !== undefined && user !== uid) {
    yield `${path}.runAsUser: ${user} is not the user ${uid} of the cluster; remove the field`;
  }
  const group = numberAt(context, 'runAsGroup');
  if (group !== undefined && group !== gid) {
    yield `${path}.runAsGroup: ${group} is not the group ${gid} of the cluster; remove the field`;
  }
  if (context['runAsNonRoot'] === true && uid === 0) {
    yield `${path}.runAsNonRoot: the cluster runs as root, and so would the process`;
  }
  const name = textAt(context, 'runAsUserName');
  if (name !== '') yield `${path}.runAsUserName: ${goQuote(name)} is a user of Windows`;
}
