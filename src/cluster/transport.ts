/** A request as it goes to an API server: the same over a socket and in process. */
export interface TransportRequest {
  readonly method: string;
  /** Path with its query. */
  readonly path: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string | Uint8Array;
  /** Ends a watch, or gives up a request. */
  readonly signal?: AbortSignal;
}

/** An answer; header names are in lower case. */
export interface TransportResponse {
  readonly status: number;
  readonly headers: Record<string, string>;
  readonly body: AsyncIterable<Uint8Array>;
}

/** A way to reach an API server. The kube room's clients take any. */
export interface Transport {
  request(request: TransportRequest): Promise<TransportResponse>;
  close(): Promise<void>;
}
