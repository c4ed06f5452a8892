import { type JsonObject, type KubeObject, getOwn } from '@typekro/kit/core';
import { type KubeClient, waitForObject } from '@typekro/kube';
import { seededChoices } from './choices.ts';

const NAMESPACE = 'fleet';
const API_VERSION = 'fleet.test/v1';
const TIMEOUT_MS = 120_000;

/**
 * Edits wait for the controller while this number of children, or more, do not have the value of their instance yet.
 */
const MAX_BEHIND = 20;

const ROLES = ['log', 'flag'];

/**
 * A definition whose instances have two children. The second child has a value from the live state of the first child.
 */
const DEFINITION = {
  apiVersion: 'kro.run/v1alpha1',
  kind: 'ResourceGraphDefinition',
  metadata: { name: 'ship' },
  spec: {
    schema: { group: 'fleet.test', apiVersion: 'v1', kind: 'Ship', spec: { course: 'integer' } },
    resources: [
      { id: 'log', template: template('log', '${string(schema.spec.course)}') },
      { id: 'flag', template: template('flag', '${log.data.course}') },
    ],
  },
};

function template(role: string, course: string): JsonObject {
  const metadata = { name: `\${schema.metadata.name}-${role}`, labels: { fleet: 'true' } };
  return { apiVersion: 'v1', kind: 'ConfigMap', metadata, data: { course } };
}

const ship = (name: string, course: number): KubeObject => ({
  apiVersion: API_VERSION,
  kind: 'Ship',
  metadata: { name, namespace: NAMESPACE },
  spec: { course },
});

/**
 * The changes of the children since the fleet was complete. A watch reports the changes. A write that does not change
 * the object is not included, because the server sends no event for it.
 */
export interface FleetRecord {
  /** The number of edits of instances. */
  edits: number;
  /** The number of changes of a child to a newer value. */
  wanted: number;
  /**
   * Changes of a child that do not change its value. Each entry has the name of the child, and the changed labels,
   * annotations and owners.
   */
  readonly needless: string[];
  /**
   * Changes of a child back to an older value, each with the child's name. The cause is a decision of a controller on
   * an old state.
   */
  readonly stale: string[];
  /** The names of children that were deleted. */
  readonly lost: string[];
}

/** Instances that are edited continuously, and a watch that classifies each change of their children. */
export class Fleet {
  readonly record: FleetRecord = { edits: 0, wanted: 0, needless: [], stale: [], lost: [] };
  readonly #client: KubeClient;
  readonly #courses: Map<string, number>;
  readonly #children = new Map<string, KubeObject>();
  readonly #end = new AbortController();
  readonly #waiting = new Set<() => void>();
  #isComplete = false;
  #isEditing = false;
  #watching: Promise<void> = Promise.resolve();
  #editing: Promise<void> = Promise.resolve();

  constructor(client: KubeClient, size: number) {
    this.#client = client;
    this.#courses = new Map(Array.from({ length: size }, (_, index) => [`ship-${index}`, 0]));
  }

