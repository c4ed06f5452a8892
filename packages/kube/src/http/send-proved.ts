import type { Authenticator, Proof } from '../config/authenticator.ts';
import type { TransportRequest, TransportResponse } from '../kube-api.ts';
import { whileWanted } from '../remember.ts';

/** A response, and the proof (credentials) with which the request was sent. */
export interface ProvedResponse {
  readonly proof: Proof;
  readonly response: TransportResponse;
}

/**
 * Gets the current proof. Fixed credentials resolve immediately, so they skip `whileWanted`, which would only cost
 * time.
 */
function prove(authenticator: Authenticator, { signal }: TransportRequest): Promise<Proof> {
  return authenticator.renews ? whileWanted(authenticator.prove(), signal) : authenticator.prove();
}

/** Drops a refused proof, and gets another one. */
export function renewProof(authenticator: Authenticator, refused: Proof, request: TransportRequest): Promise<Proof> {
  authenticator.reject(refused);
  return prove(authenticator, request);
}

/**
 * Sends a request with the current proof. After status 401, a request with renewable credentials is sent once more with
 * fresh ones, because the token or the certificate may have been rotated.
 */
export async function sendProved(
  authenticator: Authenticator,
  request: TransportRequest,
  send: (request: TransportRequest, proof: Proof) => Promise<ProvedResponse>,
): Promise<TransportResponse> {
  const { proof, response } = await send(request, await prove(authenticator, request));
  if (response.status !== 401 || !authenticator.renews) return response;
  for await (const _ of response.body);
  return (await send(request, await renewProof(authenticator, proof, request))).response;
}
