/**
 * Texts in headers. Go and the clients of Kubernetes write and read headers as UTF-8. Node reads and writes each byte
 * of a header as one character (Latin-1).
 */

/** The form of a text in which Node writes its UTF-8 bytes. Line breaks become spaces. */
export const toHeader = (text: string): string => Buffer.from(text.replaceAll(/[\r\n\0]/g, ' ')).toString('latin1');

/** The text of a header that Node has read. A text that no socket can carry stays as it is. */
export const fromHeader = (header: string): string =>
  /^[\0-\u{7F}]*$|[^\0-\u{FF}]/u.test(header) ? header : Buffer.from(header, 'latin1').toString('utf8');
