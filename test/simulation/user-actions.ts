import type { JsonObject, KubeObject } from '../../src/core/index.ts';
import type { KubeClient } from '../../src/kube/index.ts';
import { isNotFound, KubeError } from '../../src/kube/index.ts';

/** Something that a user does; what it comes to at the end does not depend on when. */
export interface UserAction {
  readonly text: string;
  readonly do: (admin: KubeClient) => Promise<unknown>;
}

/** A definition with a chain, a collection and a node under a condition. */
export function rigDefinition(fixed: string): KubeObject {
  const map = (name: string, data: JsonObject): JsonObject => ({
    apiVersion: 'v1',
    kind: 'ConfigMap',
    metadata: { name },
    data,
  });
  return {
    apiVersion: 'kro.run/v1alpha1',
    kind: 'ResourceGraphDefinition',
    metadata: { name: 'rigs' },
    spec: {
      schema: {
        apiVersion: 'v1',
        kind: 'Rig',
        group: 'sim.test',
        spec: { text: 'string', names: '[]string', extra: 'boolean | default=false' },
        status: { text: '${mid.data.text}' },
      },
      resources: [
        { id: 'base', template: map('${schema.metadata.name}-base', { text: '${schema.spec.text}', fixed }) },
        { id: 'mid', template: map('${schema.metadata.name}-mid', { text: '${base.data.text}' }) },
        {
          id: 'parts',
          forEach: [{ name: '${schema.spec.names}' }],
          template: map('${schema.metadata.name}-item-${name}', { text: '${mid.data.text}' }),
        },
        {
          id: 'extra',
          includeWhen: ['${schema.spec.extra}'],
          template: {
            apiVersion: 'v1',
            kind: 'Secret',
            metadata: { name: '${schema.metadata.name}-extra' },
            stringData: { text: '${mid.data.text}' },
          },
        },
      ],
    },
  };
}

const NAMES = ['one', 'two'];

/** A dozen or so things that users do to a definition, its instances and their children. */
export function randomActions(random: () => number): UserAction[] {
  const pick = <T>(values: readonly T[]): T => values[Math.floor(random() * values.length)] as T;
  const actions: UserAction[] = [];
  const count = 4 + Math.floor(random() * 9);
  for (let index = 0; index < count; index += 1) {
    const name = pick(NAMES);
    const dice = random();
    if (dice < 0.45) actions.push(applyRig(name, randomSpec(random)));
    else if (dice < 0.55) actions.push(removeRig(name));
    else if (dice < 0.7) actions.push(drift(`${name}-${pick(['base', 'mid'])}`));
    else if (dice < 0.8) actions.push(removeChild(`${name}-${pick(['base', 'mid', 'item-a'])}`));
    else if (dice < 0.9) actions.push(redefine(pick(['a', 'b', 'c'])));
    else actions.push(suspend(name, random() < 0.5));
  }
  // Nobody stays suspended, or what ends where would depend on when.
  for (const name of NAMES) actions.push(suspend(name, false));
  return actions;
}

/**
 * Does it; an object that is not there (any more) makes it nothing. False when it has to be done later: the
 * kind is not served yet, or an object of that name is still being deleted.
 */
export async function perform(admin: KubeClient, action: UserAction): Promise<boolean> {
  try {
    return (await action.do(admin)) !== 'later';
  } catch (thrown) {
    if (!(thrown instanceof KubeError)) throw thrown;
    if (thrown.reason === 'UnknownKind') return false;
    if (!isNotFound(thrown)) throw thrown;
    return true;
  }
}

const rig = (name: string) => ({ apiVersion: 'sim.test/v1', kind: 'Rig', namespace: 'default', name });
const mapRef = (name: string) => ({ apiVersion: 'v1', kind: 'ConfigMap', namespace: 'default', name });

function randomSpec(random: () => number): JsonObject {
  const names = ['a', 'b', 'c', 'd'].filter(() => random() < 0.5);
  return { text: `t${Math.floor(random() * 3)}`, names, extra: random() < 0.5 };
}

function applyRig(name: string, spec: JsonObject): UserAction {
  const object = { ...rig(name), metadata: { name, namespace: 'default' }, spec };
  const { name: _name, namespace: _namespace, ...manifest } = object;
  return {
    text: `apply ${name} ${JSON.stringify(spec)}`,
    async do(admin) {
      const present = await admin.find(rig(name));
      if (present?.metadata.deletionTimestamp !== undefined) return 'later';
      return admin.apply(manifest, { fieldManager: 'user', force: true });
    },
  };
}

function removeRig(name: string): UserAction {
  return { text: `delete ${name}`, do: (admin) => admin.delete(rig(name)) };
}

function drift(name: string): UserAction {
  return { text: `edit ${name}`, do: (admin) => admin.patch(mapRef(name), { data: { text: 'drifted' } }) };
}

function removeChild(name: string): UserAction {
  return { text: `delete child ${name}`, do: (admin) => admin.delete(mapRef(name)) };
}

function redefine(fixed: string): UserAction {
  return {
    text: `redefine ${fixed}`,
    do: (admin) => admin.apply(rigDefinition(fixed), { fieldManager: 'user', force: true }),
  };
}

function suspend(name: string, on: boolean): UserAction {
  const value = on ? 'suspended' : null;
  return {
    text: `${on ? 'suspend' : 'resume'} ${name}`,
    do: (admin) => admin.patch(rig(name), { metadata: { annotations: { 'kro.run/reconcile': value } } }),
  };
}
