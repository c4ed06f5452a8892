/**
 * The users and other clients of a long run of the controller: they change instances of the definition `five`
 * (`loads.ts`), and the children of these instances.
 */
import type { JsonObject, KubeObject } from '../../dist/core/index.js';
import { type KubeClient, isConflict, isNotFound } from '../../dist/kube/index.js';
import { five, numbered, typeOf } from './loads.ts';
import { each, follow } from './watching.ts';

const CHILDREN = 5;
/** A deleted instance is created again after this number of other changes. */
const ABSENT_CHANGES = 50;
const PART_OF = 'applyset.kubernetes.io/part-of';
const DEFINITION = { apiVersion: 'kro.run/v1alpha1', kind: 'ResourceGraphDefinition' };
const CRD = { apiVersion: 'apiextensions.k8s.io/v1', kind: 'CustomResourceDefinition' };

const load = (name: string) => ({ ...typeOf('Load'), namespace: 'default', name });
const map = (name: string) => ({ apiVersion: 'v1', kind: 'ConfigMap', namespace: 'default', name });
const isGood = ({ status }: KubeObject) => status?.['state'] === 'ACTIVE' || status?.['state'] === 'Active';

/** Waits for a write. Ignores its failure if the object is gone, or if another client has written the object. */
async function allowAbsent(write: Promise<unknown>): Promise<void> {
  await write.catch((thrown: unknown) => {
    if (!isNotFound(thrown) && !isConflict(thrown)) throw thrown;
  });
}

export class SteadyLoad {
  readonly #client: KubeClient;
  readonly #size: number;
  /** Maps the name of an instance to the text that it should have. A deleted instance has no entry. */
  readonly #texts = new Map<string, string>();
  #absent: { readonly name: string; readonly since: number }[] = [];
  #fixed = 'a';
  #kinds = 0;
  changes = 0;

  /** `size`: the number of instances. */
  constructor(client: KubeClient, size: number) {
    this.#client = client;
    this.#size = size;
  }

