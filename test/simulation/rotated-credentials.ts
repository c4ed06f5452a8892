import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createAuthority } from '@typekro/kube/certificates';
import { type Proof, createAuthenticator } from '../../packages/kube/src/config/authenticator.ts';
import { loadKubeConfig } from '@typekro/kube';
import { sendProved } from '../../packages/kube/src/http/send-proved.ts';
import type { Clock, KubeConfig, Transport, TransportResponse } from '../../packages/kube/src/kube-api.ts';
import { storyRandom } from '../../packages/testing/src/simulation/sim-clock.ts';

/** The time from the end of one rotation to the start of the next, in milliseconds. */
const ROTATION_MS = 6 * 60_000;
/**
 * The maximum time for which the credentials in the files and in the server differ, in milliseconds. Clients read the
 * files again every minute.
 */
const MAX_LAG_MS = 4 * 60_000;

const CONFIG = `
clusters: [{name: c, cluster: {server: "https://127.0.0.1:1"}}]
users: [{name: u, user: {client-certificate: client.crt, client-key: client.key, tokenFile: token}}]
contexts: [{name: x, context: {cluster: c, user: u}}]
current-context: x
`;

interface Credentials {
  readonly token: string;
  readonly cert: string;
  readonly key: string;
}

/**
 * The token and the client certificate of the processes of a run, in files that change while the processes run. The
 * server accepts only current credentials. In every second rotation, the files change before the server refuses the old
 * credentials, and the key of the certificate is written minutes after the certificate. In the other rotations, the
 * server refuses the old credentials first. It then refuses all requests for minutes, until the files change.
 */
export class RotatedCredentials implements Disposable {
  readonly #authority = createAuthority(Date.UTC(2026, 0, 1));
  readonly #folder = mkdtempSync(join(tmpdir(), 'typekro-rotation-'));
  readonly #random: () => number;
  #accepted: readonly Credentials[] = [];
  /**
   * The credentials in the files. Undefined while the key does not belong to the certificate. During this time, a
   * client that has not read an earlier pair has no credentials.
   */
  #written: Credentials | undefined;
  #config: KubeConfig | undefined;
  #clock: Clock | undefined;
  #timer: { cancel(): void } | undefined;
  #note: (line: string) => void = () => undefined;
  /** The mistakes of the clients in the use of the credentials. */
  readonly problems = new Set<string>();
  rotations = 0;
  /** The number of requests that the server has refused. */
  refused = 0;

  private constructor(seed: number) {
    this.#random = storyRandom(seed ^ 0x27d4eb2f);
  }

  static async create(seed: number): Promise<RotatedCredentials> {
    const credentials = new RotatedCredentials(seed);
    const first = credentials.#make();
    credentials.#accepted = [first];
    credentials.#write(first);
    const path = join(credentials.#folder, 'config');
    writeFileSync(path, CONFIG);
    credentials.#config = await loadKubeConfig({ path, env: {} });
    return credentials;
  }

  /** Wraps the connection of a process so that it authenticates like a client with a kubeconfig. */
  readonly authenticate = (inner: Transport, clock: Clock): Transport => {
    if (this.#config === undefined) throw new Error('the credentials are not written yet');
    const authenticator = createAuthenticator(this.#config, clock);
    return {
      request: async (request) => {
        const response = await sendProved(authenticator, request, async (sent, proof) => ({
          proof,
          response: this.#accepts(proof) ? await inner.request(sent) : this.#refuse(),
        }));
        const isCurrent = this.#written !== undefined && this.#accepted.includes(this.#written);
        if (response.status === 401 && isCurrent) {
          this.problems.add('a request was refused although the files have current credentials');
        }
        return response;
      },
      close: () => inner.close(),
    };
  };

  /** Rotates the credentials from now on, until `end`. */
  begin(clock: Clock, note: (line: string) => void): void {
    this.#clock = clock;
    this.#note = note;
    this.#after(ROTATION_MS, () => this.#rotate());
  }

  /** Ends the rotations. From then on, the files and the server have the same credentials. */
  end(): void {
    this.#timer?.cancel();
    const last = this.#accepted.at(-1);
    if (last === undefined) return;
    this.#write(last);
    this.#accepted = [last];
  }

  [Symbol.dispose](): void {
    rmSync(this.#folder, { recursive: true, force: true });
  }

  #rotate(): void {
    const next = this.#make();
    this.rotations += 1;
    const lagMs = this.#random() * MAX_LAG_MS;
    const isEarly = this.rotations % 2 === 1;
    this.#note(
      `credentials: the ${isEarly ? 'files change' : 'old ones are refused'} first, by ${Math.round(lagMs / 1000)} s`,
    );
    if (isEarly) {
      this.#accepted = [...this.#accepted, next];
      this.#file('token', next.token);
      this.#file('client.crt', next.cert);
      this.#written = undefined;
    } else {
      this.#accepted = [next];
    }
    this.#after(lagMs, () => {
      this.#write(next);
      // Clients read the files every minute. When the files change first, the server therefore accepts the old
      // credentials for more than a minute after the last change of the files.
      this.#after(MAX_LAG_MS, () => {
        this.#accepted = [next];
        this.#after(ROTATION_MS, () => this.#rotate());
      });
    });
  }

  #after(milliseconds: number, callback: () => void): void {
    this.#timer = this.#clock?.setTimer(milliseconds, callback);
  }

  #make(): Credentials {
    return { ...this.#authority.issueClient('process', []), token: `token-${this.rotations}` };
  }

  #write(credentials: Credentials): void {
    this.#file('token', credentials.token);
    this.#file('client.crt', credentials.cert);
    this.#file('client.key', credentials.key);
    this.#written = credentials;
  }

  #file(name: string, text: string): void {
    writeFileSync(join(this.#folder, name), text);
  }

  #accepts({ authorization, certificate }: Proof): boolean {
    return (
      this.#accepted.some(({ token }) => authorization === `Bearer ${token}`) &&
      this.#accepted.some(({ cert }) => certificate?.cert === cert)
    );
  }

  #refuse(): TransportResponse {
    this.refused += 1;
    const status = { kind: 'Status', apiVersion: 'v1', status: 'Failure', reason: 'Unauthorized', code: 401 };
    const text = JSON.stringify({ ...status, message: 'Unauthorized' });
    return { status: 401, headers: {}, body: bodyOf(text) };
  }
}

async function* bodyOf(text: string): AsyncGenerator<Uint8Array> {
  yield new TextEncoder().encode(text);
}
