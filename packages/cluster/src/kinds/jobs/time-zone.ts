/** Matches one segment of a time zone name that the API accepts. */
const PART = /^(?!-)[A-Za-z._\-0-9+]{1,14}$/;

/** Does the IANA database have the zone? Letter case is ignored, unlike in Kubernetes. */
export function isTimeZone(name: string): boolean {
  const isName = name.split('/').every((part) => PART.test(part) && part !== '.' && part !== '..');
  // In newer releases of Node, `Intl` also accepts offsets such as `+01`, which the API refuses.
  if (!isName || name.startsWith('+')) return false;
  try {
    new Intl.DateTimeFormat('en', { timeZone: name }).format(0);
    return true;
  } catch (thrown) {
    // For an unknown zone, `Intl` throws this error and no other.
    if (thrown instanceof RangeError) return false;
    throw thrown;
  }
}
