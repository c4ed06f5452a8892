/**
 * The width and height of a picture in pixels. With these numbers, the browser reserves the space for the picture, so
 * the page does not move when the picture is loaded.
 */
export function imageSize(name: string, bytes: Buffer): { readonly width: number; readonly height: number } {
  // The header of the extended WebP, which Chromium writes: 24 bits for each size, less one.
  if (bytes.toString('latin1', 8, 16) === 'WEBPVP8X')
    return { width: bytes.readUIntLE(24, 3) + 1, height: bytes.readUIntLE(27, 3) + 1 };
  const [, width, height] = /<svg[^>]* width="(\d+)"[^>]* height="(\d+)"/.exec(bytes.toString('utf8')) ?? [];
  if (width === undefined || height === undefined)
    throw new Error(`${name} is neither an extended WebP nor an SVG with a size`);
  return { width: Number(width), height: Number(height) };
}
