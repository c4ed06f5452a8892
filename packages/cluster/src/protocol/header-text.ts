/**
 * Converts header values. Go and Kubernetes clients encode headers as UTF-8, but Node reads and writes each byte of a
 * header as one character (Latin-1).
 */

/** Converts a string so that Node sends its UTF-8 bytes in a header. Line breaks become spaces. */
export const toHeader = (text: string): string => Buffer.from(text.replaceAll(/[\r\n\0]/g, ' ')).toString('latin1');

/** Decodes a header value that Node has read. A value that cannot come from a socket is returned unchanged. */
export const fromHeader = (header: string): string =>
  /^[\0-\u{7F}]*$|[^\0-\u{FF}]/u.test(header) ? header : Buffer.from(header, 'latin1').toString('utf8');
