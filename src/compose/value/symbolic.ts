import type { Node } from '../ir/node.ts';
import type { StaticType } from '../ir/types.ts';
import { refuse } from '../refusal/refusal.ts';
import type { ResourceRecord } from '../trace/records.ts';
import type { RefusalCode } from '../refusal/refusal.ts';

/** When a value may be missing. */
export interface Absence {
  /** Holds when the value is there. */
  readonly has: Node;
  /** The value as a CEL optional, where a short form exists. */
  readonly optional?: Node;
  /** The plain node fails with "no such key" exactly when the value is missing. */
  readonly plain: boolean;
  /**
   * A plain read of a resource field: the graph waits until the field is there, unless the author asks
   * about its absence. `false`: missing means JavaScript's `undefined`.
   */
  readonly waits: boolean;
  /** What JavaScript sees where the value is missing: `null`, or one of `null` and `undefined`; absent: `undefined`. */
  readonly missing?: 'null' | 'either';
  /** A position that the list may not have. A conditional on it counts as a test of its presence. */
  readonly element?: boolean;
  /** The part of `has` that is due to an optional chain: where it fails the whole chain stops. */
  readonly chain?: Node;
}

/** A value that is known only as an expression. */
export class Sym {
  readonly node: Node;
  readonly absence: Absence | undefined;
  /** Comes from a resource: reading a missing field of it waits. */
  readonly waits: boolean;
  /** The resource itself, for a whole one. */
  readonly resource: ResourceRecord | undefined;
  /** What the author sees it as, in messages. */
  readonly label: string | undefined;
  /** What stands for it in variables, once made; kept here because a weak map of all of them costs the collector much. */
  proxy: object | undefined = undefined;
  /** Fields that were read of it: a loop reads the same ones in each turn. */
  members: Map<string, unknown> | undefined = undefined;

  constructor(
    node: Node,
    options: {
      absence?: Absence | undefined;
      waits?: boolean;
      resource?: ResourceRecord;
      label?: string | undefined;
    } = {},
  ) {
    this.node = node;
    this.absence = options.absence;
    this.waits = options.waits ?? false;
    this.resource = options.resource;
    this.label = options.label;
  }

  get type(): StaticType {
    return this.node.type;
  }

  /** The value where it is known to be there. */
  present(): Sym {
    if (this.absence === undefined) return this;
    return new Sym(this.node, {
      waits: this.waits,
      label: this.label,
      ...(this.resource && { resource: this.resource }),
    });
  }
}

/** One of two values, by a condition. Used where the two do not make one expression. */
export class Phi {
  readonly test: Node;
  readonly then: unknown;
  readonly otherwise: unknown;
  /** What stands for it in variables, once made. */
  proxy: object | undefined = undefined;

  constructor(test: Node, then: unknown, otherwise: unknown) {
    this.test = test;
    this.then = then;
    this.otherwise = otherwise;
  }
}

/** What stands in lists and variables for something of the graph: code that is not traced may pass it on, not use it. */
abstract class Internal {
  [Symbol.toPrimitive](): never {
    return refuseUntraced('turned into a text or a number');
  }

  toJSON(): never {
    return refuseUntraced('made JSON');
  }
}

function refuseUntraced(as: string): never {
  return refuse(
    'untraced',
    `a list whose elements depend on the spec is ${as} by code that is not traced`,
    'do this in the composition itself, or pass only known values to such code',
  );
}

/** A list element that is there only when a condition holds. */
export class Maybe extends Internal {
  readonly test: Node;
  readonly value: unknown;

  constructor(test: Node, value: unknown) {
    super();
    this.test = test;
    this.value = value;
  }
}

/** The elements of a list expression, in the middle of a concrete list. */
export class Splice extends Internal {
  readonly list: Node;
  readonly waits: boolean;

  constructor(list: Node, waits: boolean) {
    super();
    this.list = list;
    this.waits = waits;
  }
}

/** A list of the graph that the author sees in another form than it has, such as the pairs of `Object.entries(map)`. */
export abstract class SeenList extends Internal {
  /** The list that the author sees, as an expression. */
  abstract elements(): Sym;
}

/** Maps merged into an object: `{...labels, app: name}` and computed keys. The pieces are in order. */
export const MERGED = Symbol('typekro.merged');

/** One piece of an object that has symbolic parts: a map expression or some known keys, under a condition. */
export interface MergedPiece {
  readonly test?: Node;
  readonly map?: Sym;
  readonly keys?: Record<string, unknown>;
}

/** The value of a branch that ended in `throw`: it never exists. */
export const DEAD = Symbol('typekro.dead');

/** What a refused statement would have given: reading it is refused in silence, for the mistake is noted already. */
export const POISON = Symbol('typekro.poison');

/** What a variable held before a turn of a symbolic loop, where that has no expression. It may not be read. */
export class Earlier extends Internal {
  readonly name: string;
  /** Did a turn try to read it? */
  wasRead = false;

  constructor(name: string) {
    super();
    this.name = name;
  }
}

/** A value that JavaScript has and a graph has not, such as the group of a pattern: reading it is refused. */
export class Untranslated {
  readonly code: RefusalCode;
  readonly message: string;
  readonly remedy: string;

  constructor(code: RefusalCode, message: string, remedy: string) {
    this.code = code;
    this.message = message;
    this.remedy = remedy;
  }
}
