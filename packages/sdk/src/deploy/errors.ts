import { type Diagnostic, type TypeKroErrorDetails, formatDiagnostic, TypeKroError } from '@typekro/kit/core';
import { isNotFound } from '@typekro/kube';
import type { NodeReport } from '@typekro/engine/runtime';

/** A deployment failed: a resource was refused, or an expression of the graph has no value. */
export class ResourceGraphFactoryError extends TypeKroError {
  /** The last state of every node. */
  readonly nodes: readonly NodeReport[];

  constructor(message: string, details: TypeKroErrorDetails & { readonly nodes?: readonly NodeReport[] }) {
    super(message, details);
    // The member is not enumerable, because Node.js prints the enumerable members of an error. The message already
    // names the failed nodes.
    this.nodes = details.nodes ?? [];
    Object.defineProperty(this, 'nodes', { enumerable: false });
  }
}

/** A deployment did not become ready in time. The message names the nodes or objects that are not ready. */
export class DeploymentTimeoutError extends ResourceGraphFactoryError {}

/** The graph does not compile. No object was sent to the cluster. */
export class InvalidGraphError extends TypeKroError {
  readonly diagnostics: readonly Diagnostic[];

  constructor(name: string, diagnostics: readonly Diagnostic[]) {
    const errors = diagnostics.filter((diagnostic) => diagnostic.severity === 'error');
    super(`the graph ${name} is not valid:\n${errors.map((error) => formatDiagnostic(error)).join('\n')}`, {
      code: 'deploy/invalid-graph',
      remedy: 'correct the definition; nothing was sent to the cluster',
    });
    this.diagnostics = diagnostics;
    Object.defineProperty(this, 'diagnostics', { enumerable: false });
  }
}

/**
 * The maximum number of characters that are shown of a server's message. The message may quote the whole value of a
 * field.
 */
const MAX_MESSAGE_LENGTH = 800;

/**
 * Shortens a server's message: leaves out the middle of a very long one. The object and the field are at the beginning
 * of the message, and the reason is at its end.
 */
export function shorten(message: string): string {
  if (message.length <= MAX_MESSAGE_LENGTH) return message;
  const half = MAX_MESSAGE_LENGTH / 2;
  return `${message.slice(0, half)} … ${message.slice(-half)}`;
}

/** A handler for `catch` that ignores a missing object, as after a deletion. Rethrows all other errors. */
export function ignoreNotFound(error: unknown): undefined {
  if (!isNotFound(error)) throw error;
  return undefined;
}
