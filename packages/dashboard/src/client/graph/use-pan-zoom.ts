import type { RefObject } from 'preact';
import { useEffect, useLayoutEffect, useRef, useState } from 'preact/hooks';
import type { Camera, FrameSize } from './camera.ts';
import { fitCamera, MIN_SCALE, panCamera, revealCamera, viewBoxOf, zoomCamera } from './camera.ts';
import type { Layout } from './layout.ts';
import type { Box } from './picture.ts';

/** The minimum movement of the pointer, in pixels, that makes a press a drag. */
const MIN_DRAG = 4;

/** Pan and zoom of a picture in a frame. */
export interface PanZoom {
  readonly viewBox: string;
  readonly fit: () => void;
  readonly zoom: (factor: number) => void;
  readonly reveal: (box: Box | undefined) => void;
  readonly onPointerDown: (event: PointerEvent) => void;
  /** Did the last press move the picture? If so, the press is not a click. */
  readonly wasDragged: () => boolean;
}

/** The size of a frame on the screen. */
export function useFrameSize(frame: RefObject<HTMLElement | null>): FrameSize {
  const [size, setSize] = useState<FrameSize>({ width: 800, height: 500 });
  useLayoutEffect(() => {
    const element = frame.current;
    if (element === null) return;
    const measure = (): void => setSize({ width: element.clientWidth || 800, height: element.clientHeight || 500 });
    measure();
    const observer = new ResizeObserver(measure);
    observer.observe(element);
    return () => observer.disconnect();
  }, []);
  return size;
}

/**
 * Moves a picture by drags and by the wheel. Until the user moves or zooms the picture, each new layout is shown from
 * its start, with the selected box. After a move or zoom, a new layout keeps the user's position until the frame gets
 * another width, for example when a panel opens.
 */
export function usePanZoom(
  frame: RefObject<HTMLElement | null>,
  size: FrameSize,
  layout: Layout | undefined,
  selected: Box | undefined,
): PanZoom {
  const [moved, setMoved] = useState<{ readonly camera: Camera; readonly width: number } | undefined>(undefined);
  const dragged = useRef(false);
  const latest = useRef<Camera>({ x: 0, y: 0, scale: 1 });
  const reveal = (from: Camera, box: Box | undefined): Camera => {
    const position = box && layout?.boxes.get(box.id);
    return box === undefined || position === undefined ? from : revealCamera(from, size, { ...position, ...box });
  };
  const setCamera = (camera: Camera): void => setMoved({ camera, width: latestSize.current.width });
  const latestSize = useRef(size);
  latestSize.current = size;
  if (moved?.width === size.width) latest.current = moved.camera;
  else if (layout !== undefined) latest.current = reveal(fitCamera(layout, size), selected);

  useEffect(() => {
    const element = frame.current;
    if (element === null) return;
    const onWheel = (event: WheelEvent): void => {
      event.preventDefault();
      const bounds = element.getBoundingClientRect();
      const at = { x: event.clientX - bounds.left, y: event.clientY - bounds.top };
      // The browser reports a pinch gesture on a touchpad as a wheel event with `ctrlKey`.
      const isZoom = event.ctrlKey || event.metaKey;
      setCamera(
        isZoom
          ? zoomCamera(latest.current, Math.exp(-event.deltaY / 200), at)
          : panCamera(latest.current, -event.deltaX, -event.deltaY),
      );
    };
    element.addEventListener('wheel', onWheel, { passive: false });
    return () => element.removeEventListener('wheel', onWheel);
  }, []);

  return {
    viewBox: viewBoxOf(latest.current, size),
    fit: () => layout !== undefined && setCamera(fitCamera(layout, size, MIN_SCALE)),
    zoom: (factor) => setCamera(zoomCamera(latest.current, factor, { x: size.width / 2, y: size.height / 2 })),
    reveal: (box) => setCamera(reveal(latest.current, box)),
    onPointerDown(event) {
      dragged.current = false;
      if (event.button !== 0) return;
      const start = { x: event.clientX, y: event.clientY };
      let last = start;
      const move = (next: PointerEvent): void => {
        if (Math.hypot(next.clientX - start.x, next.clientY - start.y) < MIN_DRAG && !dragged.current) return;
        dragged.current = true;
        setCamera(panCamera(latest.current, next.clientX - last.x, next.clientY - last.y));
        last = { x: next.clientX, y: next.clientY };
      };
      const end = (): void => {
        removeEventListener('pointermove', move);
        removeEventListener('pointerup', end);
        removeEventListener('pointercancel', end);
      };
      addEventListener('pointermove', move);
      addEventListener('pointerup', end);
      addEventListener('pointercancel', end);
    },
    wasDragged: () => dragged.current,
  };
}
