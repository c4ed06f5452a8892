import { type KubeObject, isJsonObject, tryParseJson } from '@typekro/kit/core';
import { ObjectLabels } from '@typekro/engine/runtime';
import type { SeenRequest } from '../simulation/virtual-world.ts';

/** Records which nodes the controller wrote and deleted, from the requests that the server answered. */
export class WrittenNodes {
  /** Nodes in the order in which their first object was created. */
  readonly created: string[] = [];
  /** Nodes in the order in which their first object was deleted. */
  readonly deleted: string[] = [];
  /** Nodes that were written or deleted since `beginStep`. */
  readonly inStep = new Set<string>();
  /** Maps the paths of objects to nodes, because a delete request has only the path. */
  readonly #nodeOfPath = new Map<string, string>();

  beginStep(): void {
    this.inStep.clear();
  }

  /** Records an answered request. */
  note({ method, path, body }: SeenRequest, status: number): void {
    if (status >= 300 || method === 'GET') return;
    const place = path.replace(/\?.*/, '');
    if (method === 'DELETE') {
      const node = this.#nodeOfPath.get(place);
      if (node !== undefined) this.#add(node, this.deleted);
      return;
    }
    const sent = typeof body === 'string' ? tryParseJson(body) : undefined;
    if (!isJsonObject(sent) || !isJsonObject(sent['metadata'])) return;
    const node = ObjectLabels.nodeIdOf(sent as KubeObject);
    if (node === '') return;
    this.#nodeOfPath.set(place, node);
    this.#add(node, status === 201 ? this.created : undefined);
  }

  #add(node: string, list: string[] | undefined): void {
    this.inStep.add(node);
    if (list !== undefined && !list.includes(node)) list.push(node);
  }
}
