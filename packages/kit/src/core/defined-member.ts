/** A member for an object literal: `{ [key]: value }`, or nothing for the value `undefined`. */
export function definedMember<K extends string, V>(key: K, value: V | undefined): { [P in K]?: V } {
  return (value === undefined ? {} : { [key]: value }) as { [P in K]?: V };
}
