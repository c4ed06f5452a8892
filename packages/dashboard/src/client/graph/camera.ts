import type { Layout, Point } from './layout.ts';

/** The part of a picture that a frame shows. */
export interface Camera {
  readonly x: number;
  readonly y: number;
  /** Pixels of the screen for each unit of the picture. */
  readonly scale: number;
}

/** A size on the screen, in pixels. */
export interface FrameSize {
  readonly width: number;
  readonly height: number;
}

const MIN_SCALE = 0.08;
const MAX_SCALE = 2.5;
/**
 * The limits of the scale at which a whole graph is shown, so that its texts are neither enlarged nor too small to
 * read.
 */
const MAX_FIT_SCALE = 1;
const MIN_FIT_SCALE = 0.5;
/**
 * The minimum scale at which a whole graph is shown in a narrow frame. Its texts may be too small to read there,
 * because the list of nodes shows the same texts.
 */
const MIN_NARROW_FIT_SCALE = 0.34;
const NARROW_FRAME_WIDTH = 480;

const clamp = (value: number, low: number, high: number): number => Math.min(high, Math.max(low, value));

/**
 * Shows the whole picture in the middle. A very large picture is shown from its start, so that its texts stay readable.
 */
export function fitCamera(layout: Pick<Layout, 'width' | 'height'>, frame: FrameSize): Camera {
  const whole = Math.min(frame.width / Math.max(1, layout.width), frame.height / Math.max(1, layout.height));
  const lowest = frame.width < NARROW_FRAME_WIDTH ? MIN_NARROW_FIT_SCALE : MIN_FIT_SCALE;
  const scale = clamp(whole, lowest, MAX_FIT_SCALE);
  const offset = (size: number, shown: number): number => (size * scale > shown ? 0 : (size - shown / scale) / 2);
  return { x: offset(layout.width, frame.width), y: offset(layout.height, frame.height), scale };
}

/** Zooms. The point of the picture at `at`, in pixels of the frame, does not move. */
export function zoomCamera(camera: Camera, factor: number, at: Point): Camera {
  const scale = clamp(camera.scale * factor, MIN_SCALE, MAX_SCALE);
  return {
    x: camera.x + at.x / camera.scale - at.x / scale,
    y: camera.y + at.y / camera.scale - at.y / scale,
    scale,
  };
}

/** Moves the picture by a distance on the screen. */
export function panCamera(camera: Camera, dx: number, dy: number): Camera {
  return { ...camera, x: camera.x - dx / camera.scale, y: camera.y - dy / camera.scale };
}

/** Moves as little as possible to show a rectangle of the picture. */
export function revealCamera(
  camera: Camera,
  frame: FrameSize,
  box: Point & { readonly width: number; readonly height: number },
): Camera {
  const margin = 24;
  const shift = (start: number, size: number, from: number, shown: number): number => {
    if (start - margin < from) return start - margin;
    return start + size + margin > from + shown ? start + size + margin - shown : from;
  };
  return {
    ...camera,
    x: shift(box.x, box.width, camera.x, frame.width / camera.scale),
    y: shift(box.y, box.height, camera.y, frame.height / camera.scale),
  };
}

/** The camera as the `viewBox` of an SVG. */
export function viewBoxOf({ x, y, scale }: Camera, frame: FrameSize): string {
  return [x, y, frame.width / scale, frame.height / scale].map((value) => Math.round(value * 100) / 100).join(' ');
}
