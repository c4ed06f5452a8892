/** A parser whose mistake is behind several conditions. It tests the search. */
export function parseToy(text: string): string {
  if (text.charAt(0) === 'k') {
    if (text.charAt(1) === '8') {
      if (text.charAt(2) === 's') {
        if (text.charAt(3) === '!') throw new Error('the toy broke');
        return 'name';
      }
      return 'number';
    }
    return 'letter';
  }
  return 'text';
}
