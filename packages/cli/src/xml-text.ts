const ENTITIES: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&apos;',
};

/**
 * Escapes a string for an XML attribute. Control characters that XML does not allow become `?`, and line breaks and
 * tabs become spaces.
 */
export function xmlText(text: string): string {
  return (
    text
      .replaceAll(/[&<>"']/g, (character) => ENTITIES[character] ?? character)
      // oxlint-disable-next-line no-control-regex -- XML 1.0 allows none of these
      .replaceAll(/[\u0000-\u0008\u000b\u000c\u000e-\u001f\ufffe\uffff]/g, '?')
      .replaceAll(/[\n\r\t]/g, ' ')
  );
}
