import { TypeKroError } from '@typekro/kit/core';
import { goQuote } from '@typekro/kit/golang';
import type { HandlerContext } from './http/handler.ts';
import { ownRequest } from './own-request.ts';
import type { StandIn } from './stand-in.ts';

const DEFINITIONS = '/apis/apiextensions.k8s.io/v1/customresourcedefinitions';

/**
 * Creates the CustomResourceDefinitions of the stand-ins, unless the cluster already has them. A definition that
 * another client has created is not changed.
 *
 * @throws TypeKroError `cluster/stand-in-definition` when the API refuses a definition.
 */
export async function installDefinitions(context: HandlerContext, standIns: readonly StandIn[]): Promise<void> {
  for (const standIn of standIns) {
    for (const definition of standIn.definitions?.() ?? []) {
      const { status, text } = await ownRequest(context, 'POST', DEFINITIONS, definition);
      if (status < 300 || status === 409) continue;
      const message = `the definition ${definition.metadata.name} of the stand-in ${goQuote(standIn.name)} is refused: ${text}`;
      throw new TypeKroError(message, { code: 'cluster/stand-in-definition', remedy: 'correct the definition' });
    }
  }
}
