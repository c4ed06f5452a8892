import type { KubeObject } from '@typekro/kit/core';
import type { Schema, SchemaSource } from '@typekro/engine/schema';
import type { Node, Variable } from '../ir/node.ts';
import type { ObjectStaticType } from '../ir/types.ts';
import type { Site } from '../refusal/refusal.ts';

/** A field that a factory defines on top of the kind's own fields, with its formula. */
export interface DerivedField {
  /** Dotted path below the object, e.g. `status.phase`. */
  readonly path: string;
  /** The formula in CEL, in which `self` is the object. */
  readonly cel: string;
  readonly type: 'string' | 'integer' | 'boolean';
  /** The real field to read instead, for the warning. */
  readonly instead: string;
  /** The condition, in CEL, under which the field is present; undefined when the field is always present. */
  readonly has?: string;
}

/** One open symbolic loop: its variable and its list. */
export interface LoopRecord {
  readonly variable: Variable;
  /** The list, as an expression outside the loop. */
  readonly list: Node;
  readonly name: string;
}

/** The settings of a resource other than its template. */
export interface ResourceOptions {
  readonly id?: string;
  /** Fields that the factory defines in addition to the fields of the kind. */
  readonly derived?: readonly DerivedField[];
  /** Does another program own the object? If so, the graph reads it and never writes it. */
  readonly external?: boolean;
  /** Remarks of the factory on its arguments: code and text of a warning. */
  readonly warnings?: readonly { readonly code: string; readonly message: string; readonly hint?: string }[];
  /** The source of the schema of a kind that is not built-in; called only when no other source knows the kind. */
  readonly schemas?: () => SchemaSource;
}

/** A resource after which another resource is made (`dependsOn`). */
export interface Dependency {
  /** The resource that is made first; undefined when the author named it by its id. */
  readonly record: ResourceRecord | undefined;
  /** The id that the author wrote. The id of `record` may change until the author's functions have ended. */
  readonly id: string;
  /** The conditions under which the author called `dependsOn`. */
  readonly guards: readonly Node[];
}

/**
 * What the graph does with a node: it owns the object (`template`), reads an object (`ref`), computes a value (`def`),
 * or adds fields to an object (`patch`). The last two exist only in the kind Graph.
 */
export type RecordNode = 'template' | 'ref' | 'def' | 'patch';

/** A node as the tracer recorded it: a resource, or a node of a Graph that is no resource. */
export interface ResourceRecord {
  id: string;
  readonly node: RecordNode;
  /** The author's variable or key that holds the resource. Messages use this name instead of a derived id. */
  label: string | undefined;
  /** Did the author set the id? */
  readonly explicitId: boolean;
  /** The position in the order in which the resources were created. */
  readonly order: number;
  readonly manifest: Record<string, unknown>;
  readonly apiVersion: string;
  readonly kind: string;
  /** The schema of the resource's kind, if it was known when the resource was made. */
  readonly schema: Schema | undefined;
  readonly type: ObjectStaticType;
  /** The variable of the resource in the graph: an object, or a list when the resource is made in a loop. */
  readonly variable: Variable;
  /** The variable of one object of the resource, inside the loop that makes it. */
  readonly element: Variable | undefined;
  /** The conditions of the path on which the resource was created. */
  readonly guards: readonly Node[];
  readonly loops: readonly LoopRecord[];
  readonly options: ResourceOptions;
  /** The factory that the author called. */
  readonly factory: ((...args: never[]) => unknown) | undefined;
  readonly site: Site | undefined;
  /** The outermost call of an author's function that led to the resource. */
  readonly caller: Site | undefined;
  readonly includeWhen: unknown[];
  readonly readyWhen: unknown[];
  readonly propagateWhen: unknown[];
  readonly dependsOn: Dependency[];
  /** The treatment of the objects when they are retired; undefined for the default of the controller. */
  deletionPolicy: 'Delete' | 'Orphaned' | undefined;
  /** The paths of the fields that another manager may own. */
  readonly externalFields: string[];
  readiness: ((live: KubeObject) => { ready: boolean; reason?: string; message?: string }) | undefined;
}

/** A precondition: `throw` under a condition. */
export interface ValidationRecord {
  /** The condition that must hold. */
  readonly rule: Node;
  readonly message: string;
  readonly site: Site | undefined;
}
