/** The parts of a name of a time zone that the API accepts. */
const PART = /^(?!-)[A-Za-z._\-0-9+]{1,14}$/;

/** Does the IANA database have the zone? Letter case is ignored, unlike in Kubernetes. */
export function isTimeZone(name: string): boolean {
  const isName = name.split('/').every((part) => PART.test(part) && part !== '.' && part !== '..');
  // `Intl` of newer releases of Node also accepts offsets such as `+01`.
  if (!isName || name.startsWith('+')) return false;
  try {
    new Intl.DateTimeFormat('en', { timeZone: name }).format(0);
    return true;
  } catch (thrown) {
    // `Intl` reports an unknown zone only by this error.
    if (thrown instanceof RangeError) return false;
    throw thrown;
  }
}
