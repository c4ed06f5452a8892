import type { KubeObject } from '../../src/core/index.ts';
import type { Transport, TransportRequest } from '../../src/kube/index.ts';
import type { Checker } from './faulty-transport.ts';
import { textOf } from './faulty-transport.ts';
import type { Knowledge } from './knowledge.ts';
import { objectKey } from './knowledge.ts';
import type { Ledger } from './ledger.ts';
import { keyOfPath } from './ledger.ts';

const PART_OF = 'applyset.kubernetes.io/part-of';
const SET_ID = 'applyset.kubernetes.io/id';
const ORDER = 'internal.kro.run/apply-order';
const GROUP_KINDS = 'applyset.kubernetes.io/contains-group-kinds';
const FINALIZER = 'kro.run/finalizer';
const RIGS = '/apis/sim.test/v1/namespaces/default/rigs';

/** Where members of an ApplySet may be, by how the inventory names their kinds. */
const MEMBER_PATHS: Readonly<Record<string, string>> = {
  ConfigMap: '/api/v1/configmaps',
  LimitRange: '/api/v1/limitranges',
  'PodDisruptionBudget.policy': '/apis/policy/v1/poddisruptionbudgets',
};

/** Upon which nodes a node depends, with the kind of those. */
const DEPENDS_ON: Readonly<Record<string, readonly (readonly [string, string])[]>> = {
  mid: [['ConfigMap', 'base']],
  parts: [['ConfigMap', 'mid']],
  extra: [['ConfigMap', 'mid']],
  gate: [['ConfigMap', 'base']],
  after: [['PodDisruptionBudget', 'gate']],
};

/** One controller process as the rules see it. */
export interface Suspect {
  readonly name: string;
  readonly knowledge: Knowledge;
  /** Paths of writes whose outcome the process does not know: a repetition may be needless. */
  readonly unsure: Set<string>;
  /** May it write at all at this moment? */
  readonly mayWrite: () => Promise<boolean>;
}

/**
 * The rules, checked at each write of a controller at the moment when it reaches the server:
 *
 * - a child is written only under the finalizer and an inventory that covers it;
 * - a dependent is created only when what it depends on is there, and ready;
 * - only members of the instance's own ApplySet are written or deleted, with their UID, and none while a later
 *   wave of a deletion is left; of our own objects only revisions that are not the newest;
 * - the finalizer goes last, and the inventory shrinks only by kinds of which nothing is left;
 * - a write changes something, unless the outcome of an earlier one is unknown or the process could not know better;
 * - a process sends no write of an object while an earlier one of it is under way: the later one was decided on
 *   without the answer to the earlier;
 * - of several processes only the leader writes.
 */
export class Invariants {
  readonly violations: string[] = [];
  /** How many writes were looked at, by verb. */
  writes = 0;
  readonly #transport: Transport;
  readonly #ledger: Ledger;
  readonly #before = new Map<TransportRequest, KubeObject | undefined>();

  constructor(transport: Transport, ledger: Ledger) {
    this.#transport = transport;
    this.#ledger = ledger;
  }

  /** The rules for one process. */
  checkerOf(suspect: Suspect): Checker {
    const underWay = new Map<string, TransportRequest>();
    return {
      sent: (request) => this.#beginWrite(request, underWay),
      ended: (request) => {
        if (underWay.get(pathOf(request)) === request) underWay.delete(pathOf(request));
      },
      before: (request) => this.#beforeWrite(request, suspect),
      after: (request, status, body) => this.#afterWrite(request, status, body, suspect),
    };
  }

