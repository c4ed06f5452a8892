import { isJsonObject, type JsonValue } from '@typekro/kit/core';
import { Failure } from '@typekro/kit/golang';
import { parseQuantity } from '@typekro/kit/kubernetes';
import { valueAtSteps } from '@typekro/engine/schema';

const HOLDS_QUANTITIES: ReadonlySet<string> = new Set(['requests', 'limits', 'hard', 'capacity']);

/**
 * Adds the field to a refusal for which a server names no field: an invalid quantity, or a label or annotation that is
 * not a string. The result has the field of the first such value in the object, and a message that quotes the value.
 * Any other cause is returned unchanged.
 */
export function placedCause<Cause extends { readonly field: string; readonly message: string }>(
  root: JsonValue,
  cause: Cause,
): Cause {
  const mark = wrongMark(root, cause.message);
  if (mark !== undefined) return { ...cause, ...mark };
  if (cause.field !== '' || !/quantities must match|unable to parse (?:quantity|numeric part)/.test(cause.message))
    return cause;
  const found = findQuantity(root, '', '');
  if (found === undefined) return cause;
  return {
    ...cause,
    field: found.field,
    message: `Invalid value: ${JSON.stringify(found.text)}: this is not a quantity`,
  };
}

/** Matches a server's message about a label or annotation that is not a string. */
const MARK =
  /json: cannot unmarshal \w+ into Go struct field ObjectMeta\.(?:metadata\.)?(labels|annotations) of type string$/;

/** The first label or annotation that is not a string, if the message is about such a value. */
function wrongMark(root: JsonValue, message: string): { readonly field: string; readonly message: string } | undefined {
  const [, part = ''] = MARK.exec(message) ?? [];
  const marks = part === '' ? undefined : valueAtSteps(root, ['metadata', part]);
  const [name] = isJsonObject(marks)
    ? (Object.entries(marks).find(([, value]) => typeof value !== 'string') ?? [])
    : [];
  if (name === undefined) return undefined;
  const field = `metadata.${part}[${name}]`;
  return { field, message: `Invalid value: ${field} in body must be of type string: ` };
}

function findQuantity(
  value: JsonValue,
  path: string,
  holder: string,
): { readonly field: string; readonly text: string } | undefined {
  const members: readonly (readonly [step: string, member: JsonValue | undefined])[] = Array.isArray(value)
    ? value.map((item, index) => [`[${index}]`, item] as const)
    : isJsonObject(value)
      ? Object.entries(value).map(([name, member]) => [path === '' ? name : `.${name}`, member] as const)
      : [];
  for (const [step, member] of members) {
    const name = step.replace(/^\./, '');
    const isQuantity = HOLDS_QUANTITIES.has(holder) || name === 'sizeLimit';
    if (typeof member === 'string' && isQuantity && parseQuantity(member) instanceof Failure)
      return { field: path + step, text: member };
    const inner = member === undefined ? undefined : findQuantity(member, path + step, name);
    if (inner !== undefined) return inner;
  }
  return undefined;
}
