import { randomUUID } from 'node:crypto';
import { type JsonValue, stringifyJson } from '@typekro/kit/core';
import type { Transport } from '@typekro/kube';
import { deleteInstanceAt } from './delete-instance-at.ts';
import type { Lifecycle, InstanceLocation, StoredOutput, StoredProps } from './kro-resource-props.ts';
import { deletions, leftBehind, moveOf } from './places.ts';

/** The transports, keyed by the `fqn` of the resource that declared them. Alchemy's state cannot hold a transport. */
const transports = new Map<string, Transport>();

/** Creates, updates or deletes a resource for Alchemy. Alchemy may call this function again after any failure. */
export async function runLifecycle(resource: Lifecycle, props: StoredProps): Promise<StoredOutput> {
  if (resource.phase === 'delete') {
    const current = await resource.scope.state.get(resource.id);
    for (const place of deletions(resource, current?.output)) await remove(resource, place);
    return resource.destroy();
  }
  const { transport, deploy } = props.local();
  if (transport === undefined) transports.delete(resource.fqn);
  else transports.set(resource.fqn, transport);

  const left = leftBehind(resource, props.place);
  if (left !== undefined) await remove(resource, left, props.settings.timeout);
  if (resource.phase === 'update') {
    const move = moveOf(resource.output, props.place);
    if (move !== 'stay') return resource.replace(move === 'replace-first');
  }
  const { metadata, status } = await deploy();
  return {
    place: props.place,
    ...(metadata.uid === undefined ? {} : { uid: metadata.uid }),
    status: stringifyJson(status as JsonValue),
    deploy: randomUUID(),
  };
}

/**
 * Deletes an instance. Uses the connection stored at the last attempt, or the transport that this process has for the
 * resource.
 */
async function remove(
  { fqn, props }: Lifecycle,
  place: InstanceLocation,
  timeout: number | undefined = props?.settings?.timeout,
): Promise<void> {
  await deleteInstanceAt(place, {
    connection: props?.connection ?? { by: 'default' },
    transport: transports.get(fqn),
    ...(timeout === undefined ? {} : { timeout }),
  });
}
