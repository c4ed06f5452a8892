/**
 * The width and height of a picture in pixels. With these numbers, the browser reserves the space for the picture, so
 * the page does not move when the picture is loaded.
 */
export function imageSize(name: string, bytes: Buffer): { readonly width: number; readonly height: number } {
  if (name.endsWith('.png')) return { width: bytes.readUInt32BE(16), height: bytes.readUInt32BE(20) };
  const [, width, height] = /<svg[^>]* width="(\d+)"[^>]* height="(\d+)"/.exec(bytes.toString('utf8')) ?? [];
  if (width === undefined || height === undefined) throw new Error(`${name} is neither a PNG nor an SVG with a size`);
  return { width: Number(width), height: Number(height) };
}
