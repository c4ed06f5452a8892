/** A parser with a bug behind several nested conditions. The tests check that the fuzzer finds the bug. */
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
