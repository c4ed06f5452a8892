import { literal } from '../ir/build.ts';
import { activeTrace } from '../trace/current.ts';
import type { Interpreter } from '../trace/interpreter.ts';
import { phi } from '../value/merge.ts';
import { symbolic } from '../value/proxy.ts';
import { Sym } from '../value/symbolic.ts';
import { elementAt } from './member-access.ts';
import type { View } from './view.ts';

/**
 * An element of a list in the form that the author sees. When the element may be missing, its form is conditional as a
 * whole: a pair of `Object.entries(map)` has both parts or is missing.
 */
export function shownElement(interpreter: Interpreter, view: View, position: number): unknown {
  const found = symbolic(elementAt(interpreter, view.list, new Sym(literal(position))));
  if (!(found instanceof Sym)) return undefined;
  const { absence } = found;
  if (absence === undefined) return view.show(found);
  const shown = activeTrace().under(absence.has, () => view.show(found.present()));
  return phi(absence.has, shown, undefined);
}
