import type { KubeObject } from '../../core/index.ts';
import { apiFailure, eachEffect } from '../../execute/index.ts';
import type { KubernetesApi } from '../../kube/index.ts';
import { KubeError, systemClock } from '../../kube/index.ts';
import type { ApplyAction, ObjectTarget } from '../../runtime/index.ts';
import { keys } from '../../runtime/index.ts';
import { isImmutableRefusal } from './replacement.ts';
import type { LazyRules } from './rules-server.ts';
import type { WriteAnswer } from './simulate.ts';

/** What a checker works with. */
export interface WriteCheckerOptions {
  readonly api: KubernetesApi;
  /** What answers of `api` are: those of the real server, or those of the rules of this program. */
  readonly checkedBy: 'server' | 'rules';
  /** Asks where `api` may not be asked. */
  readonly rules: LazyRules;
  /** Ask `api` at all? */
  readonly asks: boolean;
  readonly signal: AbortSignal;
}

/** One write to be checked. */
export type CheckedWrite = Pick<ApplyAction, 'target' | 'desired'>;

/** Asks API servers what a write would give, by dry runs. */
export class WriteChecker {
  readonly limits = new Set<string>();
  readonly #options: WriteCheckerOptions;
  /** Namespaces that writes of the plan create. */
  readonly #namespaces = new Set<string>();
  /** Kinds that the user may not write: asked once. */
  readonly #denied = new Set<string>();

  constructor(options: WriteCheckerOptions) {
    this.#options = options;
  }

  /** The answers to writes, in their order. Namespaces go first: others may be in them. */
  async check(writes: readonly CheckedWrite[], manager: string = keys.CHILD_MANAGER): Promise<readonly WriteAnswer[]> {
    for (const { target } of writes) if (isNamespace(target)) this.#namespaces.add(target.name);
    const answers: WriteAnswer[] = Array.from({ length: writes.length }, () => ({ checked: 'none' }));
    const byRules: number[] = [];
    const { asks, checkedBy } = this.#options;
    await eachEffect(systemClock, [...writes.entries()], async ([index, write]) => {
      const answer = asks ? await this.#ask(write, manager) : 'rules';
      if (answer === 'rules') byRules.push(index);
      else answers[index] = { checked: checkedBy, ...answer };
    });
    if (byRules.length === 0) return answers;
    byRules.sort((a, b) => a - b);
    const { rules } = this.#options;
    const api = await rules.apiFor(byRules.map((index) => (writes[index] as CheckedWrite).target));
    for (const index of byRules) {
      const write = writes[index] as CheckedWrite;
      const answer = await this.#dryRun(api, write, manager);
      // Kinds that only the other server has: nothing but the request itself is known.
      const isForeign = 'failure' in answer && answer.failure.code === 404;
      answers[index] = isForeign ? { checked: 'none' } : { checked: 'rules', ...answer };
    }
    return answers;
  }

  /** `rules`: the server may not be asked, or does not have yet what the plan creates before. */
  async #ask(write: CheckedWrite, manager: string): Promise<Answer | 'rules'> {
    const { target } = write;
    const { plural, group } = target.type;
    const what = group === '' ? plural : `${plural}.${group}`;
    const place = `${what} ${target.namespace ?? ''}`;
    if (this.#denied.has(place)) return 'rules';
    const answer = await this.#dryRun(this.#options.api, write, manager);
    if (!('failure' in answer)) return answer;
    const { code, reason, message, permission } = answer.failure;
    if (permission !== undefined) {
      this.#denied.add(place);
      const where = target.namespace === undefined ? '' : ` in namespace ${target.namespace}`;
      this.limits.add(`${what}${where} may not be written by you, and so no dry run was made: ${message}`);
      return 'rules';
    }
    if (code === 400 && /dry[ -]?run/i.test(message)) {
      this.limits.add(`a webhook takes no dry run of ${what}: ${message}`);
      return 'rules';
    }
    // The files may declare the kind: the server that knows the rules knows their CRDs, too.
    if (reason === 'UnknownKind') return 'rules';
    const isLater = code === 404 && this.#namespaces.has(target.namespace ?? '');
    return isLater ? 'rules' : answer;
  }

  async #dryRun(api: KubernetesApi, { desired }: CheckedWrite, manager: string): Promise<Answer> {
    const { signal } = this.#options;
    try {
      return { object: await api.apply(desired, { fieldManager: manager, force: true, dryRun: true, signal }) };
    } catch (thrown) {
      // A server that cannot be reached ends the plan.
      if (!(thrown instanceof KubeError) || thrown.status === 0 || signal.aborted) throw thrown;
      const failure = apiFailure(thrown, undefined);
      return isImmutableRefusal(thrown) ? { failure, immutable: true } : { failure };
    }
  }
}

type Answer =
  | { readonly object: KubeObject }
  | (Required<Pick<WriteAnswer, 'failure'>> & Pick<WriteAnswer, 'immutable'>);

const isNamespace = ({ type }: ObjectTarget): boolean => type.group === '' && type.kind === 'Namespace';
