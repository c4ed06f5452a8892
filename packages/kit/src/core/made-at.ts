import type { SourcePosition } from './line-index.ts';
import { userFrames } from './user-frame.ts';

/**
 * The member of an object that returns the place where the user's code made the object. The symbol is registered, so
 * that another copy of this package can read the member.
 */
export const MADE_AT = Symbol.for('typekro.dev/made-at');

/**
 * Notes in an object the place of the user's call that makes it, so that a later problem of the object can name the
 * line. The member is not enumerable: neither JSON nor a copy of the object contains the member. The stack is formatted
 * only when the place is read.
 */
export function keepPlace<T extends object>(made: T): T {
  const stack = new Error('made here');
  let place: SourcePosition | undefined;
  const read = (): SourcePosition | undefined => (place ??= placeIn(stack));
  return Object.defineProperty(made, MADE_AT, { value: read, configurable: true });
}

/** The place of the user's call; `undefined` where the stack names no file of the user. */
export function callerPlace(): SourcePosition | undefined {
  return placeIn(new Error('called here'));
}

function placeIn({ stack = '' }: Error): SourcePosition | undefined {
  return userFrames(stack).next().value ?? undefined;
}

/**
 * The place where the user's code made an object; `undefined` for an object without a noted place, such as a literal.
 */
export function placeOfMade(value: unknown): SourcePosition | undefined {
  if ((typeof value !== 'object' && typeof value !== 'function') || value === null) return undefined;
  const read: unknown = Reflect.get(value, MADE_AT);
  return typeof read === 'function' ? (read as () => SourcePosition | undefined)() : undefined;
}

/** Copies the place of `of` to `to`: an error, for example, gets the place of the object that the error is about. */
export function sharePlace<T extends object>(of: unknown, to: T): T {
  const place = placeOfMade(of);
  return place === undefined ? to : Object.defineProperty(to, MADE_AT, { value: () => place, configurable: true });
}