  #beginWrite(request: TransportRequest, underWay: Map<string, TransportRequest>): void {
    const path = pathOf(request);
    // Objects are created at the path of their list.
    if (['GET', 'POST'].includes(request.method) || path.includes('/leases')) return;
    const earlier = underWay.get(path);
    if (earlier !== undefined && earlier.signal?.aborted !== true) {
      this.#violated(`two writes at the same time: ${earlier.method} and ${request.method} ${path}`);
    }
    underWay.set(path, request);
  }

  async #beforeWrite(request: TransportRequest, suspect: Suspect): Promise<void> {
    const path = pathOf(request);
    if (path.includes('/events') || path.includes('/leases')) return;
    this.writes += 1;
    if (!(await suspect.mayWrite())) this.#violated(`two lead: ${suspect.name} does ${request.method} ${path}`);
    const live = request.method === 'POST' ? undefined : await this.#read(path.replace(/\/status$/, ''));
    this.#before.set(request, live);
    if (request.method === 'DELETE') await this.#checkDelete(path, live, bodyOf(request));
    const sent = bodyOf(request);
    if (request.method === 'PATCH' && sent?.metadata?.labels?.[PART_OF] !== undefined) {
      await this.#checkChild(path, sent, live, suspect);
    }
  }

  async #afterWrite(request: TransportRequest, status: number, body: string, suspect: Suspect): Promise<void> {
    const path = pathOf(request);
    const live = this.#before.get(request);
    this.#before.delete(request);
    if (path.includes('/events') || path.includes('/leases')) return;
    if (status >= 400) return;
    this.#ledger.note(request, body, suspect.name);
    if (request.method !== 'PATCH') return;
    const answer = JSON.parse(body) as KubeObject;
    const { deletionTimestamp, finalizers = [], resourceVersion } = answer.metadata;
    // Taking the last finalizer off removes the object, which leaves its version as it was.
    const isEnd = deletionTimestamp !== undefined && finalizers.length === 0;
    const isNeedless = live?.metadata.resourceVersion === resourceVersion && !isEnd;
    const key = objectKey(answer);
    const isExcused =
      suspect.unsure.has(path) ||
      this.#ledger.excuses(key, suspect.knowledge, 'any') ||
      this.#ledger.wroteUnseen(key, suspect.name, suspect.knowledge);
    if (isNeedless && !isExcused) this.#violated(`needless write: ${request.method} ${request.path}`);
    suspect.unsure.delete(path);
    if (live?.kind !== 'Rig' || this.#ledger.excuses(key, suspect.knowledge)) return;
    await this.#checkParent(live, answer);
  }

  async #checkDelete(path: string, live: KubeObject | undefined, options: KubeObject | undefined): Promise<void> {
    if (live === undefined) return;
    const { uid, labels = {} } = live.metadata;
    const { preconditions } = (options ?? {}) as { preconditions?: { uid?: string } };
    if (preconditions?.uid === undefined) this.#violated(`a delete without the UID: ${path}`);
    else if (preconditions.uid !== uid) return;
    if (live.kind === 'GraphRevision') return this.#checkRevisionDelete(path, live);
    const set = labels[PART_OF];
    const parent = await this.#ownerOf(set);
    if (set === undefined || parent === undefined) return this.#violated(`deleted what is not ours: ${path}`);
    if (parent.metadata.deletionTimestamp === undefined) return;
    const wave = waveOf(live);
    for (const member of await this.#members(set)) {
      if (waveOf(member) <= wave) continue;
      return this.#violated(`deleted ${path} of wave ${wave} before ${objectKey(member)} of wave ${waveOf(member)}`);
    }
  }

  async #checkRevisionDelete(path: string, live: KubeObject): Promise<void> {
    const revisions = await this.#list('/apis/internal.kro.run/v1alpha1/graphrevisions');
    const numbers = revisions.map(({ spec }) => Number(spec?.['revision']));
    if (Number(live.spec?.['revision']) >= Math.max(...numbers)) {
      this.#violated(`deleted the newest revision: ${path}`);
    }
  }

  async #checkChild(path: string, sent: KubeObject, live: KubeObject | undefined, suspect: Suspect): Promise<void> {
    const labels = sent.metadata.labels ?? {};
    const set = labels[PART_OF] ?? '';
    const told = suspect.knowledge.of(keyOfPath(path) ?? '');
    const owner = live?.metadata.labels?.[PART_OF];
    if (owner !== undefined && owner !== set && told?.partOf === owner) {
      this.#violated(`took over what belongs to another ApplySet: ${path}`);
    }
    const parent = await this.#read(`${RIGS}/${labels['kro.run/instance-name'] ?? ''}`);
    const key = `Rig/default/${labels['kro.run/instance-name'] ?? ''}`;
    if (!this.#ledger.excuses(key, suspect.knowledge)) {
      const kinds = (parent?.metadata.annotations?.[GROUP_KINDS] ?? '').split(',');
      if (parent?.metadata.finalizers?.includes(FINALIZER) !== true) {
        this.#violated(`a child before the finalizer: ${path}`);
      } else if (!kinds.includes(groupKind(sent))) {
        this.#violated(`a child that the inventory does not cover: ${path} (${kinds.join(',')})`);
      }
    }
    if (sent.metadata.annotations?.[ORDER] === undefined) this.#violated(`a child without a wave: ${path}`);
    if (live === undefined) await this.#checkDependencies(path, labels, suspect);
  }

  async #checkDependencies(path: string, labels: Readonly<Record<string, string>>, suspect: Suspect): Promise<void> {
    for (const [kind, node] of DEPENDS_ON[labels['kro.run/node-id'] ?? ''] ?? []) {
      const name = `${labels['kro.run/instance-name'] ?? ''}-${node}`;
      const base = kind === 'ConfigMap' ? '/api/v1' : '/apis/policy/v1';
      const plural = kind === 'ConfigMap' ? 'configmaps' : 'poddisruptionbudgets';
      const found = await this.#read(`${base}/namespaces/default/${plural}/${name}`);
      const isReady = found !== undefined && (node !== 'gate' || Number(found.status?.['currentHealthy'] ?? 0) > 0);
      if (isReady || this.#ledger.excuses(`${kind}/default/${name}`, suspect.knowledge)) continue;
      this.#violated(`${path} before ${name}, which it depends on`);
    }
  }

  /** After a write of the instance: the finalizer went last, the inventory still covers what is there. */
  async #checkParent(live: KubeObject, answer: KubeObject): Promise<void> {
    const set = answer.metadata.labels?.[SET_ID] ?? live.metadata.labels?.[SET_ID];
    if (set === undefined) return;
    const had = live.metadata.finalizers?.includes(FINALIZER) === true;
    const has = answer.metadata.finalizers?.includes(FINALIZER) === true;
    const kinds = (object: KubeObject) => (object.metadata.annotations?.[GROUP_KINDS] ?? '').split(',');
    const now = new Set(kinds(answer));
    const gone = kinds(live).filter((kind) => kind !== '' && !now.has(kind));
    if ((!had || has) && gone.length === 0) return;
    for (const member of await this.#members(set)) {
      if (had && !has) this.#violated(`the finalizer went before ${objectKey(member)}`);
      else if (gone.includes(groupKind(member))) this.#violated(`the inventory lost ${objectKey(member)}`);
    }
  }

  /** The instance whose ApplySet it is. */
  async #ownerOf(set: string | undefined): Promise<KubeObject | undefined> {
    if (set === undefined) return undefined;
    const [owner] = await this.#list(`${RIGS}?labelSelector=${encodeURIComponent(`${SET_ID}=${set}`)}`);
    return owner;
  }

  async #members(set: string): Promise<KubeObject[]> {
    const found: KubeObject[] = [];
    for (const [kind, path] of Object.entries(MEMBER_PATHS)) {
      const items = await this.#list(`${path}?labelSelector=${encodeURIComponent(`${PART_OF}=${set}`)}`);
      found.push(...items.map((item) => ({ ...item, kind: kind.replace(/\..*/, ''), apiVersion: apiVersionOf(kind) })));
    }
    return found;
  }

  async #list(path: string): Promise<KubeObject[]> {
    const response = await this.#transport.request({ method: 'GET', path });
    if (response.status >= 400) return [];
    return (JSON.parse(await textOf(response)) as { items: KubeObject[] }).items;
  }

  async #read(path: string): Promise<KubeObject | undefined> {
    const response = await this.#transport.request({ method: 'GET', path });
    const text = await textOf(response);
    return response.status === 200 ? (JSON.parse(text) as KubeObject) : undefined;
  }

  #violated(text: string): void {
    this.violations.push(text);
  }
}

function bodyOf({ body }: TransportRequest): KubeObject | undefined {
  if (typeof body !== 'string' || !body.startsWith('{')) return undefined;
  return JSON.parse(body) as KubeObject;
}

function waveOf(object: KubeObject): number {
  return Number(object.metadata.annotations?.[ORDER] ?? 0);
}

function apiVersionOf(groupKindText: string): string {
  return groupKindText.endsWith('.policy') ? 'policy/v1' : 'v1';
}

function groupKind({ apiVersion, kind }: KubeObject): string {
  const group = apiVersion.includes('/') ? apiVersion.replace(/\/.*/, '') : '';
  return group === '' ? kind : `${kind}.${group}`;
}

function pathOf(request: TransportRequest): string {
  return request.path.replace(/\?.*/, '');
}
