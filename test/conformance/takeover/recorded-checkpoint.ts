import { type JsonObject, type JsonValue, type KubeObject, type ObjectRef, isJsonObject } from '@typekro/kit/core';
import type { VirtualWorld } from '@typekro/testing/test-support/virtual-world';
import { readCase } from './recorded-cases.ts';

/** A step of a recorded scenario, with the fields that determine the state after the step. */
interface Step {
  readonly apply?: KubeObject;
  readonly create?: KubeObject;
  readonly patch?: string;
  readonly body?: JsonObject;
  readonly status?: string;
  readonly value?: JsonValue;
  readonly delete?: string;
  readonly wait?: unknown;
  readonly hold?: unknown;
  readonly sleep?: number;
  readonly record?: string;
  readonly error?: unknown;
}

interface Scenario {
  readonly namespaces?: readonly string[];
  readonly precreate?: boolean;
  readonly steps: readonly Step[];
  readonly checkpoints: Readonly<Record<string, Checkpoint>>;
}

/**
 * A recorded condition. It has no times, and instead of a generation it has `observed`, such as `current` or
 * `stale by 1`.
 */
type RecordedCondition = Readonly<Record<'status' | 'reason' | 'message' | 'observed', string | undefined>>;

interface Checkpoint {
  readonly contract: Readonly<Record<string, { readonly status?: JsonObject }>>;
  readonly info: Readonly<Record<string, JsonObject>>;
}

/** A time that is longer than every wait of a scenario, in milliseconds of the virtual clock. */
const WAIT_MS = 40_000;

/**
 * Brings a cluster to a checkpoint of a scenario that was recorded with kro's own controller, stops the controller of
 * the cluster, and writes kro's recorded status of definitions and instances.
 *
 * @param x the suffix of names that differs from run to run
 */
export async function restoreCheckpoint(world: VirtualWorld, name: string, checkpoint: string, x: string): Promise<void> {
  const scenario = JSON.parse(fillPlaceholders(readCase('controller', name), x)) as Scenario;
  const namespaces = scenario.precreate === false ? [] : (scenario.namespaces ?? [`t-${x}`]);
  for (const namespace of namespaces) {
    await world.apply({ apiVersion: 'v1', kind: 'Namespace', metadata: { name: namespace } });
  }
  const at = scenario.steps.findIndex(({ record }) => record === checkpoint);
  if (at < 0) throw new Error(`${name} records no ${checkpoint}`);
  for (const step of scenario.steps.slice(0, at)) await play(world, step);
  await world.advance(WAIT_MS);
  await world.controller.stop();
  const recorded = scenario.checkpoints[checkpoint];
  if (recorded === undefined) throw new Error(`the recording of ${name} has no ${checkpoint}`);
  await writeStatus(world, recorded);
}

const fillPlaceholders = (text: string, x: string): string =>
  text
    .replaceAll('{{x}}', x)
    .replaceAll('<x>', x)
    .replaceAll('{{ns}}', `t-${x}`)
    .replaceAll('{{group}}', `${x}.acme.test`)
    .replaceAll('{{parts}}', `${x}.parts.test`);

async function play(world: VirtualWorld, step: Step): Promise<void> {
  const made = step.apply ?? step.create;
  if (made !== undefined) return world.apply(made);
  if (step.patch !== undefined) await world.user.patch(refIn(step.patch), step.body ?? {});
  if (step.status !== undefined) {
    await world.user.patch(refIn(step.status), { status: step.value ?? {} }, { subresource: 'status' });
  }
  if (step.delete !== undefined) await world.user.delete(refIn(step.delete));
  if (step.wait !== undefined || step.hold !== undefined) return world.advance(WAIT_MS);
  if (step.sleep !== undefined) return world.advance(step.sleep * 1000);
  return world.settle();
}

/** Parses a reference such as `v1 ConfigMap namespace/name`. */
function refIn(text: string): ObjectRef {
  const [apiVersion = '', kind = '', path = ''] = text.split(' ');
  const at = path.indexOf('/');
  const namespace = at < 0 ? {} : { namespace: path.slice(0, at) };
  return { apiVersion, kind, ...namespace, name: path.slice(at + 1) };
}

/** Writes the recorded status of each object that has recorded conditions. */
async function writeStatus(world: VirtualWorld, { contract, info }: Checkpoint): Promise<void> {
  for (const [text, { status }] of Object.entries(contract)) {
    const conditions = status?.['conditions'];
    if (status === undefined || !isJsonObject(conditions)) continue;
    const [kind = ''] = text.split(' ');
    const ref = refIn(`${await apiVersionOf(world, kind)} ${text}`);
    const { metadata } = await world.user.get(ref);
    const list = Object.entries(conditions as Readonly<Record<string, RecordedCondition>>).map(([type, condition]) => ({
      type,
      status: condition.status ?? 'Unknown',
      reason: condition.reason ?? '',
      message: condition.message ?? String(info[text]?.[`conditions[${type}].message`] ?? ''),
      lastTransitionTime: '2026-01-01T00:00:00Z',
      observedGeneration: metadata.generation ?? 0,
    }));
    await world.user.patch(ref, { status: { ...status, conditions: list } }, { subresource: 'status' });
  }
}

const OWN_KINDS: Readonly<Record<string, string>> = {
  ResourceGraphDefinition: 'kro.run/v1alpha1',
  GraphRevision: 'internal.kro.run/v1alpha1',
};

/** The apiVersion of a kind of kro, or of a kind that a CRD in the cluster declares. */
async function apiVersionOf(world: VirtualWorld, kind: string): Promise<string> {
  const own = OWN_KINDS[kind];
  if (own !== undefined) return own;
  const type = { apiVersion: 'apiextensions.k8s.io/v1', kind: 'CustomResourceDefinition' };
  const { items } = await world.user.list(type);
  for (const { spec } of items) {
    const { group, names, versions } = spec as unknown as {
      readonly group: string;
      readonly names: { readonly kind: string };
      readonly versions: readonly { readonly name: string }[];
    };
    if (names.kind === kind) return `${group}/${versions[0]?.name ?? ''}`;
  }
  throw new Error(`nothing declares the kind ${kind}`);
}
