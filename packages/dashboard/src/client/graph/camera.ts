import type { GraphShape, Layout, LayoutInput, Point } from './layout.ts';
import { BOX_HEIGHT, BOX_WIDTH } from './picture.ts';

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

export const MIN_SCALE = 0.08;
const MAX_SCALE = 2.5;
/**
 * The limits of the scale at which a graph is shown at first, so that its texts are neither enlarged nor too small to
 * read.
 */
const MAX_FIT_SCALE = 1;
export const MIN_FIT_SCALE = 0.75;

const clamp = (value: number, low: number, high: number): number => Math.min(high, Math.max(low, value));

/**
 * Shows the whole picture in the middle. A picture that needs less than the scale `lowest` is shown from its start, so
 * that its texts stay readable.
 */
export function fitCamera(
  layout: Pick<Layout, 'width' | 'height'>,
  frame: FrameSize,
  lowest: number = MIN_FIT_SCALE,
): Camera {
  const whole = Math.min(frame.width / Math.max(1, layout.width), frame.height / Math.max(1, layout.height));
  const scale = clamp(whole, lowest, MAX_FIT_SCALE);
  const offset = (size: number, shown: number): number => (size * scale > shown ? 0 : (size - shown / scale) / 2);
  return { x: offset(layout.width, frame.width), y: offset(layout.height, frame.height), scale };
}

/**
 * How a graph is drawn in a frame: from left to right if its texts are readable then, or not smaller than from top to
 * bottom.
 */
export function placementIn(
  frame: FrameSize,
  { levels, breadth }: GraphShape,
): Pick<LayoutInput, 'direction' | 'columns'> {
  const scale = (across: number, down: number): number =>
    Math.min(frame.width / (across * BOX_WIDTH * 1.3), frame.height / (down * BOX_HEIGHT * 1.6));
  return {
    direction: scale(levels, breadth) >= Math.min(MIN_FIT_SCALE, scale(breadth, levels)) ? 'LR' : 'TB',
    columns: Math.max(1, Math.floor((frame.width / MIN_FIT_SCALE - 20) / (BOX_WIDTH * 1.13))),
  };
}

/** Zooms. The point of the picture at `at`, in pixels of the frame, does not move. */
export function zoomCamera(camera: Camera, factor: number, at: Point): Camera {
  const scale = clamp(camera.scale * factor, MIN_SCALE, MAX_SCALE);
  return { x: camera.x + at.x / camera.scale - at.x / scale, y: camera.y + at.y / camera.scale - at.y / scale, scale };
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
