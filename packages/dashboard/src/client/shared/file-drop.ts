import { signal } from '@preact/signals';
import { useEffect, useRef } from 'preact/hooks';

type TakeFiles = (files: readonly File[]) => void;

/** The function of the current view that takes dropped files. Absent: the view has no use for files. */
let take: TakeFiles | undefined;

/** Is a file dragged over a view that takes files? */
export const isFileOver = signal(false);

/** Takes files that the user drops anywhere on the page, while a component is shown. */
export function useFileDrop(takeFiles: TakeFiles): void {
  const latest = useRef(takeFiles);
  latest.current = takeFiles;
  useEffect(() => {
    const own: TakeFiles = (files) => latest.current(files);
    take = own;
    return () => {
      if (take === own) take = undefined;
      isFileOver.value = false;
    };
  }, []);
}

/**
 * Passes dropped files to the current view. Without this function, a browser opens a dropped file in place of the page.
 * Does nothing when a file is dropped on an editor, because an editor inserts the file itself.
 */
export function listenToDrops(target: Window): void {
  const ours = (event: DragEvent): boolean => {
    const [inner] = event.composedPath();
    if (event.dataTransfer?.types.includes('Files') !== true || event.defaultPrevented) return false;
    if (inner instanceof Element && inner.closest('[contenteditable]') !== null) return false;
    event.preventDefault();
    return true;
  };
  target.addEventListener('dragover', (event) => {
    if (!ours(event) || event.dataTransfer === null) return;
    event.dataTransfer.dropEffect = take === undefined ? 'none' : 'copy';
    isFileOver.value = take !== undefined;
  });
  target.addEventListener('dragleave', (event) => {
    // The pointer left the window.
    if (event.relatedTarget === null) isFileOver.value = false;
  });
  target.addEventListener('drop', (event) => {
    isFileOver.value = false;
    if (ours(event)) take?.([...(event.dataTransfer?.files ?? [])]);
  });
}
