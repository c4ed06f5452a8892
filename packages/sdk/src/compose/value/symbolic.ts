import type { Node } from '../ir/node.ts';
import type { StaticType } from '../ir/types.ts';
import { type RefusalCode, refuse } from '../refusal/refusal.ts';
import type { ResourceRecord } from '../trace/records.ts';

/** Says when a value is missing, and how the graph treats the missing value. */
export interface Absence {
  /** The condition under which the value is present. */
  readonly has: Node;
  /**
   * The condition under which the value is present where the author tests its presence. Unlike `has`, it also names
   * fields of resources for which the graph waits without a test. Default: `has`.
   */
  readonly tested?: Node;
  /** The value as a CEL optional, if there is a short form. */
  readonly optional?: Node;
  /** Does the plain node fail with "no such key" exactly when the value is missing? */
  readonly plain: boolean;
  /**
   * Is the value a plain read of a field of a resource? If so, the graph waits until the field is present, unless the
   * author tests its absence. Otherwise a missing value is JavaScript's `undefined`.
   */
  readonly waits: boolean;
  /**
   * The value that JavaScript reads in place of a missing value: `null`, or sometimes `null` and sometimes `undefined`
   * (`either`). Default: `undefined`.
   */
  readonly missing?: 'null' | 'either';
  /**
   * Is the value an element at a position that the list may not have? A conditional on the value counts as a test of
   * its presence.
   */
  readonly element?: boolean;
  /** The part of `has` that an optional chain adds: where it is false, the whole chain stops. */
  readonly chain?: Node;
}

/** The condition under which a value is present, for a test by the author. */
export const testedPresence = ({ has, tested = has }: Absence): Node => tested;

/** A value that is known only as an expression. */
export class Sym {
  readonly node: Node;
  readonly absence: Absence | undefined;
  /** Does the value come from a resource, so that the read of a missing field waits? */
  readonly waits: boolean;
  /** The record of the resource, if the value is a whole resource. */
  readonly resource: ResourceRecord | undefined;
  /** The name of the value in messages. */
  readonly label: string | undefined;
  /**
   * The proxy of the value, once it is made. It is kept here, because a weak map of all proxies would make garbage
   * collection slow.
   */
  proxy: object | undefined = undefined;
  /** A cache of the fields that were read from the value, because a loop reads the same fields in each iteration. */
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

  /** The value without its `Absence`, for places where it is known to be present. */
  present(): Sym {
    if (this.absence === undefined) return this;
    return new Sym(this.node, {
      waits: this.waits,
      label: this.label,
      ...(this.resource && { resource: this.resource }),
    });
  }
}

/** A choice between two values: `test ? then : otherwise`. Used when the two values cannot be one expression. */
export class Phi {
  readonly test: Node;
  readonly then: unknown;
  readonly otherwise: unknown;
  /** The proxy of the value, once it is made. */
  proxy: object | undefined = undefined;

  constructor(test: Node, then: unknown, otherwise: unknown) {
    this.test = test;
    this.then = then;
    this.otherwise = otherwise;
  }
}

/**
 * The base class of values that only the tracer understands; lists and variables of the author can contain such a
 * value. Untraced code may pass the value on, but its use there is refused.
 */
abstract class Internal {
  [Symbol.toPrimitive](): never {
    return refuseUntraced('turned into a string or a number');
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

/** A list element that is present only when a condition is true. */
export class Maybe extends Internal {
  readonly test: Node;
  readonly value: unknown;

  constructor(test: Node, value: unknown) {
    super();
    this.test = test;
    this.value = value;
  }
}

/** The elements of a list expression as a part of a concrete list. */
export class Splice extends Internal {
  readonly list: Node;
  readonly waits: boolean;

  constructor(list: Node, waits: boolean) {
    super();
    this.list = list;
    this.waits = waits;
  }
}

/** A list of the graph whose elements have another form for the author, such as the pairs of `Object.entries(map)`. */
export abstract class SeenList extends Internal {
  /** The list that the author sees, as an expression. */
  abstract elements(): Sym;
}

/** The symbol under which an object stores merged maps: `{...labels, app: name}` and computed keys, in order. */
export const MERGED = Symbol('typekro.merged');

/** One piece of an object that has symbolic parts: a map expression or some known keys, under a condition. */
export interface MergedPiece {
  readonly test?: Node;
  readonly map?: Sym;
  readonly keys?: Record<string, unknown>;
}

/** The value of a branch that ended in `throw`. It is never used. */
export const DEAD = Symbol('typekro.dead');

/**
 * The value that a refused statement would have assigned. Its read is refused without a report, because the mistake is
 * already noted.
 */
export const POISON = Symbol('typekro.poison');

/**
 * Stands for the value that a variable has before an iteration of a symbolic loop, if this value has no expression. A
 * read of the variable is refused.
 */
export class Earlier extends Internal {
  readonly name: string;
  /** Did an iteration try to read the value? */
  wasRead = false;

  constructor(name: string) {
    super();
    this.name = name;
  }
}

/** A value of JavaScript that a graph cannot express, such as a group of a pattern. Its read is refused. */
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
