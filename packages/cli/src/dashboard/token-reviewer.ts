import { type JsonObject, type KubeObject, cryptoLibrary, isJsonObject } from '@typekro/kit/core';
import type { Viewer } from '@typekro/controller/inspect';
import type { Clock, KubernetesApi } from '@typekro/kube';
import { asTexts, objectAt, textAt, valueAt } from '@typekro/kit/kubernetes';
import { type ReviewedRight, reviewedPlace, reviewedApi } from './reviewed-api.ts';

/** The time for which the result of a review is cached, in milliseconds. */
const MAX_REVIEW_AGE_MS = 10_000;

/** The maximum number of results in one cache. A reviewer has two caches, one for users and one for rights. */
const MAX_REVIEWS = 5000;

/** The maximum length of a token. Tokens of ServiceAccounts and of OIDC are a few kilobytes long. */
const MAX_TOKEN_LENGTH = 16 * 1024;

/** A user, as a TokenReview names it. */
interface ReviewedUser {
  readonly username: string;
  readonly uid: string;
  readonly groups: readonly string[];
  readonly extra: JsonObject;
}

/**
 * Authenticates callers by their Kubernetes tokens, and authorizes each of their reads. The API server reviews the
 * token (TokenReview), and then each read for the user of the token (SubjectAccessReview). Results are cached for a
 * short time.
 */
export class TokenReviewer {
  readonly #api: KubernetesApi;
  readonly #users: ReviewCache<ReviewedUser | undefined>;
  readonly #rights: ReviewCache<boolean>;

  /** @param api the client of this process, which may create reviews */
  constructor(api: KubernetesApi, clock: Clock) {
    this.#api = api;
    this.#users = new ReviewCache(clock);
    this.#rights = new ReviewCache(clock);
  }

  /**
   * Returns the caller with this token; `undefined` when the token is not valid.
   *
   * @throws KubeError when the API server does not review the token.
   */
  readonly authenticate = async (token: string): Promise<Viewer | undefined> => {
    if (token === '' || token.length > MAX_TOKEN_LENGTH) return undefined;
    // The keys of the cache are digests, so that the cache does not contain tokens.
    const key = cryptoLibrary().createHash('sha256').update(token).digest('base64');
    const user = await this.#users.get(key, () => this.#review(token));
    return user === undefined ? undefined : this.#viewerOf(user);
  };

  #viewerOf(user: ReviewedUser): Viewer {
    const may = (right: ReviewedRight): Promise<boolean> => this.#mayDo(user, right);
    return {
      user: user.username,
      api: reviewedApi(this.#api, user.username, may),
      mayList: async (type, namespace) => {
        const resource = await this.#api.discovery.resourceOf(type);
        if (resource === undefined) return false;
        const { group, version, plural } = resource;
        return may({ verb: 'list', group, version, resource: plural, ...reviewedPlace(resource, namespace) });
      },
    };
  }

  async #review(token: string): Promise<ReviewedUser | undefined> {
    const review = { apiVersion: 'authentication.k8s.io/v1', kind: 'TokenReview', metadata: {}, spec: { token } };
    const { status } = await this.#api.create(review);
    if (valueAt(status, 'authenticated') !== true) return undefined;
    const user = objectAt(status, 'user');
    const username = textAt(user, 'username');
    if (username === '') return undefined;
    return {
      username,
      uid: textAt(user, 'uid'),
      groups: asTexts(user['groups']),
      extra: isJsonObject(user['extra']) ? user['extra'] : {},
    };
  }

  #mayDo(user: ReviewedUser, { version, ...right }: ReviewedRight): Promise<boolean> {
    const key = JSON.stringify([user.username, user.uid, user.groups, user.extra, version, right]);
    return this.#rights.get(key, async () => {
      const { username, uid, groups, extra } = user;
      const review: KubeObject = {
        apiVersion: 'authorization.k8s.io/v1',
        kind: 'SubjectAccessReview',
        metadata: {},
        spec: {
          user: username,
          ...(uid === '' ? {} : { uid }),
          groups: [...groups],
          extra,
          resourceAttributes: { ...right, version },
        },
      };
      const { status } = await this.#api.create(review);
      return valueAt(status, 'allowed') === true && valueAt(status, 'denied') !== true;
    });
  }
}

/** Caches the results of reviews for a short time. A failed review is not cached. */
class ReviewCache<Answer> {
  readonly #clock: Clock;
  readonly #answers = new Map<string, { readonly at: number; readonly answer: Promise<Answer> }>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  get(key: string, review: () => Promise<Answer>): Promise<Answer> {
    const now = this.#clock.now();
    const known = this.#answers.get(key);
    // A result whose time is too far in the future is discarded, too: the clock was set back.
    if (known !== undefined && Math.abs(now - known.at) < MAX_REVIEW_AGE_MS) return known.answer;
    this.#answers.delete(key);
    const answer = review();
    const entry = { at: now, answer };
    this.#answers.set(key, entry);
    answer.catch(() => {
      if (this.#answers.get(key) === entry) this.#answers.delete(key);
    });
    const [oldest] = this.#answers.keys();
    if (this.#answers.size > MAX_REVIEWS && oldest !== undefined) this.#answers.delete(oldest);
    return answer;
  }
}
