import type { Position, SignatureHelp } from 'vscode-languageserver';
import type { SchemaSource } from '@typekro/engine/schema';
import { openExpression } from './completion/index.ts';
import type { EditorDocument } from './editor-document.ts';
import { functionsNamed, membersOfType } from './known-functions.ts';
import { beforeCursor, typeOfReceiver } from './receiver.ts';

/** The signatures of the innermost call around a position. Those that fit the type of the receiver come first. */
export function signatureAt(
  document: EditorDocument,
  position: Position,
  source: SchemaSource,
): SignatureHelp | undefined {
  const offset = document.text.offsetAt(position);
  const placed = document.partAt(offset);
  const open = placed === undefined ? undefined : openExpression(placed, offset - placed.from, source);
  if (open === undefined) return undefined;
  const { call, macros } = beforeCursor(open.text);
  if (call === undefined) return undefined;
  const { name, receiver, args } = call;
  const outer = macros.filter((macro) => macro.args !== args);
  const type = receiver === undefined ? undefined : typeOfReceiver(open.scope, receiver, outer);
  const fitting = type === undefined ? [] : membersOfType(type).filter((each) => each.name === name);
  const functions = fitting.length > 0 ? fitting : functionsNamed(name, receiver);
  const signatures = functions
    .flatMap((each) => each.signatures)
    .map((label) => ({ label, parameters: parametersOf(label).map((parameter) => ({ label: parameter })) }));
  if (signatures.length === 0) return undefined;
  const wide = signatures.findIndex(({ parameters }) => parameters.length > args.length);
  return { signatures, activeSignature: Math.max(wide, 0), activeParameter: args.length };
}

/** The spans of the parameters in a signature such as `list(string).join(string) -> string`. */
function parametersOf(signature: string): [number, number][] {
  const end = signature.lastIndexOf(') -> ');
  let [depth, from] = [1, end];
  const spans: [number, number][] = [];
  for (let at = end - 1; at >= 0 && depth > 0; at -= 1) {
    const character = signature[at];
    if (character === ')') depth += 1;
    if (character === '(') depth -= 1;
    if (depth > 0 && !(depth === 1 && character === ',')) continue;
    const start = at + (depth === 0 ? 1 : 2);
    if (start < from) spans.unshift([start, from]);
    from = at;
  }
  return spans;
}