  /** Creates the definition and all instances, and waits until they are ACTIVE. */
  async populate(): Promise<void> {
    await this.#client.apply(five(this.#fixed), { fieldManager: 'load', force: true });
    await using definitions = follow(this.#client, DEFINITION, isGood);
    await definitions.reached('loads');
    await using active = follow(this.#client, typeOf('Load'), isGood);
    await each(this.#size, (index) => this.#create(`l${index}`, 'new'));
    await active.count(this.#size);
  }

  /**
   * Creates instances again that were deleted `ABSENT_CHANGES` changes ago. Then makes one change, as a user or as
   * another client. Makes no change if the chosen instance is deleted and not created again yet.
   */
  async change(): Promise<void> {
    const turn = (this.changes += 1);
    await this.#createAgain(turn);
    const name = `l${(turn * 7919) % this.#size}`;
    if (!this.#texts.has(name)) return;
    const client = this.#client;
    const child = map(`${name}-${turn % CHILDREN}`);
    switch (turn % 20) {
      case 0:
        this.#texts.delete(name);
        this.#absent.push({ name, since: turn });
        return allowAbsent(client.delete(load(name)));
      case 1:
      case 2:
      case 3:
        return allowAbsent(client.patch(child, { data: { text: `drift ${turn}` } }));
      case 4:
        return allowAbsent(client.delete(child));
      case 5:
        return allowAbsent(client.patch(child, { metadata: { labels: { [PART_OF]: null } } }));
      case 6:
        return allowAbsent(client.patch(child, { metadata: { annotations: { 'other.test/turn': String(turn) } } }));
      default:
        this.#texts.set(name, `t${turn}`);
        await client.patch(load(name), { spec: { text: `t${turn}` } });
    }
  }

  /** Changes a template in the definition of the instances. */
  async updateDefinition(): Promise<void> {
    this.#fixed = this.#fixed === 'a' ? 'b' : 'a';
    await this.#client.apply(five(this.#fixed), { fieldManager: 'load', force: true });
  }

  /** Creates a definition of another kind with an instance, waits until it is ACTIVE, and deletes everything again. */
  async comeAndGo(): Promise<void> {
    const index = this.#kinds++;
    const [name, kind] = [`n${index}`, `N${index}`];
    {
      await using active = follow(this.#client, DEFINITION, isGood);
      await this.#client.create(numbered(index, false));
      await active.reached(name);
    }
    {
      await using active = follow(this.#client, typeOf(kind), isGood);
      const metadata = { name, namespace: 'default' };
      await this.#client.create({ ...typeOf(kind), metadata, spec: { text: 'a' } });
      await active.reached(name);
    }
    {
      await using present = follow(this.#client, typeOf(kind), () => true);
      await present.reached(name);
      await this.#client.delete({ ...typeOf(kind), namespace: 'default', name });
      await present.left(name);
    }
    {
      await using present = follow(this.#client, DEFINITION, () => true);
      await present.reached(name);
      await this.#client.delete({ ...DEFINITION, name });
      await present.left(name);
    }
    await allowAbsent(this.#client.delete({ ...CRD, name: `${name}s.bench.test` }));
  }

  /** Creates the deleted instances again, even when their deletion was a moment ago. */
  async end(): Promise<void> {
    await this.#createAgain(Number.POSITIVE_INFINITY);
  }

  /** The differences between the cluster and the desired state. */
  async problems(): Promise<string[]> {
    const problems: string[] = [];
    const loads = new Map<string, KubeObject>();
    for (const object of (await this.#client.list(typeOf('Load'))).items) loads.set(object.metadata.name ?? '', object);
    for (let index = 0; index < this.#size; index += 1) {
      const name = `l${index}`;
      const [object, text] = [loads.get(name), this.#texts.get(name)];
      const found = [object?.status?.['state'], object?.status?.['text'], object?.spec?.['text']].join(' ');
      if (found !== `ACTIVE ${text} ${text}`) problems.push(`${name} is ${found}, not ACTIVE with ${text}`);
    }
    const { items } = await this.#client.list({ apiVersion: 'v1', kind: 'ConfigMap' }, { namespace: 'default' });
    const children = items.filter(({ metadata }) => metadata.name !== 'kube-root-ca.crt');
    const expected = this.#size * CHILDREN;
    if (children.length !== expected) problems.push(`${children.length} children, not ${expected}`);
    for (const { metadata, ...child } of children) {
      const { name = '', labels = {} } = metadata;
      const data = child['data'] as JsonObject | undefined;
      const wanted = this.#texts.get(name.replace(/-\d$/, ''));
      const fixed = name.endsWith('-0') ? this.#fixed : undefined;
      if (data?.['text'] === wanted && data?.['fixed'] === fixed && labels[PART_OF] !== undefined) continue;
      problems.push(`${name} has ${JSON.stringify(data)}, not ${wanted} and ${fixed}`);
    }
    return problems;
  }

  async #create(name: string, text: string): Promise<void> {
    await this.#client.create({ ...typeOf('Load'), metadata: { name, namespace: 'default' }, spec: { text } });
    this.#texts.set(name, text);
  }

  /**
   * Creates the instances again that were deleted at least `ABSENT_CHANGES` changes before this turn. An instance that
   * still exists waits for a later turn.
   */
  async #createAgain(turn: number): Promise<void> {
    const due = this.#absent.filter(({ since }) => since <= turn - ABSENT_CHANGES);
    this.#absent = this.#absent.filter(({ since }) => since > turn - ABSENT_CHANGES);
    for (const { name, since } of due) {
      try {
        await this.#create(name, `again ${turn}`);
      } catch (thrown) {
        if (!isConflict(thrown)) throw thrown;
        this.#absent.push({ name, since });
      }
    }
  }
}
