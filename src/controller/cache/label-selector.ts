/** Does a set of labels match? */
export type LabelMatcher = (labels: Readonly<Record<string, string>> | undefined) => boolean;

/** One requirement of a selector: `key`, `!key`, `key=v`, `key!=v`, `key in (…)`, `key notin (…)`. */
const REQUIREMENT =
  /^\s*(?:(!)\s*)?([A-Za-z0-9._/-]+)\s*(?:(==|=|!=)\s*([A-Za-z0-9._-]*)|\s(in|notin)\s*\(([^()]*)\))?\s*$/;

/** Reads a label selector in its text form; an empty one matches everything, one that cannot be read nothing. */
export function labelMatcher(selector: string): LabelMatcher {
  if (selector.trim() === '') return () => true;
  const matchers = splitRequirements(selector).map(requirement);
  return (labels) => matchers.every((matches) => matches(labels));
}

/** Splits at the commas that stand outside parentheses. */
function splitRequirements(selector: string): string[] {
  const parts: string[] = [];
  let depth = 0;
  let from = 0;
  for (let at = 0; at < selector.length; at++) {
    const character = selector[at];
    if (character === '(') depth += 1;
    else if (character === ')') depth -= 1;
    else if (character === ',' && depth === 0) {
      parts.push(selector.slice(from, at));
      from = at + 1;
    }
  }
  return [...parts, selector.slice(from)];
}

function requirement(text: string): LabelMatcher {
  const match = REQUIREMENT.exec(text);
  if (match === null) return () => false;
  const [, not, key = '', operator, value = '', setOperator, list = ''] = match;
  const read = (labels: Readonly<Record<string, string>> | undefined) =>
    labels !== undefined && Object.hasOwn(labels, key) ? labels[key] : undefined;
  if (setOperator !== undefined) {
    const values = new Set(list.split(',').map((entry) => entry.trim()));
    const wanted = setOperator === 'in';
    return (labels) => {
      const present = read(labels);
      return present === undefined ? !wanted : values.has(present) === wanted;
    };
  }
  if (operator === '!=') return (labels) => read(labels) !== value;
  if (operator !== undefined) return (labels) => read(labels) === value;
  return (labels) => (read(labels) === undefined) === (not !== undefined);
}
