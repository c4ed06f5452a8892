import type { KubeObject } from '../../src/core/index.ts';
import { isJsonObject, parseJson } from '../../src/core/index.ts';
import type { KubeClient, TransportRequest } from '../../src/kube/index.ts';
import type { Checker } from './faulty-transport.ts';

const PART_OF = 'applyset.kubernetes.io/part-of';
const ORDER = 'internal.kro.run/apply-order';

/**
 * Watches every write of a controller, at the moment when it reaches the server:
 *
 * - a child is written only under the finalizer and an inventory that covers it;
 * - only members of an ApplySet of ours are deleted, and none while a later wave is left;
 * - a write changes something, unless the outcome of an earlier one of the same object is not known.
 */
export class Invariants implements Checker {
  readonly violations: string[] = [];
  /** Paths of requests whose outcome the controller does not know: a repetition may be needless. */
  readonly unsure = new Set<string>();
  readonly #admin: KubeClient;
  readonly #versions = new Map<string, string | undefined>();

  constructor(admin: KubeClient) {
    this.#admin = admin;
  }

  async before(request: TransportRequest): Promise<void> {
    const path = pathOf(request);
    if (path.includes('/events')) return;
    const object = await this.#read(path);
    this.#versions.set(path, object?.metadata.resourceVersion);
    if (request.method === 'DELETE') this.#checkDelete(path, object);
    const sent = typeof request.body === 'string' ? parseJson(request.body) : undefined;
    if (request.method === 'PATCH' && isJsonObject(sent)) await this.#checkChild(path, sent as unknown as KubeObject);
  }

  after(request: TransportRequest, status: number, body: string): Promise<void> {
    const path = pathOf(request);
    if (status >= 400 || request.method !== 'PATCH' || path.includes('/events')) return Promise.resolve();
    const answer = parseJson(body) as unknown as KubeObject;
    const before = this.#versions.get(path);
    // Taking the last finalizer off removes the object, which leaves its version as it was.
    const { deletionTimestamp, finalizers = [] } = answer.metadata;
    const isEnd = deletionTimestamp !== undefined && finalizers.length === 0;
    if (before !== undefined && before === answer.metadata.resourceVersion && !isEnd && !this.unsure.has(path)) {
      this.violations.push(`needless write: ${request.method} ${request.path}`);
    }
    this.unsure.delete(path);
    return Promise.resolve();
  }

  #checkDelete(path: string, object: KubeObject | undefined): void {
    if (object === undefined || object.kind === 'GraphRevision') return;
    if (object.metadata.labels?.[PART_OF] === undefined) this.violations.push(`deleted what is not ours: ${path}`);
  }

  async #checkChild(path: string, sent: KubeObject): Promise<void> {
    const labels = sent.metadata?.labels;
    const set = labels?.[PART_OF];
    if (set === undefined || labels === undefined) return;
    const parent = await this.#parentOf(labels);
    const annotations = parent?.metadata.annotations ?? {};
    const kinds = (annotations['applyset.kubernetes.io/contains-group-kinds'] ?? '').split(',');
    if (parent?.metadata.finalizers?.includes('kro.run/finalizer') !== true) {
      // An instance that was deleted and made again by the same name is another one: its predecessor's writes fail or adopt.
      this.violations.push(`a child before the finalizer: ${path}`);
    } else if (!kinds.includes(sent.kind)) {
      this.violations.push(`a child that the inventory does not cover: ${path} (${kinds.join(',')})`);
    }
    if (sent.metadata.annotations?.[ORDER] === undefined) this.violations.push(`a child without a wave: ${path}`);
  }

  async #parentOf(labels: Readonly<Record<string, string>>): Promise<KubeObject | undefined> {
    const namespace = labels['kro.run/instance-namespace'];
    return this.#admin.find({
      apiVersion: `${labels['kro.run/instance-group'] ?? ''}/${labels['kro.run/instance-version'] ?? ''}`,
      kind: labels['kro.run/instance-kind'] ?? '',
      name: labels['kro.run/instance-name'] ?? '',
      ...(namespace === undefined ? {} : { namespace }),
    });
  }

  async #read(path: string): Promise<KubeObject | undefined> {
    const answer = await this.#admin.raw({ path: path.replace(/\/status$/, '') }).catch(() => undefined);
    if (answer === undefined) return undefined;
    const object = parseJson(answer.text) as unknown as KubeObject;
    return object.metadata === undefined || object.metadata.name === undefined ? undefined : object;
  }
}

function pathOf(request: TransportRequest): string {
  return request.path.replace(/\?.*/, '');
}
