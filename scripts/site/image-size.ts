/**
 * The width and height of a picture in pixels. With these numbers, the browser reserves the space for the picture, so
 * the page does not move when the picture is loaded.
 */
export function imageSize(name: string, bytes: Buffer): { readonly width: number; readonly height: number } {
  // The header of a lossy WebP, which Chromium writes for pages without transparency: 14 bits for each size.
  if (bytes.toString('latin1', 8, 16) === 'WEBPVP8 ')
    return { width: bytes.readUInt16LE(26) & 0x3fff, height: bytes.readUInt16LE(28) & 0x3fff };
  const [, width, height] = /<svg[^>]* width="(\d+)"[^>]* height="(\d+)"/.exec(bytes.toString('utf8')) ?? [];
  if (width === undefined || height === undefined)
    throw new Error(`${name} is neither a lossy WebP nor an SVG with a size`);
  return { width: Number(width), height: Number(height) };
}
