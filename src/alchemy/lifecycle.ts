import { randomUUID } from 'node:crypto';
import type { JsonValue } from '../core/index.ts';
import { stringifyJson } from '../core/index.ts';
import type { Transport } from '../kube/index.ts';
import { deletePlace } from './delete-place.ts';
import type { Lifecycle, Place, StoredOutput, StoredProps } from './model.ts';
import { deletions, leftBehind, moveOf } from './places.ts';

/** Transports by the full name of the resource that was declared with them: no state can hold one. */
const transports = new Map<string, Transport>();

/** What Alchemy calls to create, update and delete a resource. It may be called again after any failure. */
export async function lifecycle(resource: Lifecycle, props: StoredProps): Promise<StoredOutput> {
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

/** Deletes with the connection of the last attempt. */
async function remove(
  { fqn, props }: Lifecycle,
  place: Place,
  timeout: number | undefined = props?.settings?.timeout,
): Promise<void> {
  await deletePlace(place, {
    connection: props?.connection ?? { by: 'default' },
    transport: transports.get(fqn),
    ...(timeout === undefined ? {} : { timeout }),
  });
}
