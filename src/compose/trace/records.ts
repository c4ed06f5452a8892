import type { KubeObject } from '../../core/index.ts';
import type { Schema, SchemaSource } from '../../schema/index.ts';
import type { Node, Variable } from '../ir/node.ts';
import type { ObjectType } from '../ir/types.ts';
import type { Site } from '../refusal/refusal.ts';

/** A field that a factory defines on top of the kind's own fields, with its formula. */
export interface DerivedField {
  /** Dotted path below the object, e.g. `status.phase`. */
  readonly path: string;
  /** CEL over the object, written `self`. */
  readonly cel: string;
  readonly type: 'string' | 'integer' | 'boolean';
  /** The real field to read instead, for the warning. */
  readonly instead: string;
  /** The field may be missing; then the formula fails or `has` is false. */
  readonly has?: string;
}

/** One symbolic loop that is open: its variable and the list it runs over. */
export interface LoopRecord {
  readonly variable: Variable;
  /** The list, as an expression outside the loop. */
  readonly list: Node;
  readonly name: string;
}

/** What may be said of a resource besides its template. */
export interface ResourceOptions {
  readonly id?: string;
  /** Fields that the factory defines in addition to the kind's. */
  readonly derived?: readonly DerivedField[];
  /** Owned by another program: read, never written. */
  readonly external?: boolean;
  /** Remarks of the factory on its arguments: code and text of a warning. */
  readonly warnings?: readonly { readonly code: string; readonly message: string; readonly hint?: string }[];
  /** Where the schema of a kind stands that is not built in; asked only when nothing else knows the kind. */
  readonly schemas?: () => SchemaSource;
}

/** A resource that another one is made after. */
export interface Dependency {
  readonly id: string;
  /** The conditions under which the author said so. */
  readonly guards: readonly Node[];
}

/** A resource as the tracer recorded it. */
export interface ResourceRecord {
  id: string;
  /** What the author calls it in the source, until it has its final id. */
  label: string | undefined;
  /** The author gave the id. */
  readonly explicitId: boolean;
  /** Order of creation. */
  readonly order: number;
  readonly manifest: Record<string, unknown>;
  readonly apiVersion: string;
  readonly kind: string;
  /** The schema of its kind, if one was known when it was made. */
  readonly schema: Schema | undefined;
  readonly type: ObjectType;
  /** The resource as the graph sees it: an object, or a list when it is made in a loop. */
  readonly variable: Variable;
  /** One of its objects inside the loop that makes it. */
  readonly element: Variable | undefined;
  /** Path condition at the creation. */
  readonly guards: readonly Node[];
  readonly loops: readonly LoopRecord[];
  readonly options: ResourceOptions;
  /** The function that the author called for it. */
  readonly factory: ((...args: never[]) => unknown) | undefined;
  readonly site: Site | undefined;
  /** The outermost call of a function of the author's that made it there. */
  readonly caller: Site | undefined;
  readonly includeWhen: unknown[];
  readonly readyWhen: unknown[];
  readonly dependsOn: Dependency[];
  readiness: ((live: KubeObject) => { ready: boolean; reason?: string; message?: string }) | undefined;
}

/** A precondition: `throw` under a condition. */
export interface ValidationRecord {
  /** What must hold. */
  readonly rule: Node;
  readonly message: string;
  readonly site: Site | undefined;
}
