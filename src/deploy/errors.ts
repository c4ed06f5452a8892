import type { Diagnostic } from '../core/index.ts';
import { formatDiagnostic, TypeKroError } from '../core/index.ts';
import type { TypeKroErrorDetails } from '../core/index.ts';
import { isNotFound } from '../kube/index.ts';
import type { NodeReport } from '../runtime/index.ts';

/** A deployment failed: a resource was refused, or an expression of the graph has no value. */
export class ResourceGraphFactoryError extends TypeKroError {
  /** The last state of every node. */
  readonly nodes: readonly NodeReport[];

  constructor(message: string, details: TypeKroErrorDetails & { readonly nodes?: readonly NodeReport[] }) {
    super(message, details);
    // Not enumerable: Node prints the members of an error, and the message has the important part.
    this.nodes = details.nodes ?? [];
    Object.defineProperty(this, 'nodes', { enumerable: false });
  }
}

/** A deployment did not become ready in time. The message names the nodes or objects that are not ready. */
export class DeploymentTimeoutError extends ResourceGraphFactoryError {}

/** The graph cannot be compiled. No object was sent to the cluster. */
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

/** Maximum of characters shown of a server's message, which may quote the whole value of a field. */
const MAX_CHARACTERS = 800;

/**
 * A server's message without the middle of a very long one: object and field are at the beginning, the reason at the
 * end.
 */
export function shorten(said: string): string {
  if (said.length <= MAX_CHARACTERS) return said;
  const half = MAX_CHARACTERS / 2;
  return `${said.slice(0, half)} … ${said.slice(-half)}`;
}

/** A handler for `catch` where an absent object is no error, as after a deletion. Rethrows all other errors. */
export function ignoreNotFound(error: unknown): undefined {
  if (!isNotFound(error)) throw error;
  return undefined;
}