  /** Creates the definition and the instances. Resolves when a controller has created all children. */
  async create(): Promise<void> {
    await this.#client.create({ apiVersion: 'v1', kind: 'Namespace', metadata: { name: NAMESPACE } });
    await this.#client.create(DEFINITION);
    const definition = { apiVersion: DEFINITION.apiVersion, kind: DEFINITION.kind, name: 'ship' };
    await waitForObject(this.#client, definition, AbortSignal.timeout(TIMEOUT_MS), (object) =>
      object?.status?.['state'] === 'Active' ? true : undefined,
    );
    this.#watching = this.#watch();
    for (const name of this.#courses.keys()) await this.#client.create(ship(name, 0));
    await this.#until(() => this.#behind().length === 0);
    this.#isComplete = true;
  }

  /** The controller version in the label of the first known child. Empty without a child or without this label. */
  get versionLabel(): string {
    const [child] = this.#children.values();
    return child?.metadata.labels?.['kro.run/kro-version'] ?? '';
  }

  /** Edits one instance after another until `finish`. The seed determines the order. */
  startEdits(seed: number): void {
    const choices = seededChoices(seed);
    const names = [...this.#courses.keys()];
    this.#isEditing = true;
    this.#editing = (async () => {
      while (this.#isEditing) {
        await this.#until(() => !this.#isEditing || this.#behind().length < MAX_BEHIND);
        const name = names[choices.below(names.length)] ?? '';
        const course = (this.#courses.get(name) ?? 0) + 1;
        this.#courses.set(name, course);
        const ref = { apiVersion: API_VERSION, kind: 'Ship', namespace: NAMESPACE, name };
        await this.#client.patch(ref, { spec: { course } });
        this.record.edits += 1;
      }
    })();
    // Ignores the error of a running edit, because a test that fails before `finish` closes its connection.
    this.#editing.catch(() => undefined);
  }

  /** Resolves when the children have received this number of new values. */
  async changes(count: number): Promise<void> {
    const goal = this.record.wanted + count;
    await this.#until(() => this.record.wanted >= goal);
  }

  /** Ends the edits. Resolves when each child has the value of its instance. */
  async finish(): Promise<FleetRecord> {
    this.#isEditing = false;
    this.#notify();
    await this.#editing;
    await this.#until(() => this.#behind().length === 0);
    this.#end.abort();
    await this.#watching;
    return this.record;
  }

  async #watch(): Promise<void> {
    const options = { namespace: NAMESPACE, labelSelector: 'fleet=true', signal: this.#end.signal };
    try {
      for await (const event of this.#client.watch({ apiVersion: 'v1', kind: 'ConfigMap' }, options)) {
        if ('object' in event) this.#judge(event.type, event.object);
        this.#notify();
      }
    } catch (error) {
      if (!this.#end.signal.aborted) throw error;
    }
  }

  #judge(type: string, object: KubeObject): void {
    const name = object.metadata.name ?? '';
    const before = this.#children.get(name);
    if (type === 'DELETED') this.#children.delete(name);
    else this.#children.set(name, object);
    if (this.#isComplete) recordChange(this.record, type, before, object);
  }

  /** The children that are missing or do not have the value of their instance. */
  #behind(): string[] {
    return [...this.#courses].flatMap(([name, course]) =>
      ROLES.map((role) => `${name}-${role}`).filter((child) => courseOf(this.#children.get(child)) !== String(course)),
    );
  }

  #notify(): void {
    for (const check of this.#waiting) check();
  }

  #until(holds: () => boolean): Promise<void> {
    return new Promise((resolve, reject) => {
      const check = () => {
        if (!holds()) return;
        clearTimeout(timer);
        this.#waiting.delete(check);
        resolve();
      };
      const timer = setTimeout(() => {
        this.#waiting.delete(check);
        reject(new Error(`no controller writes: ${this.#behind().slice(0, 5).join(', ')} are behind`));
      }, TIMEOUT_MS);
      this.#waiting.add(check);
      check();
    });
  }
}

const courseOf = (object: KubeObject | undefined): string | undefined =>
  (object as { readonly data?: { readonly course?: string } } | undefined)?.data?.course;

/**
 * Adds an event of a child to the record. The value `course` of an instance only increases, so a lower value is stale.
 * A watch that restarts also reports unchanged objects. They have the same version as `before`, and are ignored.
 */
export function recordChange(
  record: FleetRecord,
  type: string,
  before: KubeObject | undefined,
  object: KubeObject,
): void {
  const { name = '', resourceVersion } = object.metadata;
  if (type === 'DELETED') {
    record.lost.push(name);
    return;
  }
  if (before === undefined || before.metadata.resourceVersion === resourceVersion) return;
  const [old, now] = [courseOf(before), courseOf(object)];
  if (old === now) record.needless.push(`${name}: ${changeOf(before, object)}`);
  else if (Number(now) > Number(old)) record.wanted += 1;
  else record.stale.push(`${name}: ${old} → ${now ?? 'absent'}`);
}

/** The labels, annotations and owners that a write has changed. */
function changeOf(before: KubeObject, { metadata }: KubeObject): string {
  const { labels, annotations, ownerReferences } = before.metadata;
  return [
    ...changes('label', labels, metadata.labels),
    ...changes('annotation', annotations, metadata.annotations),
    ...changes('list', { ownerReferences }, { ownerReferences: metadata.ownerReferences }),
  ].join(', ');
}

function changes(name: string, before: Record<string, unknown> = {}, after: Record<string, unknown> = {}): string[] {
  const texts = (key: string) => [before, after].map((record) => JSON.stringify(getOwn(record, key)) ?? 'absent');
  return Object.keys({ ...before, ...after }).flatMap((key) => {
    const [old, now] = texts(key);
    return old === now ? [] : [`${name} ${key}: ${old} → ${now}`];
  });
}
